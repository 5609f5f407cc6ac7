"""Maxima, and where their gradients go."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import refcnn
from refcnn import max_pool2d, max_pool2d_backward

Array = NDArray[np.floating[Any]]
NAN, INF = np.nan, np.inf
PLAIN: dict[str, Any] = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False}

ATTRIBUTES = [
    dict(zip(("stride", "padding", "dilation", "ceil_mode"), values, strict=True))
    for values in itertools.product(
        [None, (1, 1), (4, 3)], [((0, 0), (0, 0)), ((1, 0), (0, 1))], [(1, 1), (2, 3)], [False, True]
    )
]


def row(*values: float) -> Array:
    return np.array([[[values]]])


def by_definition(x: Array, attributes: dict[str, Any]) -> tuple[Array, Array]:
    """Return the maxima (OH, OW) of one image under kernels of 3×2, and the pixels they came from."""
    (sh, sw), (dh, dw) = attributes["stride"] or (3, 2), attributes["dilation"]
    outputs = []
    for size, extent, stride, (before, after) in zip(
        x.shape, (2 * dh + 1, dw + 1), (sh, sw), attributes["padding"], strict=True
    ):
        starts = list(range(0, before + size + after - extent + 1, stride))
        if attributes["ceil_mode"] and starts[-1] + extent < before + size + after:
            starts += [starts[-1] + stride] * (starts[-1] + stride < before + size)
        outputs.append([start - before for start in starts])
    y, chosen = np.full([len(starts) for starts in outputs], -INF), np.zeros_like(x)
    for i, j in np.ndindex(y.shape):
        cells = [(outputs[0][i] + a * dh, outputs[1][j] + b * dw) for a in range(3) for b in range(2)]
        cells = [(h, w) for h, w in cells if 0 <= h < x.shape[0] and 0 <= w < x.shape[1]]
        if cells:
            best = max(cells, key=lambda cell: x[cell])
            y[i, j] = x[best]
            chosen[best] += 1
    return y, chosen


@pytest.mark.no_cover
@pytest.mark.parametrize("attributes", ATTRIBUTES, ids=str)
@pytest.mark.parametrize("size", [(7, 6), (8, 5)], ids=str)
def test_it_agrees_with_its_definition(attributes: dict[str, Any], size: tuple[int, int]) -> None:
    # Few different values: ties abound, and Python's max takes the first of them too.
    x = np.random.default_rng(1).integers(-3, 0, (2, 3, *size)).astype(float)
    y = max_pool2d(x, (3, 2), **attributes)
    grad_x = max_pool2d_backward(np.ones_like(y), x, (3, 2), **attributes)
    for n, c in np.ndindex(2, 3):
        want_y, want_grad_x = by_definition(x[n, c], attributes)
        assert_array_equal(y[n, c], want_y)
        assert_array_equal(grad_x[n, c], want_grad_x)


def test_padding_loses_against_every_number() -> None:
    assert_array_equal(max_pool2d(row(-5.0, -7.0), (1, 2), padding=(0, 1)), row(-5, -7))


def test_nan_wins_its_windows() -> None:
    assert_array_equal(max_pool2d(row(1.0, NAN, INF, 2.0, 3.0), (1, 2), stride=1), row(NAN, NAN, INF, 3))


def test_a_dilated_window_wholly_in_the_padding_gives_minus_infinity_and_takes_no_gradient() -> None:
    attributes: dict[str, Any] = {**PLAIN, "stride": 1, "padding": (0, 1), "dilation": (1, 2)}
    assert_array_equal(max_pool2d(row(4.0), (1, 2), **attributes), row(-INF))
    assert_array_equal(max_pool2d_backward(row(1.0), row(4.0), (1, 2), **attributes), row(0))


def test_ceil_mode_keeps_the_remainder() -> None:
    x = row(1.0, 2.0, 3.0, 4.0, 5.0)
    assert_array_equal(max_pool2d(x, (1, 2)), row(2, 4))
    assert_array_equal(max_pool2d(x, (1, 2), ceil_mode=True), row(2, 4, 5))


def test_the_first_of_equal_maxima_takes_the_gradient() -> None:
    x = np.array([[[[1.0, 3.0], [3.0, 3.0]]]])
    assert_array_equal(max_pool2d_backward(np.array([[[[7.0]]]]), x, 2, **PLAIN), [[[[0, 7], [0, 0]]]])


def test_the_first_nan_takes_the_gradient() -> None:
    grad_x = max_pool2d_backward(row(7.0), row(INF, NAN, NAN), (1, 3), **PLAIN)
    assert_array_equal(grad_x, row(0, 7, 0))


def test_the_first_pixel_takes_the_gradient_when_all_are_minus_infinity() -> None:
    attributes: dict[str, Any] = {**PLAIN, "padding": 1}
    x = np.full((1, 1, 2, 2), -INF)
    assert_array_equal(max_pool2d_backward(np.array([[[[7.0]]]]), x, 4, **attributes), [[[[7, 0], [0, 0]]]])


def test_a_gradient_of_nan_reaches_one_pixel_only() -> None:
    assert_array_equal(max_pool2d_backward(row(NAN), row(1.0, 2.0), (1, 2), **PLAIN), row(0, NAN))


untyped: Any = refcnn  # wrong types are passed on purpose
IMAGE = np.ones((1, 1, 3, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: untyped.max_pool2d(IMAGE[0], 2), ValueError, "x must be (N, C, H, W), got shape (1, 3, 3)"),
        (
            lambda: untyped.max_pool2d(IMAGE, 4, ceil_mode=True),
            ValueError,
            "kernel_size must be a kernel that fits the padded image of 3 pixels, got 4 pixels (image 3)",
        ),
        (
            lambda: untyped.max_pool2d(IMAGE, (2, 3), padding=((0, 0), (0, 2))),
            ValueError,
            "padding must be at most half the kernel_size (2, 3), got ((0, 0), (0, 2))",
        ),
        (lambda: untyped.max_pool2d(IMAGE, 2, stride=0), ValueError, "stride must be at least 1, got 0"),
        (lambda: untyped.max_pool2d(IMAGE, 2, dilation=0), ValueError, "dilation must be at least 1, got 0"),
        (lambda: untyped.max_pool2d(IMAGE, (0, 2)), ValueError, "kernel_size must be at least 1, got 0"),
        (lambda: untyped.max_pool2d(IMAGE, 2, ceil_mode=1), TypeError, "ceil_mode must be a bool, got 1"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as refusal:
        call()
    assert str(refusal.value) == f"max_pool2d: {message}"


def test_a_wrong_grad_output_is_refused() -> None:
    message = r"^max_pool2d_backward: grad_output must be of shape \(1, 1, 1, 1\), got shape \(1, 1, 2, 2\) "
    with pytest.raises(ValueError, match=message + r"\(x \(1, 1, 3, 3\)\)$"):
        max_pool2d_backward(np.ones((1, 1, 2, 2)), IMAGE, 2, **PLAIN)
