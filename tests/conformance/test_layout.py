"""Every layout holds the same numbers, and lies in memory as it is meant to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance import layout as layouts
from conformance.layout import ALL_LAYOUTS, LAYOUTS, lay_out, share_memory

Array = NDArray[Any]
SHAPES = [(5,), (2, 3), (2, 3, 4), (2, 3, 4, 5), (0, 3), (1, 1, 1, 1)]
REPEATED = ("broadcast", "broadcast_last")
SAME = [name for name in ALL_LAYOUTS if name not in REPEATED]


def numbers(shape: tuple[int, ...]) -> Array:
    return np.arange(float(np.prod(shape))).reshape(shape)


@pytest.mark.no_cover
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layout", SAME)
def test_a_layout_keeps_the_numbers_and_the_type(layout: str, shape: tuple[int, ...]) -> None:
    for position in range(5):
        for dtype in ("float32", "float64", "int64"):
            array = numbers(shape).astype(dtype)
            np.testing.assert_array_equal(lay_out(array, layout, position), numbers(shape).astype(dtype), strict=True)


@pytest.mark.parametrize(
    ("layout", "strides"),
    [
        ("contiguous", (480, 160, 40, 8)),
        ("fortran", (8, 16, 48, 192)),
        ("channels_last", (480, 8, 120, 24)),
        ("swapped", (480, 160, 8, 32)),
        ("negative", (-480, -160, -40, -8)),
        ("strided", (2 * 7 * 9 * 11 * 8, 2 * 9 * 11 * 8, 2 * 11 * 8, 2 * 8)),
        ("broadcast", (0, 160, 40, 8)),
        ("broadcast_last", (480, 160, 40, 0)),
        ("cropped", (3 * 4 * 8 * 8, 4 * 8 * 8, 8 * 8, 8)),
        ("first_channels", (6 * 160, 160, 40, 8)),
        ("read_only", (480, 160, 40, 8)),
    ],
)
def test_the_strides_of_a_layout(layout: str, strides: tuple[int, ...]) -> None:
    assert lay_out(numbers((2, 3, 4, 5)), layout, 0).strides == strides


def test_a_matrix_with_its_channels_last_is_stored_column_by_column() -> None:
    assert lay_out(numbers((2, 3)), "channels_last", 0).strides == (8, 16)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_writing_is_refused_where_memory_is_read_only_or_shared(layout: str) -> None:
    assert lay_out(numbers((2, 3)), layout, 0).flags.writeable == (layout not in ("read_only", *REPEATED))


def test_a_broadcast_array_repeats_its_first_entry() -> None:
    array = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(lay_out(array, "broadcast", 0), [[1.0, 2.0]] * 2)
    np.testing.assert_array_equal(lay_out(array, "broadcast_last", 0), [[1.0, 1.0], [3.0, 3.0]])


@pytest.mark.parametrize("layout", REPEATED)
@pytest.mark.parametrize("shape", [(), (0, 3), (3, 0)])
def test_what_has_no_first_entry_stays_as_it_is(shape: tuple[int, ...], layout: str) -> None:
    assert lay_out(numbers(shape), layout, 0).shape == shape


def test_what_follows_a_cropped_array_is_not_a_number() -> None:
    whole = lay_out(numbers((2, 3)), "cropped", 0).base
    assert isinstance(whole, np.ndarray)
    np.testing.assert_array_equal(np.isnan(whole), [[False] * 3 + [True] * 3] * 2)


def test_what_lies_between_strided_numbers_is_not_a_number() -> None:
    view = lay_out(numbers((2, 2)), "strided", 0)
    block = view.base
    assert isinstance(block, np.ndarray)
    assert np.isnan(block).sum() == block.size - view.size
    whole = lay_out(np.ones((2, 2), dtype=np.int64), "strided", 0).base
    assert isinstance(whole, np.ndarray)
    assert (whole == 77).sum() == whole.size - 4


@pytest.mark.parametrize(
    ("layout", "order"),
    [
        ("mixed", ["fortran", "strided", "negative", "swapped", "fortran", "fortran"]),
        ("first_fortran", ["fortran", "contiguous", "contiguous"]),
        ("rest_fortran", ["contiguous", "fortran", "fortran"]),
        ("rest_strided", ["contiguous", "strided", "strided"]),
    ],
)
def test_some_layouts_give_each_argument_of_a_call_its_own(layout: str, order: list[str]) -> None:
    for position, name in enumerate(order):
        by_place, plain = (lay_out(numbers((2, 3, 4)), layout, position), lay_out(numbers((2, 3, 4)), name, 0))
        assert by_place.strides == plain.strides


def test_an_unknown_layout_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"^layout must be one of contiguous, .*, rest_strided, got 'diagonal'$"):
        lay_out(numbers((2,)), "diagonal", 0)


def test_cells_between_cells_share_no_memory() -> None:
    block = np.zeros(12)
    assert share_memory(block[::2], block[4:])
    assert not share_memory(block[::2], block[1::2])
    assert not share_memory(block, block.copy())


def test_what_is_too_hard_to_say_counts_as_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    block = np.zeros((191, 192, 193), np.int8)
    one, other = block[::3, ::5, ::7], block[1::5, 2::7, 3::11]
    shared = share_memory(one, other)
    monkeypatch.setattr(layouts, "_STEPS", 1)
    assert share_memory(one, other)
    assert shared == np.shares_memory(one, other)
