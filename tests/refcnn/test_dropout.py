"""Dropout and its mask."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import refcnn
from refcnn import dropout, dropout_backward

X = np.arange(1.0, 10_001.0).reshape(100, 100)


def test_kept_cells_are_scaled_and_others_are_zero() -> None:
    y = dropout(X, p=0.75, training=True, seed=1)
    assert set(np.unique(y / X)) == {0.0, 4.0}


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_cells_are_dropped_with_probability_p(p: float) -> None:
    dropped = (dropout(X, p=p, training=True, seed=1) == 0).mean()
    # Five standard deviations of the mean of 10 000 cells.
    assert abs(dropped - p) < 5 * np.sqrt(p * (1 - p) / X.size)


def test_cells_are_dropped_independently_of_their_neighbours() -> None:
    kept = dropout(X, p=0.5, training=True, seed=1) != 0
    for pairs in (kept[1:] == kept[:-1], kept[:, 1:] == kept[:, :-1]):
        assert abs(pairs.mean() - 0.5) < 5 * 0.5 / np.sqrt(pairs.size)


def test_the_mask_depends_on_the_seed() -> None:
    masks = [dropout(X, p=0.5, training=True, seed=seed) == 0 for seed in (1, 1, 2)]
    assert_array_equal(masks[0], masks[1])
    assert (masks[0] != masks[2]).any()


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_mask_is_the_same_in_every_dtype_and_in_backward(dtype: type[np.floating[Any]]) -> None:
    want = dropout(X, p=0.3, training=True, seed=5) == 0
    assert_array_equal(dropout(np.ones_like(X, dtype), p=0.3, training=True, seed=5) == 0, want)
    assert_array_equal(dropout_backward(np.ones_like(X), np.zeros_like(X), p=0.3, training=True, seed=5) == 0, want)


def test_nothing_is_dropped_with_probability_zero_or_out_of_training() -> None:
    assert_array_equal(dropout(X, p=0, training=True, seed=1), X)
    assert_array_equal(dropout(X, p=0.9, training=False, seed=1), X)
    assert_array_equal(dropout_backward(X, X, p=0.9, training=False, seed=1), X)


def test_dropped_cells_are_zero_whatever_they_were() -> None:
    y = dropout(np.full((10, 10), np.nan), p=0.5, training=True, seed=1)
    assert set(np.unique(np.isnan(y))) == {False, True}
    assert_array_equal(y[~np.isnan(y)], np.zeros((~np.isnan(y)).sum()))


PLAIN: dict[str, Any] = {"p": 0.5, "training": True, "seed": 1}


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"p": 1}, ValueError, "p must be in [0, 1), got 1.0"),
        ({"p": -0.1}, ValueError, "p must be in [0, 1), got -0.1"),
        ({"p": np.nan}, ValueError, "p must be in [0, 1), got nan"),
        ({"p": "0"}, TypeError, "p must be a real number, got '0'"),
        ({"seed": None}, TypeError, "seed must be an int, got None"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"training": None}, TypeError, "training must be a bool, got None"),
    ],
)
def test_bad_input_is_refused(changed: dict[str, Any], error: type[Exception], message: str) -> None:
    for name, arrays in (("dropout", (X,)), ("dropout_backward", (X, X))):
        with pytest.raises(error) as refusal:
            getattr(refcnn, name)(*arrays, **(PLAIN | changed))
        assert str(refusal.value) == f"{name}: {message}"
