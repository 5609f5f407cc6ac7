"""Optimisers of textbooks: every right way to keep a velocity conforms, and a wrong step is judged, not left out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conformance.implementation import CallError, Implementation, from_namespace
from conformance.judge import judge_requirement
from conformance.outcome import CONFORMS, FAILS
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}
QUICK = Plan("quick")


class Adam:
    """Keeps its averages rightly; ``move`` is what a subclass makes of them."""

    def __init__(self, lr: float, beta1: float, beta2: float) -> None:
        self.lr, self.beta1, self.beta2 = lr, beta1, beta2
        self.iter, self.m, self.v = 0, dict[str, Any](), dict[str, Any]()

    def update(self, params: Any, grads: Any) -> None:
        self.iter += 1
        for key in params:
            self.m[key] = self.beta1 * self.m[key] + (1 - self.beta1) * grads[key]
            self.v[key] = self.beta2 * self.v[key] + (1 - self.beta2) * grads[key] ** 2
            m = self.m[key] / (1 - self.beta1**self.iter)
            v = self.v[key] / (1 - self.beta2**self.iter)
            params[key] += self.move(m, v)

    def move(self, m: Any, v: Any) -> Any:
        return -self.lr * m / (np.sqrt(v) + 1e-7)


class ClimbingAdam(Adam):
    def move(self, m: Any, v: Any) -> Any:
        return self.lr * m / (np.sqrt(v) + 1e-7)


class RestingAdam(Adam):
    def move(self, m: Any, v: Any) -> Any:
        return 0 * (m + v)


class RootlessAdam(Adam):
    def move(self, m: Any, v: Any) -> Any:
        return -self.lr * m / (v + 1e-8)


class LostAdam(Adam):
    def move(self, m: Any, v: Any) -> Any:
        return np.nan * (m + v)


class BoundlessAdam(Adam):
    def move(self, m: Any, v: Any) -> Any:
        return -np.inf * np.sign(m) * v


def only(**classes: type) -> Implementation:
    return from_namespace("mine", SimpleNamespace(**classes))


@pytest.mark.no_cover
@pytest.mark.parametrize("wrong", [ClimbingAdam, RestingAdam, RootlessAdam, LostAdam, BoundlessAdam])
def test_an_adam_that_shows_no_eps_is_judged_as_it_is(wrong: type) -> None:
    result = judge_requirement(only(Adam=wrong), BY_ID["adam_update.values"], QUICK)
    assert result.status == FAILS
    assert {case.dtype for case in result.wrong} == {"float32", "float64"}


def test_an_adam_that_shows_its_eps_conforms_where_that_can_stand_for_another() -> None:
    result = judge_requirement(only(Adam=Adam), BY_ID["adam_update.values"], QUICK)
    assert result.status == CONFORMS
    # The quick profile has each of the two types in about half of its cases.
    assert min(result.cases, result.not_supported) >= 10


class Momentum:
    """What the constructor and the state of all of them are like."""

    def __init__(self, lr: float, momentum: float) -> None:
        self.lr, self.momentum, self.v = lr, momentum, dict[str, Any]()

    def update(self, params: Any, grads: Any) -> None:
        for key in params:
            self.v[key], params[key] = self.moved(self.v[key], params[key], grads[key])

    def moved(self, v: Any, param: Any, grad: Any) -> tuple[Any, Any]:
        raise NotImplementedError


class StepKept(Momentum):
    def moved(self, v: Any, param: Any, grad: Any) -> tuple[Any, Any]:
        v = self.momentum * v - self.lr * grad
        return v, param + v


class StepSubtracted(Momentum):
    def moved(self, v: Any, param: Any, grad: Any) -> tuple[Any, Any]:
        v = self.momentum * v + self.lr * grad
        return v, param - v


class Downhill(Momentum):
    def moved(self, v: Any, param: Any, grad: Any) -> tuple[Any, Any]:
        v = self.momentum * v - grad
        return v, param + self.lr * v


class OfTheContract(Momentum):
    def moved(self, v: Any, param: Any, grad: Any) -> tuple[Any, Any]:
        v = self.momentum * v + grad
        return v, param - self.lr * v


class StepsApart(Momentum):
    """The step has lr in it, the v that the next one starts from has not."""

    def moved(self, v: Any, param: Any, grad: Any) -> tuple[Any, Any]:
        return self.momentum * v - grad, param + self.momentum * v - self.lr * grad


class TwiceLr(Momentum):
    """Right in its first step, and in every one with an lr of 1."""

    def moved(self, v: Any, param: Any, grad: Any) -> tuple[Any, Any]:
        return self.momentum * v - self.lr**2 * grad, param + self.momentum * v - self.lr * grad


class Added(Momentum):
    """The sign of the step is wrong for the v that is kept."""

    def moved(self, v: Any, param: Any, grad: Any) -> tuple[Any, Any]:
        v = self.momentum * v + self.lr * grad
        return v, param + v


@pytest.mark.parametrize("right", [StepKept, StepSubtracted, Downhill, OfTheContract])
def test_a_velocity_may_have_the_learning_rate_in_it_and_point_either_way(right: type) -> None:
    mine = only(Momentum=right)
    param, velocity = mine.call(
        "momentum_update", (np.ones(2), np.ones(2), np.full(2, 2.0)), {"lr": 0.5, "momentum": 0.25}
    )
    # The velocity is 0.25 · 2 + 1, and half of it the step.
    assert (param.tolist(), velocity.tolist()) == ([0.25, 0.25], [1.5, 1.5])
    for id_ in ("momentum_update.values", "momentum_update.several_steps"):
        result = judge_requirement(mine, BY_ID[id_], QUICK)
        assert result.status == CONFORMS


@pytest.mark.parametrize("wrong", [StepsApart, TwiceLr, Added])
def test_a_velocity_that_does_not_fit_its_steps_is_a_failure(wrong: type) -> None:
    result = judge_requirement(only(Momentum=wrong), BY_ID["momentum_update.values"], QUICK)
    assert result.status == FAILS
    assert result.failed >= result.cases / 2


def test_a_velocity_that_does_not_follow_the_learning_rate_is_said_with_its_numbers() -> None:
    given = np.array([0.0, 4.0]), np.array([0.0, 2.0]), np.array([0.0, 1.0])
    with pytest.raises(CallError) as raised:
        only(Momentum=TwiceLr).call("momentum_update", given, {"lr": 0.5, "momentum": 0.5})
    # -0.5 · 0.5 - 0.25 · 2 with lr, and half of -0.5 - 2 as it ought to be.
    assert str(raised.value) == (
        "raised ValueError: TwiceLr: v after a step with lr=0.5 must be 0.5 times what it is with lr=1, that is -1.25, "
        "got -0.75"
    )
