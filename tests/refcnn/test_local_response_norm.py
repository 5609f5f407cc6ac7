"""Local response normalisation and its windows of channels."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import refcnn
from refcnn import local_response_norm


def channels(*values: float) -> Any:
    return np.array(values).reshape(1, -1, 1, 1)


@pytest.mark.parametrize(
    ("size", "energies"),
    [
        (1, (1, 4, 16, 64)),
        (2, (1, 5, 20, 80)),  # c - 1 and c
        (3, (5, 21, 84, 80)),  # c - 1 to c + 1
        (4, (5, 21, 85, 84)),  # c - 2 to c + 1
        (9, (85, 85, 85, 85)),
    ],
)
def test_windows_of_even_size_reach_down_further(size: int, energies: tuple[float, ...]) -> None:
    x = channels(1.0, 2.0, 4.0, 8.0)
    y = local_response_norm(x, size=size, alpha=3.0 * size, beta=0.5, k=1.0)
    assert_allclose(y, x / np.sqrt(1 + 3 * channels(*energies)), rtol=1e-15)


def test_alpha_is_divided_by_the_size() -> None:
    assert_allclose(local_response_norm(channels(2.0), size=5, alpha=10.0, beta=1.0, k=2.0), channels(0.2), rtol=1e-15)


def test_the_constants_when_nothing_is_said() -> None:
    want = 100 / (1 + 1e-4 / 2 * 100**2) ** 0.75
    assert_allclose(local_response_norm(channels(100.0), size=2), channels(want), rtol=1e-14)


def test_pixels_do_not_see_each_other() -> None:
    x = np.arange(1.0, 25.0).reshape(2, 3, 2, 2)
    whole = local_response_norm(x, size=3, alpha=1.0)
    for n, h, w in np.ndindex(2, 2, 2):
        single = local_response_norm(x[n : n + 1, :, h : h + 1, w : w + 1], size=3, alpha=1.0)
        assert_allclose(whole[n, :, h, w], single[0, :, 0, 0], rtol=1e-15)


X = np.ones((1, 3, 2, 2))
PLAIN: dict[str, Any] = {"size": 3, "alpha": 1.0, "beta": 0.5, "k": 1.0}


@pytest.mark.parametrize(
    ("x", "changed", "error", "message"),
    [
        (X[0], {}, ValueError, "x must be (N, C, H, W), got shape (3, 2, 2)"),
        (X, {"size": 0}, ValueError, "size must be at least 1, got 0"),
        (X, {"size": 3.0}, TypeError, "size must be an int, got 3.0"),
        (X, {"alpha": None}, TypeError, "alpha must be a real number, got None"),
        (X, {"beta": True}, TypeError, "beta must be a real number, got True"),
        (X, {"k": "1"}, TypeError, "k must be a real number, got '1'"),
    ],
)
def test_bad_input_is_refused(x: Any, changed: dict[str, Any], error: type[Exception], message: str) -> None:
    for name, arrays in (("local_response_norm", (x,)), ("local_response_norm_backward", (x, x))):
        with pytest.raises(error) as refusal:
            getattr(refcnn, name)(*arrays, **(PLAIN | changed))
        assert str(refusal.value) == f"{name}: {message}"
