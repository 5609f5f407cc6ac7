"""The oracle's convolutions equal scipy's correlation and convolution of one zero-filled block with another.

All numbers are small and whole, so that every sum of products is exact and equality is meant literally.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import convolve, correlate

from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.corners import SHAPES, SIZES
from conformance.oracle import answers, output_shape
from conformance.plan import Plan

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

Array = NDArray[Any]


def whole_cases(operator: str) -> list[Case]:
    """Return the problems that SciPy's correlation, called for each pair of a filter and a channel, solves in time."""
    cases = (*Plan("quick").grid(operator), *SIZES[operator][::2], *SHAPES[operator][::2])
    return [case.but(data="integers") for case in cases if max(case.elements, math.prod(output_shape(case))) < 6000]


def values(call: Call) -> list[Array]:
    return [answer.value for answer in answers(call.function, call.case, call.arrays, {})]


def per_axis(value: Any, axes: int) -> list[int]:
    return [value] * axes if isinstance(value, int) else list(value)


def pads(padding: Any, axes: int) -> list[tuple[int, int]]:
    """One signal axis takes (left, right); two image axes take (vertical, horizontal) or a pair of pairs."""
    if isinstance(padding, int):
        return [(padding, padding)] * axes
    if axes == 1:
        return [tuple(padding)]
    return [(side, side) if isinstance(side, int) else side for side in padding]


def spread(array: Array, steps: list[int]) -> Array:
    """Put steps - 1 zeros between neighbours along the last axes."""
    lead = array.shape[: array.ndim - len(steps)]
    sizes = [(size - 1) * step + 1 for size, step in zip(array.shape[len(lead) :], steps, strict=True)]
    block = np.zeros((*lead, *sizes))
    every: tuple[Any, ...] = (..., *(slice(None, None, step) for step in steps))
    block[every] = array
    return block


