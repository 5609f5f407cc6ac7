"""Small problems of the oracle worked by hand, with the numbers written out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.case import Case
from conformance.contract import operator_of
from conformance.oracle import answers

Array = NDArray[Any]
IMAGE = [[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]]
# All four weights differ, so that a flip, a transposition or a shift shows.
KERNEL = [[[[1.0, 10.0], [100.0, 1000.0]]]]
CONV: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}


def value(function: str, arrays: dict[str, Any], **attributes: Any) -> list[Array]:
    """Ask the oracle, and return the value of each result."""
    made = {name: np.array(array) for name, array in arrays.items()}
    case = Case(operator_of(function).name, {name: a.shape for name, a in made.items()}, attributes)
    return [answer.value for answer in answers(function, case, made, {})]


def one(function: str, arrays: dict[str, Any], **attributes: Any) -> Array:
    return value(function, arrays, **attributes)[0]


@pytest.mark.parametrize(
    ("attributes", "want"),
    [
        ({}, [[5421.0, 6532.0], [8754.0, 9865.0]]),
        ({"stride": (1, 2)}, [[5421.0], [8754.0]]),
        ({"stride": (2, 1)}, [[5421.0, 6532.0]]),
        ({"dilation": 2}, [[9731.0]]),
        ({"dilation": (1, 2)}, [[6431.0], [9764.0]]),
        ({"padding": ((1, 0), (0, 0)), "stride": 2}, [[2100.0], [8754.0]]),
        ({"padding": ((0, 0), (0, 1)), "stride": (2, 2)}, [[5421.0, 603.0]]),
    ],
)
def test_conv2d_of_a_three_by_three_image(attributes: dict[str, Any], want: list[list[float]]) -> None:
    np.testing.assert_array_equal(one("conv2d", {"x": IMAGE, "weight": KERNEL}, **attributes), [[want]])


def test_each_group_sees_its_own_channels() -> None:
    x, weight = [[[1.0, 2.0], [10.0, 20.0]]], [[[1.0]], [[5.0]], [[7.0]], [[9.0]]]
    want = [[[1.5, 2.5], [5.5, 10.5], [70.5, 140.5], [90.5, 180.5]]]
    bias = [0.5, 0.5, 0.5, 0.5]
    np.testing.assert_array_equal(one("conv1d", {"x": x, "weight": weight, "bias": bias}, groups=2), want)


def test_conv1d_pads_left_and_right_by_different_amounts() -> None:
    arrays = {"x": [[[1.0, 2.0]]], "weight": [[[1.0, 10.0]]]}
    np.testing.assert_array_equal(one("conv1d", arrays, padding=(2, 0)), [[[0.0, 10.0, 21.0]]])


def test_the_gradients_of_conv2d_of_a_three_by_three_image() -> None:
    arrays = {"grad_output": [[[[1.0, 2.0], [3.0, 4.0]]]], "x": IMAGE, "weight": KERNEL}
    grad_x, grad_weight, grad_bias = value("conv2d_backward", arrays, **CONV)
    np.testing.assert_array_equal(grad_x, [[[[1.0, 12.0, 20.0], [103.0, 1234.0, 2040.0], [300.0, 3400.0, 4000.0]]]])
    np.testing.assert_array_equal(grad_weight, [[[[37.0, 47.0], [67.0, 77.0]]]])
    np.testing.assert_array_equal(grad_bias, [10.0])


@pytest.mark.parametrize(
    ("attributes", "want"),
    [
        ({}, [[1.0, 12.0, 20.0], [103.0, 1234.0, 2040.0], [300.0, 3400.0, 4000.0]]),
        ({"padding": 1}, [[1234.0]]),
        ({"padding": ((1, 0), (0, 2))}, [[103.0], [300.0]]),
        (
            {"stride": 2},
            [[1, 10, 2, 20], [100, 1000, 200, 2000], [3, 30, 4, 40], [300, 3000, 400, 4000]],
        ),
        (
            {"stride": 2, "padding": ((0, 2), (0, 2)), "output_padding": (0, 1)},
            [[1, 10, 2], [100, 1000, 200]],
        ),
    ],
)
def test_conv_transpose2d_of_two_by_two(attributes: dict[str, Any], want: list[list[float]]) -> None:
    arrays = {"x": [[[[1.0, 2.0], [3.0, 4.0]]]], "weight": KERNEL}
    np.testing.assert_array_equal(one("conv_transpose2d", arrays, **attributes), [[want]])


@pytest.mark.parametrize(
    ("count_include_pad", "want"),
    [
        # 5 columns, windows of 2 by 2 with stride 2, padding 1 in front: the last window overhangs the image.
        (True, [[1 / 4, 5 / 4], [11 / 4, 28 / 4]]),
        (False, [[1.0, 5 / 2], [11 / 2, 7.0]]),
    ],
)
def test_the_divisor_of_padded_windows(count_include_pad: bool, want: list[list[float]]) -> None:
    attributes = {"kernel_size": 2, "padding": ((1, 0), (1, 0)), "count_include_pad": count_include_pad}
    np.testing.assert_array_equal(one("avg_pool2d", {"x": IMAGE}, **attributes), [[want]])


@pytest.mark.parametrize(
    ("padding", "count_include_pad", "want"),
    [
        # No padding: cells beyond the image never count, in a row, a column or the corner.
        (0, True, [[12 / 4, 9 / 2], [15 / 2, 9.0]]),
        # One row and column of padding behind: they count as cells when asked to.
        (((0, 1), (0, 1)), True, [[12 / 4, 9 / 4], [15 / 4, 9 / 4]]),
        (((0, 1), (0, 1)), False, [[12 / 4, 9 / 2], [15 / 2, 9.0]]),
    ],
)
def test_the_divisor_of_overhanging_windows(padding: Any, count_include_pad: bool, want: list[list[float]]) -> None:
    attributes = {"kernel_size": 2, "ceil_mode": True, "padding": padding, "count_include_pad": count_include_pad}
    np.testing.assert_array_equal(one("avg_pool2d", {"x": IMAGE}, **attributes), [[want]])


def test_ceil_mode_keeps_the_last_window_only_if_it_begins_before_the_image_ends() -> None:
    x = [[[[1.0, 2.0, 3.0]]]]
    begins_inside = one("max_pool2d", {"x": x}, kernel_size=(1, 2), stride=2, ceil_mode=True)
    begins_outside = one("max_pool2d", {"x": x}, kernel_size=(1, 2), stride=2, padding=(0, 1), ceil_mode=True)
    np.testing.assert_array_equal(begins_inside, [[[[2.0, 3.0]]]])
    np.testing.assert_array_equal(begins_outside, [[[[1.0, 3.0]]]])


def test_max_pool_sends_a_tie_to_its_first_pixel_and_nan_wins() -> None:
    attributes: dict[str, Any] = {"kernel_size": (1, 3), "stride": 1, "padding": 0, "dilation": 1, "ceil_mode": False}
    arrays = {"grad_output": [[[[1.0, 10.0]]]], "x": [[[[5.0, 5.0, 1.0, 5.0]]]]}
    np.testing.assert_array_equal(one("max_pool2d_backward", arrays, **attributes), [[[[1.0, 10.0, 0.0, 0.0]]]])
    arrays["x"] = [[[[9.0, 5.0, math.nan, math.nan]]]]
    np.testing.assert_array_equal(one("max_pool2d_backward", arrays, **attributes), [[[[0.0, 0.0, 11.0, 0.0]]]])


def test_an_even_window_of_channels_reaches_further_back() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1, 1)
    got = one("local_response_norm", {"x": x}, size=2, alpha=2.0, beta=1.0, k=1.0)
    # alpha / size = 1, and the window is the channel before and the channel itself.
    np.testing.assert_array_equal(got.ravel(), [1 / 2, 2 / 6, 3 / 14, 4 / 26])


def test_local_response_norm_takes_the_root_of_the_mean_square() -> None:
    got = one("local_response_norm", {"x": np.full((1, 1, 1, 1), 2.0)}, size=1, alpha=2.0, beta=0.5, k=1.0)
    # 2 / √(1 + 2·4); the power function may be off by a unit.
    np.testing.assert_allclose(got, [[[[2 / 3]]]], rtol=4e-16)


def test_batch_norm_of_two_values() -> None:
    arrays = {"x": [[1.0], [3.0]], "gamma": [2.0], "beta": [5.0], "running_mean": [10.0], "running_var": [20.0]}
    y, mean, variance = value("batch_norm", arrays, training=True, momentum=0.5, eps=0.0)
    # mean 2, variance 1 (biased) and 2 (unbiased)
    np.testing.assert_array_equal(y, [[3.0], [7.0]])
    np.testing.assert_array_equal([mean[0], variance[0]], [6.0, 11.0])
    y, mean, variance = value("batch_norm", arrays, training=False, eps=5.0)
    # (x - 10) / √25
    np.testing.assert_allclose(y, [[1.4], [2.2]], rtol=4e-16)
    np.testing.assert_array_equal([mean[0], variance[0]], [10.0, 20.0])


def test_cross_entropy_of_two_equal_classes_is_log_two() -> None:
    arrays: dict[str, Any] = {"logits": [[7.0, 7.0]], "target": [1]}
    np.testing.assert_array_equal(one("cross_entropy", arrays), math.log(2))
    np.testing.assert_allclose(one("cross_entropy_backward", arrays), [[0.5, -0.5]], rtol=4e-16)


def test_cross_entropy_divides_by_the_batch_and_keeps_the_weights_sum() -> None:
    logits = [[0.0, math.log(3.0)], [0.0, 0.0]]
    # p = (1/4, 3/4) and (1/2, 1/2); the second sample's weights add up to 4.
    arrays: dict[str, Any] = {"logits": logits, "target": [[1.0, 0.0], [3.0, 1.0]]}
    np.testing.assert_allclose(one("cross_entropy", arrays), (2 * math.log(2) + 4 * math.log(2)) / 2, rtol=1e-15)
    np.testing.assert_allclose(one("cross_entropy_backward", arrays), [[-3 / 8, 3 / 8], [-1 / 2, 1 / 2]], rtol=1e-15)


def test_softmax_of_logarithms_is_their_numbers() -> None:
    got = one("softmax", {"x": np.log([[1.0, 2.0, 5.0]]) + 1e3})
    # Adding 1000 rounds the logarithms to 1.1e-13.
    np.testing.assert_allclose(got, [[1 / 8, 2 / 8, 5 / 8]], rtol=3e-13)


def test_adams_first_step() -> None:
    arrays = {"param": [1.0], "grad": [4.0], "m": [0.0], "v": [0.0]}
    param, m, v = value("adam_update", arrays, step=1, lr=0.5, beta1=0.75, beta2=0.5, eps=1.0)
    # m = 4/4 and v = 16/2, freed of their bias 4 and 16: 1 - 0.5 · 4 / (4 + 1)
    np.testing.assert_allclose([param[0], m[0], v[0]], [0.6, 1.0, 8.0], rtol=4e-16)


def test_adams_second_step_has_another_bias() -> None:
    arrays = {"param": [1.0], "grad": [0.0], "m": [7.0], "v": [0.75]}
    param, m, v = value("adam_update", arrays, step=2, lr=0.25, beta1=0.75, beta2=0.5, eps=0.5)
    # m = 5.25, v = 0.375; bias 1 - 9/16 and 1 - 1/4: m̂ = 12, v̂ = 1/2
    want = 1.0 - 0.25 * 12.0 / (math.sqrt(0.5) + 0.5)
    np.testing.assert_allclose([param[0], m[0], v[0]], [want, 5.25, 0.375], rtol=1e-15)


def test_momentum_updates_the_velocity_before_it_moves() -> None:
    arrays = {"param": [1.0], "grad": [2.0], "velocity": [4.0]}
    param, velocity = value("momentum_update", arrays, lr=0.5, momentum=0.25)
    assert (param[0], velocity[0]) == (-0.5, 3.0)


def test_sgd_moves_against_the_gradient() -> None:
    np.testing.assert_array_equal(one("sgd_update", {"param": [1.0, 1.0], "grad": [2.0, -4.0]}, lr=0.5), [0.0, 3.0])


def test_linear_of_two_samples() -> None:
    arrays = {
        "x": [[1.0, 2.0], [3.0, 4.0]],
        "weight": [[1.0, 10.0], [100.0, 0.0], [0.0, 1.0]],
        "bias": [0.5, 0.0, -1.0],
    }
    np.testing.assert_array_equal(one("linear", arrays), [[21.5, 100.0, 1.0], [43.5, 300.0, 3.0]])
