"""The oracle's pools equal a loop over windows, each looked at pixel by pixel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, uniform_filter

from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.comparison import compare
from conformance.corners import ROUTING, SHAPES, SIZES, SPECIAL
from conformance.oracle import answers
from conformance.plan import Plan

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

Array = NDArray[Any]
Window = list[tuple[int, int]]


def cases_of(operator: str) -> list[Case]:
    """Return the problems that are small enough to take a pixel at a time."""
    written = (*SIZES.get(operator, ()), *SHAPES.get(operator, ()), *SPECIAL.get(operator, ()))
    cases = (*Plan("default").grid(operator), *written, *(ROUTING if operator == "max_pool2d" else ()))
    return [case for case in cases if case.elements < 20_000]


def value(call: Call) -> Array:
    return answers(call.function, call.case, call.arrays, {})[0].value


def two(value: Any) -> tuple[Any, Any]:
    return (value, value) if isinstance(value, int) else value


def starts(size: int, cells: int, step: int, gap: int, pad: tuple[int, int], ceil_mode: bool) -> list[int]:
    """Where the windows begin, in padded pixels: while one fits, or with ceil_mode begins before the image ends."""
    span, padded = gap * (cells - 1) + 1, size + sum(pad)
    begin = list(range(0, padded - span + 1, step))
    if ceil_mode and begin[-1] + span < padded and begin[-1] + step < size + pad[0]:
        begin.append(begin[-1] + step)
    return begin


def windows(call: Call) -> Iterator[tuple[int, int, Window, int]]:
    """Yield (row, column, pixels in row-major order, cells inside the padded image) for each window."""
    attributes = call.case.all_attributes
    sizes, kernel = call.arrays["x"].shape[2:], two(attributes["kernel_size"])
    stride = kernel if attributes["stride"] is None else two(attributes["stride"])
    gaps = two(attributes.get("dilation", 1))
    pads = [two(side) for side in two(attributes["padding"])]
    begin = [starts(*axis, attributes["ceil_mode"]) for axis in zip(sizes, kernel, stride, gaps, pads, strict=True)]
    for o, top in enumerate(begin[0]):
        for p, left in enumerate(begin[1]):
            cells = [(top + k * gaps[0], left + q * gaps[1]) for k, q in np.ndindex(*kernel)]
            padded = [(i, j) for i, j in cells if i < sizes[0] + sum(pads[0]) and j < sizes[1] + sum(pads[1])]
            moved = [(i - pads[0][0], j - pads[1][0]) for i, j in padded]
            inside = [(i, j) for i, j in moved if 0 <= i < sizes[0] and 0 <= j < sizes[1]]
            yield o, p, inside, len(padded)


def largest(pixels: list[float]) -> float:
    return math.nan if any(map(math.isnan, pixels)) else max(pixels, default=-math.inf)


def test_max_pool_takes_the_largest_pixel_of_each_window() -> None:
    for case in cases_of("max_pool2d"):
        call = forward(case)
        x, got = call.arrays["x"], value(call)
        want = np.full(got.shape, 77.0)
        for o, p, pixels, _ in windows(call):
            for n, c in np.ndindex(*x.shape[:2]):
                want[n, c, o, p] = largest([float(x[n, c, i, j]) for i, j in pixels])
        np.testing.assert_array_equal(got, want, err_msg=case.describe())


def test_max_pool_sends_each_gradient_to_the_first_maximum() -> None:
    for case in cases_of("max_pool2d"):
        call = backward(case.but(data="integers") if case.data == "uniform" else case)
        x, grad = call.arrays["x"], call.arrays["grad_output"]
        want = np.zeros(x.shape)
        for o, p, pixels, _ in windows(call):
            for n, c in np.ndindex(*x.shape[:2]):
                seen = [float(x[n, c, i, j]) for i, j in pixels]
                top = largest(seen)
                hits = [at for at, v in zip(pixels, seen, strict=True) if v == top or math.isnan(v)]
                if hits:
                    want[n, c, hits[0][0], hits[0][1]] += float(grad[n, c, o, p])
        # At most 25 gradients of size 2 meet a pixel, and they are added in another order.
        np.testing.assert_allclose(value(call), want, rtol=1e-14, atol=1e-13, err_msg=case.describe())


def divisor(case: Case, pixels: Window, padded: int) -> int:
    return padded if case.all_attributes["count_include_pad"] else len(pixels)


def test_avg_pool_divides_the_sum_of_the_pixels_by_the_cells_that_count() -> None:
    for case in cases_of("avg_pool2d"):
        call = forward(case)
        x, got = call.arrays["x"], value(call)
        want = np.full(got.shape, 77.0)
        for o, p, pixels, padded in windows(call):
            for n, c in np.ndindex(*x.shape[:2]):
                total = math.fsum(float(x[n, c, i, j]) for i, j in pixels)
                want[n, c, o, p] = total / divisor(case, pixels, padded)
        # fsum is exact; 552 summands of the largest image may each cost the oracle half a unit.
        scale = np.abs(x).max()
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-13 * scale, err_msg=case.describe())


def test_avg_pool_shares_each_gradient_among_the_pixels() -> None:
    for case in cases_of("avg_pool2d"):
        call = backward(case)
        x, grad = call.arrays["x"], call.arrays["grad_output"]
        want = np.zeros(x.shape)
        for o, p, pixels, padded in windows(call):
            for i, j in pixels:
                want[:, :, i, j] += grad[:, :, o, p].astype(np.float64) / divisor(case, pixels, padded)
        # A few shares of one size are added in another order.
        np.testing.assert_allclose(value(call), want, rtol=0, atol=1e-14 * np.abs(grad).max(), err_msg=case.describe())


def test_global_avg_pool_is_the_mean_of_each_image() -> None:
    for case in (*Plan("default").grid("global_avg_pool2d"), *SIZES["global_avg_pool2d"]):
        call = forward(case)
        x = call.arrays["x"]
        want = [
            [[[math.fsum(map(float, x[n, c].ravel())) / x[n, c].size]] for c in range(x.shape[1])]
            for n in range(len(x))
        ]
        # Pairwise summation of at most 552 numbers.
        np.testing.assert_allclose(value(call), want, rtol=0, atol=1e-14 * np.abs(x).max())


def test_global_avg_pool_gives_every_pixel_the_same_share() -> None:
    for case in Plan("default").grid("global_avg_pool2d"):
        call = backward(case)
        x, grad = call.arrays["x"], call.arrays["grad_output"].astype(np.float64)
        got = value(call)
        for n, c, i, j in np.ndindex(*x.shape):
            assert got[n, c, i, j] == grad[n, c, 0, 0] / (x.shape[2] * x.shape[3])


@pytest.mark.parametrize("size", [1, 3, 5])
def test_scipys_filters_agree_where_the_window_is_centred_on_each_pixel(size: int) -> None:
    x = np.random.default_rng(size).standard_normal((2, 3, 6, 7))
    attributes = {"kernel_size": size, "stride": 1, "padding": size // 2}
    shapes = {"x": x.shape}
    largest_of = answers("max_pool2d", Case("max_pool2d", shapes, attributes), {"x": x}, {})[0].value
    mean_of = answers("avg_pool2d", Case("avg_pool2d", shapes, attributes), {"x": x}, {})[0].value
    window = (1, 1, size, size)
    np.testing.assert_array_equal(largest_of, maximum_filter(x, window, mode="constant", cval=-np.inf))
    # uniform_filter keeps a running sum, whose rounding gathers along an axis of 7.
    np.testing.assert_allclose(mean_of, uniform_filter(x, window, mode="constant"), rtol=0, atol=1e-14)


def test_a_subnormal_maximum_may_be_any_subnormal_number() -> None:
    # With subnormal inputs taken for 0 all pixels are equal; a larger number is compared exactly.
    x = np.array([[[[1e-310, -3e-310, 2.0, -1.0]]]])
    case = Case("max_pool2d", {"x": x.shape}, {"kernel_size": (1, 2)})
    (answer,) = answers("max_pool2d", case, {"x": x}, {})
    assert compare("y", np.array([[[[-3e-310, 2.0]]]]), answer).violation is None
    assert compare("y", np.array([[[[1e-300, 2.0]]]]), answer).violation is not None
    assert answer.allowed.ravel()[1] == 0
