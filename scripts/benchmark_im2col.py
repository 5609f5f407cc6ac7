"""Three ways to one convolution: loops, one big matrix of columns, and blocks. The same sums, another order.

All compute y[n, f, oh, ow] = bias[f] + Σ weight[f, c, kh, kw] · x[n, c, oh + kh, ow + kw] over c, kh and kw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from benchmark_memory import extra_memory
from benchmark_timing import interleave
from numpy.typing import NDArray

import refcnn

Array = NDArray[Any]
Way = Callable[[Array, Array, Array], Array]

LOOPS, MATRIX, BLOCKS = "loops", "one matrix", "blocks"


def by_loops(x: Array, weight: Array, bias: Array) -> Array:
    """Visit each output in Python loops, and sum the products of its window and its filter: the definition."""
    (N, _, H, W), (F, _, KH, KW) = x.shape, weight.shape
    y = np.empty((N, F, H - KH + 1, W - KW + 1), x.dtype)
    for n, f, oh, ow in np.ndindex(y.shape):
        y[n, f, oh, ow] = np.sum(x[n, :, oh : oh + KH, ow : ow + KW] * weight[f]) + bias[f]
    return y


def by_one_matrix(x: Array, weight: Array, bias: Array) -> Array:
    """Copy all windows of the batch into one matrix, KH·KW times the images, and multiply once."""
    (N, _, H, W), (F, _, KH, KW) = x.shape, weight.shape
    rows = refcnn.im2col(x, (KH, KW)) @ weight.reshape(F, -1).T + bias
    # (N, OH, OW, F) to (N, F, OH, OW), written in that order, as the other ways do
    return np.ascontiguousarray(rows.reshape(N, H - KH + 1, W - KW + 1, F).transpose(0, 3, 1, 2))


def by_blocks(x: Array, weight: Array, bias: Array) -> Array:
    """Do the same for as many images or rows at a time as fit into a small matrix: what `refcnn.conv2d` does."""
    return refcnn.conv2d(x, weight, bias)


WAYS: dict[str, Way] = {LOOPS: by_loops, MATRIX: by_one_matrix, BLOCKS: by_blocks}


LABELS = {
    LOOPS: "loops over the outputs",
    MATRIX: "one matrix (im2col, then one product)",
    BLOCKS: "blocks (refcnn.conv2d)",
}


@dataclass(frozen=True)
class Trade:
    """What one way costs on one batch: seconds, and bytes beyond images, filters and results."""

    way: str
    batch: int
    seconds: float
    memory: int


def measure_trade(
    image: tuple[int, int, int],
    weight_shape: tuple[int, int, int, int],
    batches: list[int],
    *,
    loops_up_to: int,
    rounds: int | None,
    seconds: float,
) -> list[Trade]:
    """Measure all ways on all batches, but the loops on small ones alone."""
    rng = np.random.default_rng(0)
    weight = rng.standard_normal(weight_shape, np.float32)
    bias = rng.standard_normal(weight_shape[0], np.float32)
    trades = []
    for batch in batches:
        x = rng.standard_normal((batch, *image), np.float32)
        ways = {name: way for name, way in WAYS.items() if name != LOOPS or batch <= loops_up_to}
        works = {name: _bind(way, x, weight, bias) for name, way in ways.items()}
        times = interleave(works, rounds=rounds, seconds=seconds)
        trades += [Trade(name, batch, times.minimum(name), extra_memory(work)) for name, work in works.items()]
    return trades


def _bind(way: Way, *arrays: Array) -> Callable[[], Array]:
    return lambda: way(*arrays)
