"""Each kind of data is what its name promises, made from the seed alone, and the same everywhere."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.data import draw, words
from conformance.kinds import KINDS

Array = NDArray[Any]
DTYPES = ("float32", "float64")
RAW = words((40, 50), 1)
EVERY = pytest.mark.parametrize("dtype", DTYPES)


def kind(name: str, dtype: str, raw: NDArray[np.uint64] = RAW) -> Array:
    return KINDS[name](raw, np.dtype(dtype))


def test_words_are_those_of_pcg64_one_an_element() -> None:
    assert words((2, 3), 5, 6).tolist() == np.random.PCG64([5, 6]).random_raw(6).reshape(2, 3).tolist()
    assert words((), 0).shape == ()


@pytest.mark.parametrize("name", KINDS)
@EVERY
def test_a_kind_keeps_shape_and_type_also_of_an_empty_array(name: str, dtype: str) -> None:
    for shape in ((3, 4), (2, 3, 2, 2), (0, 3), (5,)):
        if len(shape) < 2 and name in ("constant", "orders", "tie_patterns"):
            continue
        made = kind(name, dtype, words(shape, 2))
        assert made.shape == shape
        assert made.dtype == dtype


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_gives_the_same_numbers_again(name: str) -> None:
    first, second = (draw(name, (4, 3, 2, 2), "float32", 7, 8) for _ in range(2))
    np.testing.assert_array_equal(first, second, strict=True)


@EVERY
def test_uniform_numbers_lie_in_minus_two_to_two_and_use_every_bit(dtype: str) -> None:
    value = kind("uniform", dtype)
    assert value.min() >= -2
    assert value.max() < 2
    step = 2.0 ** (2 - np.finfo(dtype).nmant - 1)
    multiples = value.astype(np.float64) / step
    np.testing.assert_array_equal(multiples, np.round(multiples))
    assert np.any(multiples % 2 == 1)
    # 2000 numbers of deviation 1.15: the mean's deviation is 0.026.
    assert abs(value.mean()) < 0.13


@EVERY
def test_integers_are_whole_from_minus_four_to_four_without_zero(dtype: str) -> None:
    assert set(kind("integers", dtype).ravel().tolist()) == {-4, -3, -2, -1, 1, 2, 3, 4}


@EVERY
def test_positive_and_negative_numbers_stay_away_from_zero(dtype: str) -> None:
    value = kind("positive", dtype)
    assert value.min() >= 0.25
    assert value.max() < 1.25
    np.testing.assert_array_equal(kind("negative", dtype), -value)


@pytest.mark.parametrize(("dtype", "reach"), [("float32", 10), ("float64", 20)])
def test_wide_numbers_differ_by_many_orders_of_magnitude(dtype: str, reach: int) -> None:
    plain = kind("uniform", dtype)
    assert plain.all()
    assert set(np.log2(kind("wide", dtype) / plain).ravel().tolist()) == set(range(-reach, reach + 1))


@EVERY
def test_octaves_hold_numbers_of_each_octave_and_sign_row_by_row(dtype: str) -> None:
    for shape in ((52, 3), (52, 2, 1, 2)):
        fraction, exponent = np.frexp(kind("octaves", dtype, words(shape, 3)).reshape(52, -1))
        np.testing.assert_array_equal(exponent - 1, np.repeat(np.arange(-12, 14), 2)[:, None] + 0 * exponent)
        np.testing.assert_array_equal(np.sign(fraction), np.tile([1, -1], 26)[:, None] + 0 * fraction)


@EVERY
def test_every_second_image_has_no_bottom(dtype: str) -> None:
    value = kind("bottomless", dtype, words((3, 3, 2, 2), 0)).reshape(9, 4)
    assert np.isneginf(value).all(axis=1).tolist() == [True, False] * 4 + [True]
    assert np.isfinite(value[1::2]).all()


@EVERY
def test_distinct_numbers_are_apart_from_one_another_and_from_zero(dtype: str) -> None:
    value = np.sort(kind("distinct", dtype), axis=None)
    assert np.diff(value).min() >= 0.25
    assert np.abs(value).min() >= 0.125


def test_distinct_numbers_stand_in_the_order_of_the_words() -> None:
    np.testing.assert_array_equal(np.argsort(kind("distinct", "float64"), axis=None), np.argsort(RAW, axis=None))


@EVERY
def test_ties_are_minus_one_zero_and_one(dtype: str) -> None:
    assert set(kind("ties", dtype).ravel().tolist()) == {-1, 0, 1}


@EVERY
def test_orders_show_every_order_of_negative_numbers(dtype: str) -> None:
    images = kind("orders", dtype, words((12, 2, 2, 2), 0)).reshape(24, 4)
    assert sorted(map(tuple, images.tolist())) == sorted(itertools.permutations((-4.0, -3.0, -2.0, -1.0)))


@EVERY
def test_tie_patterns_show_every_pattern_of_three_values(dtype: str) -> None:
    images = kind("tie_patterns", dtype, words((9, 1, 1, 2), 0)).reshape(9, 2)
    assert sorted(map(tuple, images.tolist())) == sorted(itertools.product((-3.0, -2.0, -1.0), repeat=2))


@pytest.mark.parametrize(
    ("name", "specials"),
    [
        ("nan", {math.nan}),
        ("infinite", {math.inf, -math.inf}),
        ("minus_infinity", {math.nan, -math.inf}),
        ("specials", {math.nan, math.inf, -math.inf}),
        ("extremes", {float(np.finfo(np.float32).max), -float(np.finfo(np.float32).max)}),
    ],
)
def test_specials_stand_among_ordinary_numbers(name: str, specials: set[float]) -> None:
    value = kind(name, "float32")
    zeros = value == 0
    special = ~np.isfinite(value) | (np.abs(value) > 2)
    assert 0.15 < (special | zeros).mean() < 0.35
    assert set(map(str, value[special].tolist())) == set(map(str, specials))
    ordinary = ~(special | zeros)
    np.testing.assert_array_equal(value[ordinary], kind("uniform", "float32")[ordinary])


@pytest.mark.parametrize("name", ["nan", "infinite", "minus_infinity", "extremes"])
def test_even_a_single_number_is_special(name: str) -> None:
    for seed in range(20):
        made = kind(name, "float64", words((1,), seed))
        assert not np.isfinite(made[0]) or abs(made[0]) > 2


def test_zeros_come_with_both_signs() -> None:
    value = kind("signed_zeros", "float64")
    assert {math.copysign(1, zero) for zero in value[value == 0].tolist()} == {1.0, -1.0}


@EVERY
def test_subnormal_numbers_are_below_the_smallest_normal_one_and_not_zero(dtype: str) -> None:
    value = np.abs(kind("subnormal", dtype))
    assert value.max() < np.finfo(dtype).tiny
    assert value.min() > 0


@pytest.mark.parametrize(("dtype", "ratio"), [("float32", 1e3), ("float64", 1e7)])
def test_offset_numbers_have_a_mean_far_above_their_deviation(dtype: str, ratio: float) -> None:
    value = kind("offset", dtype).astype(np.float64)
    # 2000 numbers give the deviation to a few hundredths.
    np.testing.assert_allclose(value.mean() / value.std(), ratio, rtol=0.05)


@EVERY
def test_a_constant_channel_is_the_same_everywhere_and_unlike_the_others(dtype: str) -> None:
    value = kind("constant", dtype, words((3, 4, 2, 2), 0))
    np.testing.assert_array_equal(value, np.broadcast_to(value[:1, :, :1, :1], value.shape))
    assert len(set(value[0, :, 0, 0].tolist())) == 4


@EVERY
def test_powers_tell_which_pixels_were_added(dtype: str) -> None:
    value = kind("powers", dtype, words((2, 3, 2, 3), 0))
    np.testing.assert_array_equal(value[1, 2], [[1, 2, 4], [8, 16, 32]])


@EVERY
def test_zero_ties_are_zeros_of_either_sign_and_minus_one(dtype: str) -> None:
    assert {(v, math.copysign(1, v)) for v in kind("zero_ties", dtype).ravel().tolist()} == {(-1, -1), (0, -1), (0, 1)}


def test_constant_kinds_hold_ones_and_zeros() -> None:
    assert set(kind("ones", "float32").ravel().tolist()) == {1.0}
    assert set(kind("zeros", "float32").ravel().tolist()) == {0.0}


@pytest.mark.parametrize(
    ("name", "largest", "smallest"), [("confident", 16.0, 15.0), ("large", 1e4, 9e3), ("shifted", 10002.0, 10001.0)]
)
def test_scaled_and_shifted_numbers_reach_their_size(name: str, largest: float, smallest: float) -> None:
    assert smallest < np.abs(kind(name, "float64")).max() <= largest


@EVERY
def test_numbers_near_the_limits_have_both_signs_and_can_be_added(dtype: str) -> None:
    value, most = kind("limits", dtype).astype(np.float64), float(np.finfo(dtype).max)
    assert most / 128 < value.max() <= most / 64
    assert -most / 64 <= value.min() < -most / 128
