"""Transposed convolution as the adjoint of convolution."""

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from refcnn import conv2d, conv_transpose2d, conv_transpose2d_backward

ATTRIBUTES = [
    dict(zip(("stride", "padding", "dilation", "output_padding", "groups"), values, strict=True))
    for values in itertools.product(
        [(1, 2), (3, 2)], [((0, 0), (0, 0)), ((1, 0), (1, 2))], [(1, 1), (4, 3)], [(0, 0), (0, 1)], [1, 2]
    )
] + [{"stride": 1, "padding": 0, "dilation": (4, 3), "output_padding": (3, 2), "groups": 1}]
attributed = pytest.mark.parametrize("attributes", ATTRIBUTES, ids=str)


def integers(*shape: int) -> NDArray[np.floating[Any]]:
    """Whole numbers, on which sums of products are exact in any order."""
    return np.random.default_rng(sum(shape)).integers(1, 10, shape).astype(float)


def test_every_pixel_stamps_its_filter() -> None:
    x = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    weight = np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])
    assert_array_equal(conv_transpose2d(x, weight), [[[[1, 12, 20], [103, 1234, 2040], [300, 3400, 4000]]]])


def test_output_padding_adds_pixels_at_the_end_that_only_the_bias_reaches() -> None:
    y = conv_transpose2d(np.ones((1, 1, 1, 2)), np.ones((1, 1, 1, 1)), np.array([5.0]), stride=2, output_padding=1)
    assert_array_equal(y, [[[[6, 5, 6, 5], [5, 5, 5, 5]]]])


def test_padding_is_cut_away() -> None:
    y = conv_transpose2d(np.array([[[[1.0, 2.0]]]]), np.array([[[[1.0, 10.0]]]]), padding=((0, 0), (1, 0)))
    assert_array_equal(y, [[[[12, 20]]]])


def test_groups_do_not_see_each_other() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1, 1)
    weight = np.array([1.0, 10.0, 100.0, 1000.0]).reshape(4, 1, 1, 1)
    assert_array_equal(conv_transpose2d(x, weight, groups=2).ravel(), [21, 4300])


@attributed
def test_it_is_the_adjoint_of_conv2d(attributes: dict[str, Any]) -> None:
    x, weight = integers(2, 4, 3, 4), integers(4, 3, 2, 3)
    y = conv_transpose2d(x, weight, **attributes)
    z = integers(*y.shape)
    forth = {key: value for key, value in attributes.items() if key != "output_padding"}
    image = conv2d(z, weight, **forth)[:, :, :3, :4]
    # Integers below 2⁵³: both inner products are exact.
    assert (y * z).sum() == (x * image).sum() != 0


@attributed
def test_backward_is_the_adjoint_in_x_and_in_weight(attributes: dict[str, Any]) -> None:
    x, weight = integers(2, 4, 3, 4), integers(4, 3, 2, 3)
    y = conv_transpose2d(x, weight, **attributes)
    g = integers(*y.shape)
    grad_x, grad_weight, grad_bias = conv_transpose2d_backward(g, x, weight, **attributes)
    assert (y * g).sum() == (x * grad_x).sum() == (weight * grad_weight).sum() != 0
    assert_array_equal(grad_bias, g.sum(axis=(0, 2, 3)))


IMAGE, FILTERS = np.ones((1, 4, 3, 3)), np.ones((4, 3, 2, 2))
SHAPES = "(x (1, 4, 3, 3), weight (4, 3, 2, 2))"


@pytest.mark.parametrize(
    ("arrays", "attributes", "error", "message"),
    [
        ((IMAGE[0], FILTERS), {}, ValueError, "x must be (N, C, H, W), got shape (4, 3, 3)"),
        ((IMAGE, FILTERS[0]), {}, ValueError, "weight must be (C, F / groups, KH, KW), got shape (3, 2, 2)"),
        (
            (IMAGE, FILTERS[:3]),
            {},
            ValueError,
            "weight must be of C = 4 filters, got 3 filters (x (1, 4, 3, 3), weight (3, 3, 2, 2))",
        ),
        ((IMAGE, FILTERS), {"groups": 3}, ValueError, f"groups must be a divisor of C = 4, got 3 {SHAPES}"),
        (
            (IMAGE, FILTERS[:, :, :0]),
            {},
            ValueError,
            "weight must be of kernel size at least 1, got shape (4, 3, 0, 2)",
        ),
        (
            (IMAGE, FILTERS, np.ones(3)),
            {"groups": 2},
            ValueError,
            "bias must be of shape (6,), got shape (3,) (weight (4, 3, 2, 2))",
        ),
        (
            (IMAGE[:, :, :0], FILTERS),
            {},
            ValueError,
            "x must be of at least one pixel, got shape (1, 4, 0, 3)",
        ),
        ((IMAGE, FILTERS), {"stride": 0}, ValueError, "stride must be at least 1, got 0"),
        ((IMAGE, FILTERS), {"output_padding": -1}, ValueError, "output_padding must be at least 0, got -1"),
        (
            (IMAGE, FILTERS),
            {"output_padding": (2, 3), "stride": (3, 1), "dilation": (1, 3)},
            ValueError,
            "output_padding must be below max(stride, dilation) = 3, got 3",
        ),
        (
            (IMAGE, FILTERS),
            {"padding": (1, 2)},
            ValueError,
            "padding must be small enough to leave an output, got output size 0 (image (3, 3))",
        ),
    ],
)
def test_bad_input_is_refused(
    arrays: tuple[Any, ...], attributes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as refusal:
        conv_transpose2d(*arrays, **attributes)
    assert str(refusal.value) == f"conv_transpose2d: {message}"


def test_a_wrong_grad_output_is_refused() -> None:
    attributes: dict[str, Any] = {"stride": 2, "padding": 0, "output_padding": 1, "dilation": 1, "groups": 1}
    with pytest.raises(ValueError, match="grad_output must be of shape \\(1, 3, 7, 7\\), got shape \\(1, 3, 6, 6\\)"):
        conv_transpose2d_backward(np.ones((1, 3, 6, 6)), IMAGE, FILTERS, **attributes)
