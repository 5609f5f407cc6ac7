"""The picture of the filters: its colours, its mosaic and its scale."""

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from refcnn.pictures import draw_filters
from refcnn.pictures.colour import colours
from refcnn.pictures.filters import mosaic

Array = NDArray[np.floating[Any]]


def noise(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).normal(size=shape)


def picture(axes: Axes) -> Array:
    return np.asarray(axes.images[0].get_array())


def test_three_channels_are_red_green_and_blue() -> None:
    images = noise(2, 3, 4, 5)
    np.testing.assert_allclose(colours(images, -9, 11), (images.transpose(0, 2, 3, 1) + 9) / 20, atol=1e-15)


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_any_other_number_of_channels_is_grey(channels: int) -> None:
    images = noise(2, channels, 4, 5)
    for channel in np.moveaxis(colours(images, -9, 11), 3, 0):
        np.testing.assert_allclose(channel, (images.mean(axis=1) + 9) / 20, atol=1e-15)


def test_beyond_the_limits_is_black_or_white() -> None:
    assert_array_equal(colours(np.array([[[[-5.0, 5.0]]]]), 0, 1), [[[[0] * 3, [1] * 3]]])


def test_both_times_share_one_symmetric_scale() -> None:
    before, after = np.zeros((1, 1, 1, 3)), np.array([[[[-4.0, 0.0, 2.0]]]])
    figure = draw_filters(before, after)
    first, second, bar = figure.axes
    middle = [picture(axes)[4, [8, 20, 32], 0].tolist() for axes in (first, second)]
    assert middle == [[0.5, 0.5, 0.5], [0.0, 0.5, 0.75]]
    assert [text.get_text() for text in bar.get_xticklabels()] == ["−4", "−2", "0", "2", "4"]


@pytest.mark.parametrize(
    ("channels", "label"),
    [(1, "weight"), (3, "weight of each channel, red, green and blue"), (4, "weight, mean of 4 channels")],
)
def test_the_bar_says_what_a_shade_is(channels: int, label: str) -> None:
    figure = draw_filters(noise(2, channels, 3, 3), noise(2, channels, 3, 3))
    assert figure.axes[2].get_xlabel() == label


def test_before_is_on_the_left_and_after_on_the_right() -> None:
    weights = noise(5, 3, 3, 3), noise(5, 3, 3, 3) + 0.1
    limit = max(np.abs(weight).max() for weight in weights)
    left, right = draw_filters(*weights).axes[:2]
    for axes, weight, title in zip((left, right), weights, ("before training", "after training"), strict=True):
        assert_array_equal(picture(axes), mosaic(colours(weight, -limit, limit)))
        assert axes.get_title() == title


def test_a_mosaic_is_read_row_by_row_and_leaves_the_rest_white() -> None:
    tiles = np.arange(5.0).reshape(5, 1, 1, 1) * np.ones((5, 40, 40, 3)) / 10
    pixels = mosaic(tiles)
    middles = pixels[[22, 64]][:, [22, 64, 106], 0]
    assert_array_equal(middles, [[0.0, 0.1, 0.2], [0.3, 0.4, 1.0]])
    assert_array_equal(pixels[2:42, 44:84], tiles[1])
    frame = pixels[22, [0, 1, 42, 43]]
    assert (frame == frame[0]).all()
    assert len(set(frame[0])) == 3  # no grey


def test_small_tiles_grow_by_a_whole_factor() -> None:
    tile = noise(1, 2, 3, 3)
    assert_array_equal(mosaic(tile)[2:-2, 2:-2], tile[0].repeat(14, axis=0).repeat(14, axis=1))


def test_filters_of_zeros_and_of_no_numbers_are_middle_grey() -> None:
    figure = draw_filters(np.zeros((1, 1, 2, 2)), np.full((1, 1, 2, 2), np.nan))
    for axes in figure.axes[:2]:
        assert_array_equal(picture(axes)[2:-2, 2:-2], 0.5)


def test_weights_of_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"before must be \(F, C, KH, KW\), got shape \(4, 3\)"):
        draw_filters(noise(4, 3), noise(4, 3))
    with pytest.raises(ValueError, match=r"after must be of shape \(4, 1, 3, 3\), got shape \(4, 1, 3, 2\)"):
        draw_filters(noise(4, 1, 3, 3), noise(4, 1, 3, 2))
    with pytest.raises(ValueError, match=r"before must be of at least one weight, got shape \(0, 1, 3, 3\)"):
        draw_filters(noise(0, 1, 3, 3), noise(0, 1, 3, 3))
