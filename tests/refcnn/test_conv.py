"""Convolution against hand-worked numbers, SciPy and its own adjoint."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray
from scipy import signal

import refcnn
from refcnn import conv1d, conv1d_backward, conv2d, conv2d_backward

Array = NDArray[np.floating[Any]]

ATTRIBUTES = [
    dict(zip(("stride", "padding", "dilation", "groups"), values, strict=True))
    for values in itertools.product([(1, 1), (4, 2)], [((0, 0), (0, 0)), ((1, 0), (2, 3))], [(1, 1), (2, 3)], [1, 3])
]
attributed = pytest.mark.parametrize("attributes", ATTRIBUTES, ids=str)


def integers(*shape: int) -> Array:
    """Whole numbers, on which sums of products are exact in any order."""
    return np.random.default_rng(sum(shape)).integers(1, 10, shape).astype(float)


def correlate_by_scipy(x: Array, weight: Array, attributes: dict[str, Any]) -> Array:
    (sh, sw), (dh, dw), groups = attributes["stride"], attributes["dilation"], attributes["groups"]
    F, depth, KH, KW = weight.shape
    spread = np.zeros((F, depth, dh * (KH - 1) + 1, dw * (KW - 1) + 1))
    spread[:, :, ::dh, ::dw] = weight
    padded = np.pad(x, ((0, 0), (0, 0), *attributes["padding"]))
    parts = [padded[:, f // (F // groups) * depth :][:, :depth] for f in range(F)]
    images = [
        [signal.correlate(part[n], spread[f], "valid", "direct")[0] for f, part in enumerate(parts)]
        for n in range(len(x))
    ]
    return np.array(images)[:, :, ::sh, ::sw]


def test_the_kernel_is_not_flipped() -> None:
    x = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    weight = np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])
    assert_array_equal(conv2d(x, weight), [[[[5421, 6532]]]])


def test_the_bias_is_added_to_each_filter() -> None:
    y = conv2d(np.ones((2, 1, 1, 2)), np.array([[[[2.0]]], [[[3.0]]]]), np.array([10.0, 20.0]))
    assert_array_equal(y, [[[[12, 12]], [[23, 23]]]] * 2)


def test_groups_do_not_see_each_other() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1, 1)
    weight = np.array([[1.0, 10.0], [100.0, 1000.0]]).reshape(2, 2, 1, 1)
    assert_array_equal(conv2d(x, weight, groups=2).ravel(), [21, 4300])


@attributed
def test_conv2d_agrees_with_scipy(attributes: dict[str, Any]) -> None:
    x, weight = integers(2, 6, 9, 8), integers(3, 6 // attributes["groups"], 3, 2)
    assert_array_equal(conv2d(x, weight, **attributes), correlate_by_scipy(x, weight, attributes))


@attributed
def test_conv2d_backward_is_the_adjoint_in_x_and_in_weight(attributes: dict[str, Any]) -> None:
    x, weight = integers(2, 6, 9, 8), integers(3, 6 // attributes["groups"], 3, 2)
    y = conv2d(x, weight, **attributes)
    g = integers(*y.shape)
    grad_x, grad_weight, grad_bias = conv2d_backward(g, x, weight, **attributes)
    # Integers below 2⁵³: all inner products are exact.
    assert (y * g).sum() == (x * grad_x).sum() == (weight * grad_weight).sum() != 0
    assert_array_equal(grad_bias, g.sum(axis=(0, 2, 3)))


@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, (1, 2), 1), (3, 1, 2)])
def test_conv1d_is_conv2d_of_height_one(stride: int, padding: int | tuple[int, int], dilation: int) -> None:
    x, weight, bias = integers(2, 4, 9), integers(6, 2, 3), integers(6)
    flat: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "groups": 2}
    sides = padding if isinstance(padding, tuple) else (padding, padding)
    tall: dict[str, Any] = {**flat, "padding": ((0, 0), sides)}
    y = conv1d(x, weight, bias, **flat)
    assert_array_equal(y, conv2d(x[:, :, None], weight[:, :, None], bias, **tall)[:, :, 0])
    g = integers(*y.shape)
    grads = conv1d_backward(g, x, weight, **flat)
    wants = conv2d_backward(g[:, :, None], x[:, :, None], weight[:, :, None], **tall)
    for grad, want in zip(grads, wants, strict=True):
        assert_array_equal(grad, want.reshape(grad.shape))


def test_pixels_between_the_windows_of_a_large_stride_have_no_gradient() -> None:
    grads = conv2d_backward(
        np.ones((1, 1, 1, 2)),
        np.ones((1, 1, 2, 6)),
        np.ones((1, 1, 1, 2)),
        stride=4,
        padding=0,
        dilation=1,
        groups=1,
    )
    assert_array_equal(grads[0], [[[[1, 1, 0, 0, 1, 1], [0] * 6]]])


untyped: Any = refcnn  # wrong types are passed on purpose
IMAGE, FILTERS, LINE, TAPS = (
    np.ones((1, 4, 3, 3)),
    np.ones((2, 4, 2, 2)),
    np.ones((1, 4, 3)),
    np.ones((2, 4, 2)),
)
PLAIN: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
SHAPES = "(x (1, 4, 3, 3), weight (2, 4, 2, 2))"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: untyped.conv2d(IMAGE[0], FILTERS),
            ValueError,
            "conv2d: x must be (N, C, H, W), got shape (4, 3, 3)",
        ),
        (
            lambda: untyped.conv2d(IMAGE, FILTERS[0]),
            ValueError,
            "conv2d: weight must be (F, C / groups, KH, KW), got shape (4, 2, 2)",
        ),
        (
            lambda: untyped.conv1d(IMAGE, TAPS),
            ValueError,
            "conv1d: x must be (N, C, L), got shape (1, 4, 3, 3)",
        ),
        (
            lambda: untyped.conv1d(LINE, FILTERS),
            ValueError,
            "conv1d: weight must be (F, C / groups, K), got shape (2, 4, 2, 2)",
        ),
        (
            lambda: untyped.conv2d(IMAGE, FILTERS[:, :3]),
            ValueError,
            "conv2d: weight must be of 4 channels (C / groups = 4 / 1), got 3 channels "
            "(x (1, 4, 3, 3), weight (2, 3, 2, 2))",
        ),
        (
            lambda: untyped.conv2d(IMAGE, FILTERS, groups=0),
            ValueError,
            "conv2d: groups must be at least 1, got 0",
        ),
        (
            lambda: untyped.conv2d(IMAGE, FILTERS, groups=3),
            ValueError,
            f"conv2d: groups must be a divisor of C = 4, got 3 {SHAPES}",
        ),
        (
            lambda: untyped.conv2d(IMAGE, FILTERS, groups=4),
            ValueError,
            f"conv2d: groups must be a divisor of F = 2, got 4 {SHAPES}",
        ),
        (
            lambda: untyped.conv2d(IMAGE, FILTERS[..., :0]),
            ValueError,
            "conv2d: weight must be of kernel size at least 1, got shape (2, 4, 2, 0)",
        ),
        (
            lambda: untyped.conv2d(IMAGE, FILTERS, np.ones(3)),
            ValueError,
            "conv2d: bias must be of shape (2,), got shape (3,) (weight (2, 4, 2, 2))",
        ),
        (
            lambda: untyped.conv2d(IMAGE, FILTERS, dilation=(1, 3)),
            ValueError,
            "conv2d: weight must be a kernel that fits the padded image of 3 pixels, got 4 pixels (image 3)",
        ),
        (
            lambda: untyped.conv1d(LINE[..., :0], TAPS, padding=(1, 0)),
            ValueError,
            "conv1d: weight must be a kernel that fits the padded image of 1 pixels, got 2 pixels (image 0)",
        ),
        (
            lambda: untyped.conv1d(LINE, TAPS, stride=(1, 1)),
            TypeError,
            "conv1d: stride must be an int, got (1, 1)",
        ),
        (
            lambda: untyped.conv1d(LINE, TAPS, padding=((1, 1), 1)),
            TypeError,
            "conv1d: padding must be an int, got (1, 1)",
        ),
        (
            lambda: untyped.conv1d(LINE, TAPS, dilation=0),
            ValueError,
            "conv1d: dilation must be at least 1, got 0",
        ),
        (
            lambda: untyped.conv2d(IMAGE, FILTERS, groups=2.0),
            TypeError,
            "conv2d: groups must be an int, got 2.0",
        ),
        (
            lambda: untyped.conv2d_backward(np.ones((1, 2, 2, 3)), IMAGE, FILTERS, **PLAIN),
            ValueError,
            f"conv2d_backward: grad_output must be of shape (1, 2, 2, 2), got shape (1, 2, 2, 3) {SHAPES}",
        ),
        (
            lambda: untyped.conv1d_backward(np.ones((1, 2, 3)), LINE, TAPS, **PLAIN),
            ValueError,
            "conv1d_backward: grad_output must be of shape (1, 2, 2), got shape (1, 2, 3) "
            "(x (1, 4, 3), weight (2, 4, 2))",
        ),
    ],
)
def test_bad_input_is_refused(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as refusal:
        call()
    assert str(refusal.value) == message
