"""The loop of training: what is seen, what is remembered, and that a run can be repeated, stopped and continued."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import refcnn
from refcnn.layers import BatchNorm, Dropout, Linear, ReLU
from refcnn.layers.sequential import Sequential
from refcnn.training.optimiser import Optimiser
from refcnn.training.trainer import Batch, DivergedError, Epoch, State, Trainer

Array = NDArray[Any]
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((23, 4)).astype(np.float32), RNG.integers(3, size=23)
X_TEST, Y_TEST = RNG.standard_normal((9, 4)).astype(np.float32), RNG.integers(3, size=9)


def network() -> Sequential:
    return Sequential(
        affine1=Linear(4, 6, rng=0), norm=BatchNorm(6), relu=ReLU(), dropout=Dropout(0.5), affine2=Linear(6, 3, rng=1)
    )


def jitter(x: Array, rng: np.random.Generator) -> Array:
    return np.asarray(x + rng.standard_normal(x.shape), x.dtype)


def trainer(rng: np.random.Generator | int = 0, *, lr: float = 0.01, ops: Any = refcnn, **settings: Any) -> Trainer:
    settings = {"batch_size": 5, "augment": jitter, **settings}
    return Trainer(network().use(ops), Optimiser("adam", lr=lr, ops=ops), X, Y, X_TEST, Y_TEST, rng=rng, **settings)


def assert_same(one: State, other: State) -> None:
    for kind in ("parameters", "statistics", "optimiser"):
        mine, theirs = getattr(one, kind), getattr(other, kind)
        assert mine.keys() == theirs.keys()
        for name, array in mine.items():
            assert_array_equal(array, theirs[name], name, strict=True)
    assert (one.step, one.generator, one.history) == (other.step, other.generator, other.history)


def seen_by(run: Trainer) -> list[Array]:
    """Have every batch of training noted as it reaches the network."""
    batches: list[Array] = []

    def note(x: Array, _: np.random.Generator) -> Array:
        batches.append(x)
        return x

    run.augment = note
    return batches


@settings(max_examples=20)
@given(count=st.integers(2, 23), batch_size=st.integers(2, 30))
def test_an_epoch_shows_every_image_once_in_batches_of_the_size_asked_for(count: int, batch_size: int) -> None:
    numbered = np.arange(count, dtype=np.float32).reshape(count, 1)
    net = Sequential(affine=Linear(1, 3, rng=0))
    run = Trainer(net, Optimiser("sgd", lr=0.0), numbered, Y[:count], numbered, Y[:count], rng=0, batch_size=batch_size)
    batches = seen_by(run)
    list(run.epochs(1))
    sizes = [min(batch_size, count - first) for first in range(0, count, batch_size)]
    assert [len(batch) for batch in batches] == sizes
    assert run.steps_per_epoch == len(sizes) == run.optimiser.step
    assert sorted(np.concatenate(batches).ravel().tolist()) == list(range(count))


def test_every_epoch_has_an_order_of_its_own() -> None:
    run = trainer()
    batches = seen_by(run)
    list(run.epochs(2))
    first, second = np.concatenate(batches[:5]), np.concatenate(batches[5:])
    assert not np.array_equal(first, X)
    assert not np.array_equal(first, second)
    assert_array_equal(np.sort(first, axis=0), np.sort(second, axis=0))


def test_an_image_keeps_its_label() -> None:
    """The loss of a network that answers one-hot from the image itself is the same for right labels alone."""
    eye = np.eye(3, dtype=np.float32)[Y] * 50
    net = Sequential(affine=Linear(3, 3, rng=0))
    net.load({"affine.weight": np.eye(3, dtype=np.float32), "affine.bias": np.zeros(3, np.float32)})
    run = Trainer(net, Optimiser("sgd", lr=0.0), eye, Y, eye, Y, rng=0, batch_size=4)
    (epoch,) = run.epochs(1)
    assert epoch.loss < 1e-20
    assert (epoch.train_accuracy, epoch.test_accuracy) == (1.0, 1.0)


def test_the_loss_of_an_epoch_is_the_mean_over_its_images() -> None:
    run = Trainer(network(), Optimiser("sgd", lr=0.0), X, Y, X, Y, rng=0, batch_size=5)
    losses: list[float] = []
    (epoch,) = run.epochs(1, on_batch=lambda batch: losses.append(batch.loss))
    assert epoch.loss == pytest.approx(np.average(losses, weights=[5, 5, 5, 5, 3]), rel=1e-12)


def test_the_history_counts_epochs_and_holds_rates_and_accuracies() -> None:
    run = trainer()
    run.optimiser.lr = lambda step: 0.01 / (1 + step)
    epochs = list(run.epochs(2))
    assert run.history == tuple(epochs)
    assert [(epoch.epoch, epoch.lr) for epoch in epochs] == [(1, 0.01), (2, 0.01 / 6)]
    logits = run.network.forward(X_TEST)
    assert epochs[-1].test_accuracy == (logits.argmax(axis=1) == Y_TEST).mean()
    assert epochs[-1].train_accuracy == (run.network.forward(X).argmax(axis=1) == Y).mean()


def test_probabilities_are_the_softmax_of_all_logits() -> None:
    run = trainer(batch_size=4)
    want = refcnn.softmax(run.network.forward(X_TEST))
    np.testing.assert_allclose(run.probabilities(X_TEST), want, rtol=1e-6, atol=0)


def test_accuracies_can_be_those_on_the_first_images() -> None:
    run = trainer(evaluate_on=2)
    (epoch,) = run.epochs(1)
    assert epoch.train_accuracy == run.accuracy(X[:2], Y[:2])
    assert epoch.test_accuracy == run.accuracy(X_TEST[:2], Y_TEST[:2])
    assert {epoch.train_accuracy, epoch.test_accuracy} <= {0.0, 0.5, 1.0}


def test_evaluation_is_done_without_chance_and_teaches_nothing() -> None:
    run = trainer()
    before = run.state()
    assert run.accuracy(X, Y) == run.accuracy(X, Y)
    assert_same(run.state(), before)


def test_batches_are_heard_of() -> None:
    heard: list[Batch] = []
    (epoch,) = trainer().epochs(1, on_batch=heard.append)
    assert [(batch.epoch, batch.seen) for batch in heard] == [(1, 5), (1, 10), (1, 15), (1, 20), (1, 23)]
    assert all(math.isfinite(batch.loss) for batch in heard)
    assert epoch.epoch == 1


def test_the_target_ends_a_run_early() -> None:
    run = trainer()
    assert len(list(run.epochs(5, target=0.0))) == 1
    assert list(run.epochs(5, target=0.0)) == []
    assert len(list(run.epochs(3, target=1.0))) == 2
    assert list(run.epochs(3)) == []


def test_the_same_seed_repeats_a_run_bit_by_bit_and_another_does_not() -> None:
    one, same, other = trainer(7), trainer(7), trainer(8)
    for run in (one, same, other):
        list(run.epochs(2))
    assert_same(one.state(), same.state())
    assert one.history != other.history


def test_a_generator_is_used_and_a_seed_makes_one() -> None:
    one, same = trainer(7), trainer(np.random.default_rng(7))
    for run in (one, same):
        list(run.epochs(1))
    assert_same(one.state(), same.state())


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.SFC64])
def test_another_run_goes_on_from_a_state_bit_by_bit(bits: Callable[[int], np.random.BitGenerator]) -> None:
    whole, first, second = (trainer(np.random.Generator(bits(seed))) for seed in (7, 7, 9))
    list(whole.epochs(3))
    list(first.epochs(2))
    second.restore(first.state())
    assert len(list(second.epochs(3))) == 1
    for kind in ("parameters", "statistics", "optimiser"):
        for name, array in getattr(whole.state(), kind).items():
            assert_array_equal(getattr(second.state(), kind)[name], array, name, strict=True)
    assert second.history == whole.history


def test_a_state_is_not_changed_by_what_comes_after_even_if_operators_write_in_place() -> None:
    def adam_update(param: Array, grad: Array, m: Array, v: Array, **attributes: Any) -> Any:
        for array, new in zip((param, m, v), refcnn.adam_update(param, grad, m, v, **attributes), strict=True):
            array[...] = new
        return param, m, v

    names = {name: getattr(refcnn, name) for name in refcnn.__all__}
    run = trainer(ops=SimpleNamespace(**names | {"adam_update": adam_update}))
    list(run.epochs(1))
    before = run.state()
    kept = {name: array.copy() for name, array in before.parameters.items()}
    list(run.epochs(2))
    for name, array in kept.items():
        assert_array_equal(before.parameters[name], array, name)
        assert not np.array_equal(run.network.parameters[name], array)


def poisoned(run: Trainer, *, from_call: int, value: float) -> None:
    """Have the loss be a given number from one call on."""
    true, calls = run.loss.forward, iter(range(10**6))
    run.loss.forward = (  # type: ignore[method-assign]  # the loss is made to fail
        lambda logits, target: value if next(calls) >= from_call else true(logits, target)
    )


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_good_epoch(value: float) -> None:
    run, good = trainer(), trainer()
    list(good.epochs(1))
    poisoned(run, from_call=5 + 3, value=value)
    epochs = run.epochs(4)
    assert next(epochs) == good.history[0]
    message = f"^Trainer: loss must be finite, got {value} in epoch 2, batch 4 of 5; lr was 0.01$"
    with pytest.raises(DivergedError, match=message):
        next(epochs)
    assert_same(run.state(), good.state())


def test_a_real_divergence_is_found() -> None:
    run = trainer(lr=1e30)
    before = run.state()
    with pytest.raises(DivergedError, match=r"^Trainer: loss must be finite, got .* in epoch 1, batch [2-5] of 5"):
        list(run.epochs(2))
    assert_same(run.state(), before)


@pytest.mark.parametrize("kind", ["parameters", "statistics"])
def test_an_epoch_whose_last_step_breaks_the_network_is_not_a_good_one(kind: str) -> None:
    run = trainer()
    name = "affine2.bias" if kind == "parameters" else "norm.running_var"

    def break_it(batch: Batch) -> None:
        if batch.seen == len(X):
            arrays: dict[str, Array] = dict(getattr(run.network, kind))
            arrays[name] = np.full_like(arrays[name], np.inf)
            run.network.load(
                arrays if kind == "parameters" else run.network.parameters,
                arrays if kind == "statistics" else run.network.statistics,
            )

    before = run.state()
    with pytest.raises(DivergedError, match=f"^Trainer: {name} must be finite, got inf or nan after epoch 1$"):
        list(run.epochs(1, on_batch=break_it))
    assert_same(run.state(), before)


def test_whatever_interrupts_an_epoch_leaves_the_last_good_one() -> None:
    def interrupt(batch: Batch) -> None:
        if (batch.epoch, batch.seen) == (2, 15):
            raise KeyboardInterrupt

    run, whole = trainer(), trainer()
    list(whole.epochs(2))
    with pytest.raises(KeyboardInterrupt):
        list(run.epochs(2, on_batch=interrupt))
    assert len(run.history) == 1
    list(run.epochs(2))
    assert_same(run.state(), whole.state())


def after_an_epoch() -> State:
    run = trainer()
    list(run.epochs(1))
    return run.state()


def pcg64(**state: Any) -> dict[str, Any]:
    return {"bit_generator": "PCG64", "state": {"state": 1, "inc": 1}, "has_uint32": 0, "uinteger": 0} | state


@pytest.mark.parametrize(
    ("generator", "got"),
    [
        ({}, "ValueError: "),
        (dict(np.random.MT19937(0).state), "ValueError: "),
        ({"bit_generator": "PCG64"}, "KeyError: 'state'"),
        (pcg64(state=[]), "TypeError: "),
        (pcg64(state={"state": -1, "inc": 1}), "OverflowError: "),
        (pcg64(state={"state": 1.5, "inc": 1}), "'state': 1.5"),
        (pcg64(more=1), "'more': 1"),
    ],
)
def test_what_is_no_state_of_the_generator_is_refused(generator: dict[str, Any], got: str) -> None:
    state = after_an_epoch()._replace(generator=generator)
    with pytest.raises(ValueError, match=r"^Trainer: generator must be a state of PCG64, got ") as refusal:
        trainer().restore(state)
    assert got in str(refusal.value)


def test_a_state_of_another_network_optimiser_or_batch_size_is_refused() -> None:
    state = after_an_epoch()
    with pytest.raises(ValueError, match="parameters must be parameters of the names"):
        trainer().restore(state._replace(parameters={}))
    with pytest.raises(ValueError, match="statistics must be statistics of the names"):
        trainer().restore(state._replace(statistics={}))
    with pytest.raises(ValueError, match="Optimiser: state must be adam after 5 steps"):
        trainer().restore(state._replace(optimiser={}))
    with pytest.raises(ValueError, match=r"^Trainer: step must be 4, 1 epochs of 4 batches, got 5$"):
        trainer(batch_size=6).restore(state)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"y_train": Y[:-1]}, ValueError, r"y_train must be 23 ints, one an image, got shape \(22,\) of int64"),
        ({"y_test": Y}, ValueError, r"y_test must be 9 ints, one an image, got shape \(23,\) of int64"),
        (
            {"y_train": np.eye(3)[Y]},
            ValueError,
            r"y_train must be 23 ints, one an image, got shape \(23, 3\) of float64",
        ),
        (
            {"y_train": Y.astype(float)},
            ValueError,
            r"y_train must be 23 ints, one an image, got shape \(23,\) of float64",
        ),
        ({"rng": None}, TypeError, "rng must be a generator or a seed, got None"),
        ({"x_train": X[:0], "y_train": Y[:0]}, ValueError, "x_train must be of at least one image, got 0"),
        ({"x_test": X[:0], "y_test": Y[:0]}, ValueError, "x_test must be of at least one image, got 0"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"batch_size": 2.0}, TypeError, "batch_size must be an int, got 2.0"),
        ({"evaluate_on": 0}, ValueError, "evaluate_on must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_trained_is_refused(change: dict[str, Any], error: type[Exception], message: str) -> None:
    given: dict[str, Any] = {"x_train": X, "y_train": Y, "x_test": X_TEST, "y_test": Y_TEST, "rng": 0} | change
    with pytest.raises(error, match=f"^Trainer: {message}$"):
        Trainer(network(), Optimiser("sgd", lr=0.1), **given)


def test_an_epoch_is_a_tuple_that_json_can_hold() -> None:
    (epoch,) = trainer().epochs(1)
    assert {type(value) for value in epoch._asdict().values()} == {int, float}
    assert Epoch._fields == ("epoch", "lr", "loss", "train_accuracy", "test_accuracy")
