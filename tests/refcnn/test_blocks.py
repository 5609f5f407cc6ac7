"""Work in blocks gives what work on everything at once gives."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import refcnn
from refcnn import _blocks
from refcnn._blocks import BLOCK_BYTES, blocks, keep
from refcnn._checks import FloatArray


@given(count=st.integers(0, 50), item_bytes=st.integers(0, 2 * BLOCK_BYTES))
def test_blocks_cover_the_range_once_and_stay_small(count: int, item_bytes: int) -> None:
    cut = list(blocks(count, item_bytes))
    assert [i for part in cut for i in range(count)[part]] == list(range(count))
    assert all(part.stop - part.start == 1 or (part.stop - part.start) * item_bytes <= BLOCK_BYTES for part in cut)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keep_leaves_every_value_as_it_is_or_makes_it_0(dtype: type[np.floating[Any]]) -> None:
    values: FloatArray = np.array([1.5, -2.0, np.inf, -np.inf, np.nan, -0.0, 1e-40], dtype)
    for mask in (np.ones(7, bool), np.zeros(7, bool), np.arange(7) % 2 == 0):
        assert_array_equal(keep(values, mask).view(np.uint8), np.where(mask, values, dtype(0)).view(np.uint8))


@pytest.mark.parametrize("block_bytes", [1, 700, 5000])  # a row of an image, some rows, some images
def test_blocks_change_no_result(block_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole numbers, so that sums in another order are equal."""
    rng = np.random.default_rng(0)

    def whole(*shape: int) -> FloatArray:
        return rng.integers(-8, 9, shape).astype(np.float64)

    x, weight, bias = whole(5, 4, 9, 7), whole(6, 2, 3, 2), whole(6)
    how: dict[str, Any] = {"stride": (2, 1), "padding": ((2, 1), (0, 3)), "dilation": (1, 2), "groups": 2}
    pool: dict[str, Any] = {"stride": (1, 2), "padding": 1, "dilation": (2, 1), "ceil_mode": True}
    transposed: dict[str, Any] = {**how, "padding": ((1, 0), (0, 1)), "output_padding": (1, 0)}

    def results() -> list[FloatArray]:
        y = refcnn.conv2d(x, weight, bias, **how)
        pooled = refcnn.max_pool2d(x, (3, 2), **pool)
        spread = refcnn.conv_transpose2d(y, weight, None, **transposed)
        return [
            y,
            *refcnn.conv2d_backward(y, x, weight, **how),
            pooled,
            refcnn.max_pool2d_backward(pooled, x, (3, 2), **pool),
            spread,
            *refcnn.conv_transpose2d_backward(spread, y, weight, **transposed),
        ]

    monkeypatch.setattr(_blocks, "BLOCK_BYTES", block_bytes)
    in_blocks = results()
    monkeypatch.setattr(_blocks, "BLOCK_BYTES", 2**40)
    for got, want in zip(in_blocks, results(), strict=True):
        assert_array_equal(got, want)


def test_a_crop_of_a_gradient_is_copied_tile_by_tile() -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((64, 8, 30, 30), np.float32), rng.standard_normal((8, 8, 3, 3), np.float32)
    crop = rng.standard_normal((64, 8, 30, 30), np.float32)[:, :, 1:-1, 1:-1]
    how: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    tracemalloc.start()
    grads = refcnn.conv2d_backward(crop, x, weight, **how)
    extra = tracemalloc.get_traced_memory()[1] - sum(grad.nbytes for grad in grads)
    tracemalloc.stop()
    assert extra < 4 * BLOCK_BYTES
    for got, want in zip(grads, refcnn.conv2d_backward(np.ascontiguousarray(crop), x, weight, **how), strict=True):
        assert_array_equal(got, want)
