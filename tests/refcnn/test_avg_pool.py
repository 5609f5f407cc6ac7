"""Means, and what they are divided by."""

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

import refcnn
from refcnn import avg_pool2d, avg_pool2d_backward, global_avg_pool2d, global_avg_pool2d_backward

Array = NDArray[np.floating[Any]]

ATTRIBUTES = [
    dict(zip(("stride", "padding", "ceil_mode", "count_include_pad"), values, strict=True))
    for values in itertools.product(
        [None, (1, 1), (4, 3)], [((0, 0), (0, 0)), ((1, 0), (0, 1))], [False, True], [False, True]
    )
]


def row(*values: float) -> Array:
    return np.array([[[values]]])


def by_definition(x: Array, attributes: dict[str, Any]) -> Array:
    """Return the means (OH, OW) of one image under kernels of 3×2."""
    outputs, limits = [], []
    sides = zip(x.shape, (3, 2), attributes["stride"] or (3, 2), attributes["padding"], strict=True)
    for size, kernel, stride, (before, after) in sides:
        starts = list(range(0, before + size + after - kernel + 1, stride))
        if attributes["ceil_mode"] and starts[-1] + kernel < before + size + after:
            starts += [starts[-1] + stride] * (starts[-1] + stride < before + size)
        outputs.append([start - before for start in starts])
        limits.append((-before, size + after) if attributes["count_include_pad"] else (0, size))
    y = np.empty([len(starts) for starts in outputs])
    for i, j in np.ndindex(y.shape):
        cells = [(outputs[0][i] + a, outputs[1][j] + b) for a in range(3) for b in range(2)]
        counted = [
            cell for cell in cells if all(low <= at < high for at, (low, high) in zip(cell, limits, strict=True))
        ]
        inside = [cell for cell in cells if 0 <= cell[0] < x.shape[0] and 0 <= cell[1] < x.shape[1]]
        y[i, j] = sum(x[cell] for cell in inside) / len(counted)
    return y


@pytest.mark.no_cover
@pytest.mark.parametrize("attributes", ATTRIBUTES, ids=str)
@pytest.mark.parametrize("size", [(7, 6), (8, 5)], ids=str)
def test_it_agrees_with_its_definition(attributes: dict[str, Any], size: tuple[int, int]) -> None:
    x = np.random.default_rng(1).integers(-9, 10, (2, 3, *size)).astype(float)
    y = avg_pool2d(x, (3, 2), **attributes)
    # A quotient of two integers, rounded once by either side.
    assert_array_equal(y, [[by_definition(channel, attributes) for channel in image] for image in x])


@pytest.mark.parametrize("attributes", ATTRIBUTES, ids=str)
def test_backward_is_the_adjoint(attributes: dict[str, Any]) -> None:
    x = np.random.default_rng(1).integers(1, 10, (2, 3, 8, 5)).astype(float)
    y = avg_pool2d(x, (3, 2), **attributes)
    g = np.random.default_rng(2).integers(1, 10, y.shape).astype(float)
    grad_x = avg_pool2d_backward(g, x, (3, 2), **attributes)
    # Positive terms: rounding is relative, once for each of some hundred terms.
    assert_allclose((x * grad_x).sum(), (y * g).sum(), rtol=1e-13)


@pytest.mark.parametrize(
    ("attributes", "want"),
    [
        ({"padding": (0, 1)}, (6 / 2, 18 / 2)),
        ({"padding": (0, 1), "count_include_pad": False}, (6 / 1, 18 / 2)),
        ({"padding": (0, 1), "ceil_mode": True}, (6 / 2, 18 / 2)),
        ({"ceil_mode": True}, (12 / 2, 12 / 1)),
        ({"ceil_mode": True, "padding": ((0, 0), (1, 0)), "stride": (1, 1)}, (6 / 2, 12 / 2, 18 / 2)),
    ],
)
def test_the_divisor_counts_padding_but_no_overhang(attributes: dict[str, Any], want: tuple[float, ...]) -> None:
    assert_array_equal(avg_pool2d(row(6.0, 6.0, 12.0), (1, 2), **attributes), row(*want))


def test_a_window_over_image_padding_and_overhang_counts_the_first_two() -> None:
    # Cells 0-2 and 3-5 of pad, 8, 4, 2, pad: the last one is an overhang.
    attributes: dict[str, Any] = {"padding": (0, 1), "ceil_mode": True}
    assert_array_equal(avg_pool2d(row(8.0, 4.0, 2.0), (1, 3), **attributes), row(12 / 3, 2 / 2))
    assert_array_equal(avg_pool2d(row(8.0, 4.0, 2.0), (1, 3), count_include_pad=False, **attributes), row(6, 2))


def test_the_global_mean_is_that_of_each_channel() -> None:
    x = np.arange(12.0).reshape(1, 2, 2, 3)
    assert_array_equal(global_avg_pool2d(x), np.array([2.5, 8.5]).reshape(1, 2, 1, 1))
    grad_x = global_avg_pool2d_backward(np.array([6.0, 12.0]).reshape(1, 2, 1, 1), x)
    assert_array_equal(grad_x, np.repeat([1.0, 2.0], 6).reshape(1, 2, 2, 3))


untyped: Any = refcnn  # wrong types are passed on purpose
IMAGE = np.ones((1, 1, 3, 3))


@pytest.mark.parametrize(
    ("name", "arguments", "attributes", "error", "message"),
    [
        ("avg_pool2d", (IMAGE[0], 2), {}, ValueError, "x must be (N, C, H, W), got shape (1, 3, 3)"),
        (
            "avg_pool2d",
            (IMAGE, (1, 5)),
            {"ceil_mode": True, "padding": ((0, 0), (1, 0))},
            ValueError,
            "kernel_size must be a kernel that fits the padded image of 4 pixels, got 5 pixels (image 3)",
        ),
        (
            "avg_pool2d",
            (IMAGE, 3),
            {"padding": 2},
            ValueError,
            "padding must be at most half the kernel_size (3, 3), got ((2, 2), (2, 2))",
        ),
        (
            "avg_pool2d",
            (IMAGE, 2),
            {"count_include_pad": None},
            TypeError,
            "count_include_pad must be a bool, got None",
        ),
        ("global_avg_pool2d", (IMAGE[0],), {}, ValueError, "x must be (N, C, H, W), got shape (1, 3, 3)"),
        (
            "global_avg_pool2d",
            (IMAGE[..., :0],),
            {},
            ValueError,
            "x must be of at least one pixel, got shape (1, 1, 3, 0)",
        ),
        (
            "global_avg_pool2d_backward",
            (IMAGE, IMAGE),
            {},
            ValueError,
            "grad_output must be of shape (1, 1, 1, 1), got shape (1, 1, 3, 3) (x (1, 1, 3, 3))",
        ),
        (
            "avg_pool2d_backward",
            (IMAGE, IMAGE, 2),
            {"stride": 1, "padding": 0, "ceil_mode": False, "count_include_pad": True},
            ValueError,
            "grad_output must be of shape (1, 1, 2, 2), got shape (1, 1, 3, 3) (x (1, 1, 3, 3))",
        ),
    ],
)
def test_bad_input_is_refused(
    name: str, arguments: tuple[Any, ...], attributes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as refusal:
        getattr(untyped, name)(*arguments, **attributes)
    assert str(refusal.value) == f"{name}: {message}"