def convolved(x: Array, weight: Array, attributes: dict[str, Any]) -> Array:
    """Pad, spread the kernel, correlate where it fits, and keep every stride-th result."""
    axes, groups = x.ndim - 2, attributes["groups"]
    padded = np.pad(x.astype(np.float64), [(0, 0), (0, 0), *pads(attributes["padding"], axes)])
    kernel = spread(weight, per_axis(attributes["dilation"], axes))
    kept = (..., *(slice(None, None, step) for step in per_axis(attributes["stride"], axes)))
    filters, channels = weight.shape[:2]
    return np.array(
        [
            [
                correlate(image[f // (filters // groups) * channels :][:channels], kernel[f], "valid", "direct")[0][
                    kept
                ]
                for f in range(filters)
            ]
            for image in padded
        ]
    )


def transposed(x: Array, weight: Array, attributes: dict[str, Any], sizes: tuple[int, ...]) -> Array:
    """Spread the image, convolve it in full with the spread kernel, and cut ``sizes`` out behind the padding."""
    axes, groups = x.ndim - 2, attributes["groups"]
    image = spread(x, per_axis(attributes["stride"], axes))
    kernel = spread(weight, per_axis(attributes["dilation"], axes))
    channels = weight.shape[0] // groups
    y = np.array(
        [
            [
                sum(convolve(sample[c], kernel[c, f], "full", "direct") for c in group)
                for group in np.split(np.arange(groups * channels), groups)
                for f in range(weight.shape[1])
            ]
            for sample in image
        ]
    )
    # Behind the last number written there is nothing.
    before = [pad[0] for pad in pads(attributes["padding"], axes)]
    y = np.pad(y, [(0, 0), (0, 0), *((0, cut + size) for cut, size in zip(before, sizes, strict=True))])
    inside: tuple[Any, ...] = (..., *(slice(cut, cut + size) for cut, size in zip(before, sizes, strict=True)))
    return np.asarray(y[inside])


def kernel_gradient(image: Array, kernel: Array, slope: Array, attributes: dict[str, Any]) -> Array:
    """Correlate the padded image with the spread gradient, and keep every dilation-th result."""
    axes = image.ndim - 2
    padded = np.pad(image.astype(np.float64), [(0, 0), (0, 0), *pads(attributes["padding"], axes)])
    read = spread(slope, per_axis(attributes["stride"], axes))
    filters, channels = kernel.shape[:2]
    shared = filters // attributes["groups"]
    kept = tuple(
        slice(0, (cells - 1) * gap + 1, gap)
        for cells, gap in zip(kernel.shape[2:], per_axis(attributes["dilation"], axes), strict=True)
    )
    return np.array(
        [
            [
                correlate(padded[:, f // shared * channels + c], read[:, f], "valid", "direct")[0][kept]
                for c in range(channels)
            ]
            for f in range(filters)
        ]
    )


def with_bias(y: Array, arrays: Any) -> Array:
    return y + arrays["bias"].reshape(-1, *(1,) * (y.ndim - 2)) if "bias" in arrays else y


@pytest.mark.parametrize("operator", ["conv1d", "conv2d"])
def test_a_convolution_is_a_correlation_of_the_padded_image_with_the_spread_kernel(operator: str) -> None:
    for case in whole_cases(operator):
        call = forward(case)
        want = convolved(call.arrays["x"], call.arrays["weight"], case.all_attributes)
        np.testing.assert_array_equal(
            values(call)[0], with_bias(want, call.arrays), err_msg=case.describe(), strict=True
        )


def test_a_transposed_convolution_is_a_full_convolution_of_the_spread_image() -> None:
    for case in whole_cases("conv_transpose2d"):
        call, attributes = forward(case), case.all_attributes
        x, weight = call.arrays["x"], call.arrays["weight"]
        sizes = tuple(
            (size - 1) * step - sum(pad) + gap * (cells - 1) + extra + 1
            for size, cells, step, gap, extra, pad in zip(
                x.shape[2:],
                weight.shape[2:],
                per_axis(attributes["stride"], 2),
                per_axis(attributes["dilation"], 2),
                per_axis(attributes["output_padding"], 2),
                pads(attributes["padding"], 2),
                strict=True,
            )
        )
        want = with_bias(transposed(x, weight, attributes, sizes), call.arrays)
        np.testing.assert_array_equal(values(call)[0], want, err_msg=case.describe(), strict=True)


@pytest.mark.parametrize("operator", ["conv1d", "conv2d"])
def test_the_image_gradient_of_a_convolution_is_the_transposed_convolution(operator: str) -> None:
    for case in whole_cases(operator):
        call = backward(case)
        x, weight, grad = (call.arrays[name] for name in ("x", "weight", "grad_output"))
        want = transposed(grad, weight, case.all_attributes, x.shape[2:])
        np.testing.assert_array_equal(values(call)[0], want, err_msg=case.describe(), strict=True)


@pytest.mark.parametrize("operator", ["conv1d", "conv2d"])
def test_the_kernel_gradient_correlates_the_padded_image_with_the_spread_gradient(operator: str) -> None:
    for case in whole_cases(operator):
        call = backward(case)
        x, weight, grad = (call.arrays[name] for name in ("x", "weight", "grad_output"))
        want = kernel_gradient(x, weight, grad, case.all_attributes)
        np.testing.assert_array_equal(values(call)[1], want, err_msg=case.describe(), strict=True)


def test_the_image_gradient_of_a_transposed_convolution_is_the_convolution() -> None:
    for case in whole_cases("conv_transpose2d"):
        call = backward(case)
        H, W = call.arrays["x"].shape[2:]
        # An output_padding above the stride makes room for windows that no pixel of x wrote.
        want = convolved(call.arrays["grad_output"], call.arrays["weight"], case.all_attributes)[..., :H, :W]
        np.testing.assert_array_equal(values(call)[0], want, err_msg=case.describe(), strict=True)


def test_the_kernel_gradient_of_a_transposed_convolution_swaps_image_and_gradient() -> None:
    for case in whole_cases("conv_transpose2d"):
        call = backward(case)
        x, weight, grad = (call.arrays[name] for name in ("x", "weight", "grad_output"))
        want = kernel_gradient(grad, weight, x, case.all_attributes)
        np.testing.assert_array_equal(values(call)[1], want, err_msg=case.describe(), strict=True)


@pytest.mark.parametrize("operator", ["conv1d", "conv2d", "conv_transpose2d"])
def test_the_bias_gradient_adds_up_samples_and_pixels(operator: str) -> None:
    for case in whole_cases(operator):
        call = backward(case)
        grad = call.arrays["grad_output"].astype(np.float64)
        want = [math.fsum(grad[:, f].flat) for f in range(grad.shape[1])]
        np.testing.assert_array_equal(values(call)[2], want, err_msg=case.describe())
