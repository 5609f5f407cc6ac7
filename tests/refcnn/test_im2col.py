"""The matrix of windows, and the adjointness that makes gradients of it."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import refcnn
from refcnn import col2im, im2col

ATTRIBUTES = [
    dict(zip(("stride", "padding", "dilation"), values, strict=True))
    for values in itertools.product([1, (2, 3)], [0, (2, 1), ((1, 0), (0, 3))], [1, (2, 1)])
]


def test_rows_are_windows_and_columns_are_cells() -> None:
    x = np.arange(16.0).reshape(1, 2, 2, 4)
    want = [
        [0, 1, 4, 5, 8, 9, 12, 13],
        [1, 2, 5, 6, 9, 10, 13, 14],
        [2, 3, 6, 7, 10, 11, 14, 15],
    ]
    assert_array_equal(im2col(x, 2), want)


def test_rows_go_through_the_batch_first() -> None:
    x = np.arange(8.0).reshape(2, 1, 2, 2)
    assert_array_equal(im2col(x, 1).ravel(), x.ravel())
    assert_array_equal(im2col(x, 2), [[0, 1, 2, 3], [4, 5, 6, 7]])


def test_padding_differs_on_the_four_sides() -> None:
    cols = im2col(np.array([[[[5.0]]]]), (2, 3), padding=((1, 0), (0, 2)))
    assert_array_equal(cols, [[0, 0, 0, 5, 0, 0]])


@pytest.mark.parametrize("attributes", ATTRIBUTES, ids=str)
def test_every_cell_is_where_the_formula_says(attributes: dict[str, Any]) -> None:
    x = np.arange(1.0, 2 * 3 * 7 * 6 + 1).reshape(2, 3, 7, 6)
    cols = im2col(x, (3, 2), **attributes)
    (sh, sw), (dh, dw) = (np.broadcast_to(attributes[key], 2) for key in ("stride", "dilation"))
    (top, _), (left, _) = padding = np.broadcast_to(np.reshape(attributes["padding"], (-1, 1))[-2:], (2, 2))
    if np.ndim(attributes["padding"]) == 2:
        (top, _), (left, _) = padding = np.array(attributes["padding"])
    OH, OW = (7 + padding[0].sum() - 2 * dh - 1) // sh + 1, (6 + padding[1].sum() - dw - 1) // sw + 1
    assert cols.shape == (2 * OH * OW, 3 * 3 * 2)
    for n, oh, ow, c, kh, kw in np.ndindex(2, int(OH), int(OW), 3, 3, 2):
        h, w = oh * sh + kh * dh - top, ow * sw + kw * dw - left
        want = x[n, c, h, w] if 0 <= h < 7 and 0 <= w < 6 else 0
        assert cols[(n * OH + oh) * OW + ow, (c * 3 + kh) * 2 + kw] == want


@pytest.mark.parametrize("attributes", ATTRIBUTES, ids=str)
def test_col2im_is_the_adjoint_of_im2col(attributes: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(1, 10, (2, 3, 7, 6)).astype(float)
    cols = im2col(x, (3, 2), **attributes)
    y = rng.integers(1, 10, cols.shape).astype(float)
    back = col2im(y, (2, 3, 7, 6), (3, 2), **attributes)
    assert back.shape == x.shape
    # Integers below 2⁵³: both inner products are exact.
    assert (cols * y).sum() == (x * back).sum() != 0


def test_overlaps_add_up() -> None:
    assert_array_equal(col2im(np.array([[1.0, 2.0], [4.0, 8.0]]), (1, 1, 1, 3), (1, 2)), [[[[1, 6, 8]]]])


def test_an_empty_batch_comes_back_empty() -> None:
    assert col2im(np.ones((0, 4)), (0, 1, 3, 3), 2).shape == (0, 1, 3, 3)


untyped: Any = refcnn  # wrong types are passed on purpose
IMAGE = np.ones((1, 2, 3, 4))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: untyped.im2col(IMAGE[0], 2),
            ValueError,
            "im2col: x must be (N, C, H, W), got shape (2, 3, 4)",
        ),
        (lambda: untyped.im2col(IMAGE, 0), ValueError, "im2col: kernel_size must be at least 1, got 0"),
        (lambda: untyped.im2col(IMAGE, 2.0), TypeError, "im2col: kernel_size must be an int, got 2.0"),
        (
            lambda: untyped.im2col(IMAGE, (1, 2, 3)),
            ValueError,
            "im2col: kernel_size must be an int or a pair, got (1, 2, 3)",
        ),
        (
            lambda: untyped.im2col(IMAGE, (4, 1)),
            ValueError,
            "im2col: kernel_size must be a kernel that fits the padded image of 3 pixels, got 4 pixels (image 3)",
        ),
        (lambda: untyped.im2col(IMAGE, 2, stride=0), ValueError, "im2col: stride must be at least 1, got 0"),
        (lambda: untyped.im2col(IMAGE, 2, stride=True), TypeError, "im2col: stride must be an int, got True"),
        (
            lambda: untyped.im2col(IMAGE, 2, stride=(1, "2")),
            TypeError,
            "im2col: stride must be an int, got '2'",
        ),
        (
            lambda: untyped.im2col(IMAGE, 2, dilation=(1, 0)),
            ValueError,
            "im2col: dilation must be at least 1, got 0",
        ),
        (
            lambda: untyped.im2col(IMAGE, 2, padding=-1),
            ValueError,
            "im2col: padding must be at least 0, got -1",
        ),
        (
            lambda: untyped.im2col(IMAGE, 2, padding=((0, -1), (0, 0))),
            ValueError,
            "im2col: padding must be at least 0, got -1",
        ),
        (
            lambda: untyped.im2col(IMAGE, 2, padding=(1, 2, 3, 4)),
            ValueError,
            "im2col: padding must be an int, (vertical, horizontal) or ((top, bottom), (left, right)), "
            "got (1, 2, 3, 4)",
        ),
        (
            lambda: untyped.col2im(np.ones((3, 4)), (1, 1, 3, 3), 2),
            ValueError,
            "col2im: cols must be of shape (4, 4), got shape (3, 4)",
        ),
        (
            lambda: untyped.col2im(np.ones((4, 4)), (1, 3, 3), 2),
            ValueError,
            "col2im: input_shape must be (N, C, H, W), got (1, 3, 3)",
        ),
        (
            lambda: untyped.col2im(np.ones((4, 4)), 9, 2),
            TypeError,
            "col2im: input_shape must be a tuple (N, C, H, W), got 9",
        ),
        (
            lambda: untyped.col2im(np.ones((4, 4)), (1, 1, -3, 3), 2),
            ValueError,
            "col2im: input_shape must be at least 0, got -3",
        ),
    ],
)
def test_bad_input_is_refused(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as refusal:
        call()
    assert str(refusal.value) == message
