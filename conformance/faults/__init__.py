"""The catalogue of faults: wrong implementations that the suite is known to reject, and by which it names mistakes."""

from __future__ import annotations

from itertools import chain
from types import ModuleType

from conformance.faults import (
    activation,
    adam,
    avg_pool,
    batch_norm,
    columns,
    conv_backward,
    conv_corners,
    conv_forward,
    conv_transpose,
    dropout,
    global_avg_pool,
    linear,
    local_response_norm,
    loss,
    max_pool,
    max_pool_backward,
    max_pool_ties,
    optim,
    pools,
    pools_backward,
    purity,
    refusals,
    refusals_windows,
    softmax,
)
from conformance.faults.fault import Fault, fault
from conformance.faults.history import HISTORY, Episode

__all__ = ["CATALOGUE", "HISTORY", "Episode", "Fault", "fault"]


def _faults_of(module: ModuleType) -> tuple[Fault, ...]:
    made = (value for value in vars(module).values() if isinstance(value, tuple))
    return tuple(each for each in chain.from_iterable(made) if isinstance(each, Fault))


CATALOGUE: tuple[Fault, ...] = tuple(
    chain.from_iterable(
        _faults_of(module)
        for module in (
            columns,
            conv_forward,
            conv_backward,
            conv_corners,
            conv_transpose,
            pools,
            pools_backward,
            max_pool,
            max_pool_backward,
            max_pool_ties,
            avg_pool,
            global_avg_pool,
            linear,
            activation,
            softmax,
            loss,
            batch_norm,
            local_response_norm,
            dropout,
            optim,
            adam,
            purity,
            refusals,
            refusals_windows,
        )
    )
)
