"""Optimisers: their steps are those of the contract's functions, with state, decay and schedule in their places."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import refcnn
from refcnn.layers import BatchNorm, Linear
from refcnn.layers.sequential import Sequential
from refcnn.training.optimiser import OPTIMISERS, Optimiser
from refcnn.training.schedule import schedule

Arrays = dict[str, NDArray[Any]]
NAMES = ["affine.weight", "affine.bias", "norm.gamma", "norm.beta"]


def network() -> Sequential:
    return Sequential(affine=Linear(3, 2, rng=0), norm=BatchNorm(2)).astype(np.float64)


def learn(net: Sequential, batch: int) -> Arrays:
    """Leave gradients behind, other ones for each batch; return them."""
    rng = np.random.default_rng(batch)
    net.forward(rng.standard_normal((5, 3)), training=True)
    net.backward(rng.standard_normal((5, 2)))
    return dict(net.gradients)


def test_steps_of_sgd_are_those_of_sgd_update() -> None:
    net, optimiser = network(), Optimiser("sgd", lr=0.25)
    want = dict(net.parameters)
    for batch in range(3):
        gradients = learn(net, batch)
        want = {name: refcnn.sgd_update(want[name], gradients[name], lr=0.25) for name in NAMES}
        optimiser.update(net)
        for name in NAMES:
            assert_array_equal(net.parameters[name], want[name], name, strict=True)
    assert optimiser.state == {}


def test_steps_of_momentum_are_those_of_momentum_update() -> None:
    net, optimiser = network(), Optimiser("momentum", lr=0.25, momentum=0.5)
    want, velocity = dict(net.parameters), {name: np.zeros_like(array) for name, array in net.parameters.items()}
    for batch in range(3):
        gradients = learn(net, batch)
        for name in NAMES:
            want[name], velocity[name] = refcnn.momentum_update(
                want[name], gradients[name], velocity[name], lr=0.25, momentum=0.5
            )
        optimiser.update(net)
        for name in NAMES:
            assert_array_equal(net.parameters[name], want[name], name, strict=True)
            assert_array_equal(optimiser.state[f"{name}.velocity"], velocity[name], name, strict=True)


def test_steps_of_adam_are_those_of_adam_update() -> None:
    settings = {"beta1": 0.5, "beta2": 0.75, "eps": 0.125}
    net, optimiser = network(), Optimiser("adam", lr=0.25, **settings)
    want = dict(net.parameters)
    m, v = ({name: np.zeros_like(array) for name, array in want.items()} for _ in range(2))
    for batch in range(3):
        gradients = learn(net, batch)
        for name in NAMES:
            want[name], m[name], v[name] = refcnn.adam_update(
                want[name], gradients[name], m[name], v[name], step=batch + 1, lr=0.25, **settings
            )
        optimiser.update(net)
        for name in NAMES:
            assert_array_equal(net.parameters[name], want[name], name, strict=True)
            assert_array_equal(optimiser.state[f"{name}.m"], m[name], name, strict=True)
            assert_array_equal(optimiser.state[f"{name}.v"], v[name], name, strict=True)


def test_the_defaults_are_the_usual_ones() -> None:
    assert Optimiser("momentum", lr=1.0).settings == {"momentum": 0.9}
    assert Optimiser("adam", lr=1.0).settings == {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_weight_decay_shrinks_weights_alone_and_leaves_the_state_alone(name: str) -> None:
    plain, decayed = network(), network()
    start = plain.parameters["affine.weight"]
    one, other = Optimiser(name, lr=0.25), Optimiser(name, lr=0.25, weight_decay=0.5)
    for net, optimiser in ((plain, one), (decayed, other)):
        learn(net, 0)
        optimiser.update(net)
    shrunk = plain.parameters["affine.weight"] - 0.25 * 0.5 * start
    np.testing.assert_allclose(decayed.parameters["affine.weight"], shrunk, rtol=0, atol=1e-15)
    assert not np.array_equal(plain.parameters["affine.weight"], decayed.parameters["affine.weight"])
    for unshrunk in NAMES[1:]:
        assert_array_equal(decayed.parameters[unshrunk], plain.parameters[unshrunk], unshrunk)
    assert one.state.keys() == other.state.keys()
    for key, array in one.state.items():
        assert_array_equal(other.state[key], array, key)


def test_the_schedule_is_asked_for_every_step_from_0_on() -> None:
    asked: list[int] = []

    def lr(step: int) -> float:
        asked.append(step)
        return 0.5 ** (step + 1)

    net = Linear(1, 1, bias=False, init=1.0, rng=0).astype(np.float64)
    net.load({"weight": np.array([[4.0]])})
    optimiser = Optimiser("sgd", lr=lr)
    values = []
    for _ in range(3):
        net.forward(np.array([[1.0]]))
        net.backward(np.array([[8.0]]))
        optimiser.update(net)
        values.append(net.parameters["weight"].item())
    assert (values, asked, optimiser.step) == ([0.0, -2.0, -3.0], [0, 1, 2], 3)


def test_a_named_schedule_fits() -> None:
    optimiser = Optimiser("sgd", lr=schedule("step", lr=0.5, steps=4, step_size=2, gamma=0.5))
    assert [optimiser.lr(step) for step in range(4)] == [0.5, 0.5, 0.25, 0.25]


@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_operators_are_those_of_the_namespace(name: str) -> None:
    called: list[str] = []

    def note(function: str) -> Any:
        def update(*arguments: Any, **attributes: Any) -> Any:
            called.append(function)
            results = getattr(refcnn, function)(*arguments, **attributes)
            return results.tolist() if isinstance(results, np.ndarray) else [array.tolist() for array in results]

        return update

    functions = {function: note(function) for function in ("sgd_update", "momentum_update", "adam_update")}
    net = network()
    learn(net, 0)
    Optimiser(name, lr=0.25, ops=SimpleNamespace(**functions)).update(net)
    assert called == [f"{name}_update"] * 4
    assert all(isinstance(array, np.ndarray) for array in net.parameters.values())


@pytest.mark.parametrize(
    ("name", "settings", "error", "message"),
    [
        ("adagrad", {}, ValueError, "name must be one of sgd, momentum, adam, got 'adagrad'"),
        ("sgd", {"momentum": 0.5}, TypeError, r"settings must be among \[\] for 'sgd', got momentum"),
        ("adam", {"momentum": 0.5}, TypeError, r"among \['beta1', 'beta2', 'eps'\] for 'adam', got momentum"),
        ("adam", {"beta1": 1.0}, ValueError, r"beta1 must be in \[0, 1\), got 1.0"),
        ("momentum", {"momentum": "0.9"}, TypeError, "momentum must be a real number, got '0.9'"),
        ("sgd", {"lr": -0.1}, ValueError, "lr must be finite and at least 0, got -0.1"),
        ("sgd", {"lr": float("nan")}, ValueError, "lr must be finite and at least 0, got nan"),
        ("sgd", {"lr": "fast"}, TypeError, "lr must be a real number, got 'fast'"),
        ("sgd", {"weight_decay": -1.0}, ValueError, "weight_decay must be finite and at least 0, got -1.0"),
        ("sgd", {"weight_decay": float("inf")}, ValueError, "weight_decay must be finite and at least 0, got inf"),
    ],
)
def test_what_makes_no_optimiser_is_refused(
    name: str, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^Optimiser: .*{message}"):
        Optimiser(name, **{"lr": 0.5, **settings})


@pytest.mark.parametrize("name", OPTIMISERS)
def test_another_goes_on_from_the_state_of_one(name: str) -> None:
    net, optimiser = network(), Optimiser(name, lr=0.25)
    learn(net, 0)
    optimiser.update(net)
    twin, other = network(), Optimiser(name, lr=0.25)
    twin.load(net.parameters, net.statistics)
    other.load(optimiser.step, optimiser.state, twin)
    for each, its in ((net, optimiser), (twin, other)):
        learn(each, 1)
        its.update(each)
    for key in NAMES:
        assert_array_equal(twin.parameters[key], net.parameters[key], key, strict=True)
    assert optimiser.step == other.step == 2


def adam_state() -> Arrays:
    net, optimiser = network(), Optimiser("adam", lr=0.25)
    learn(net, 0)
    optimiser.update(net)
    return optimiser.state


@pytest.mark.parametrize(
    ("step", "state", "message"),
    [
        (1, {}, r"state must be adam after 1 steps: \['affine.bias.m', .*, got \[\]"),
        (0, adam_state(), r"state must be adam after 0 steps: \[\], got \['affine.bias.m'"),
        (1, adam_state() | {"affine.weight.velocity": np.zeros((2, 3))}, "affine.weight.velocity"),
        (1, adam_state() | {"affine.weight.m": np.zeros((3, 2))}, r"affine.weight.m must be of shape \(2, 3\), .*3, 2"),
        (-1, {}, "step must be at least 0, got -1"),
    ],
)
def test_a_state_of_something_else_is_refused_and_changes_nothing(step: int, state: Arrays, message: str) -> None:
    optimiser = Optimiser("adam", lr=0.25)
    with pytest.raises(ValueError, match=message):
        optimiser.load(step, state, network())
    assert (optimiser.step, optimiser.state) == (0, {})


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_batch_of_float64_does_not_make_the_network_one(name: str) -> None:
    net, optimiser = Linear(3, 2, rng=0), Optimiser(name, lr=0.1)
    for _ in range(2):
        net.forward(np.ones((4, 3)))
        net.backward(np.ones((4, 2)))
        optimiser.update(net)
    assert {array.dtype for array in (*net.parameters.values(), *optimiser.state.values())} == {np.dtype(np.float32)}


def test_an_update_before_a_backward_is_refused() -> None:
    with pytest.raises(RuntimeError, match="update must follow a backward, got no gradients"):
        Optimiser("sgd", lr=0.1).update(Linear(3, 2, rng=0))
