"""The arrays of a case: which are made, what each holds, and that their bytes never change."""

from __future__ import annotations

import hashlib
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.case import Case
from conformance.data import arrays, draw

Array = NDArray[Any]

# The first sixteen digits of the SHA-256 of a few cases' bytes: data that changed would make old reports unrepeatable.
FINGERPRINTS = [
    (
        Case("conv2d", {"x": (2, 3, 4, 5), "weight": (2, 3, 2, 2), "bias": (2,)}, dtype="float32", seed=3),
        "687a450ff2bc4537",
    ),
    (Case("max_pool2d", {"x": (2, 2, 4, 5)}, {"kernel_size": 2}, data="distinct"), "183391131ee7fa16"),
    (Case("cross_entropy", {"logits": (5, 4), "target": (5,)}, data="confident", dtype="float32"), "be2e1ae50a7020dc"),
    (Case("cross_entropy", {"logits": (3, 4), "target": (3, 4)}, data="limits"), "47549394d37bc201"),
    (Case("linear", {"x": (4, 3), "weight": (2, 3)}, data="wide", layout="mixed", seed=11), "cf8b94277d8f0bb6"),
    (Case("adam_update", dict.fromkeys(("param", "grad", "m", "v"), (3,)), {"step": 1, "lr": 0.1}), "be3210b93d9498c9"),
]


@pytest.mark.parametrize(("case", "fingerprint"), FINGERPRINTS)
def test_the_bytes_of_a_case_never_change(case: Case, fingerprint: str) -> None:
    digest = hashlib.sha256()
    for name, array in arrays(case, grad_output=(2, 2)).items():
        stored = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<")))
        digest.update(name.encode() + stored.tobytes())
    assert digest.hexdigest()[:16] == fingerprint
    again = arrays(case, grad_output=(2, 2))
    for name, array in arrays(case, grad_output=(2, 2)).items():
        np.testing.assert_array_equal(array, again[name], strict=True)


@pytest.mark.parametrize("data", ["uniform", "integers", "wide", "zero_grad", "no_grad", "zeros"])
def test_an_array_without_axes_is_an_array_too(data: str) -> None:
    case = Case("adam_update", dict.fromkeys(("param", "grad", "m", "v"), ()), {"step": 1, "lr": 0.1}, data=data)
    for dtype in ("float32", "float64"):
        made = arrays(case.but(dtype=dtype))
        assert [(type(array), array.shape, str(array.dtype)) for array in made.values()] == [
            (np.ndarray, (), dtype)
        ] * 4


def test_pixels_of_8_bits_stand_beside_floating_numbers() -> None:
    case = Case("conv2d", {"x": (2, 3, 4, 5), "weight": (2, 3, 2, 2)}, data="bytes")
    assert {name: str(array.dtype) for name, array in arrays(case).items()} == {"x": "uint8", "weight": "float64"}


def test_a_gradient_of_zero_stands_beside_a_memory_of_others() -> None:
    made = arrays(Case("momentum_update", dict.fromkeys(("param", "grad", "velocity"), (3, 4)), {}, data="no_grad"))
    assert {name: bool(array.any()) for name, array in made.items()} == {"param": True, "grad": False, "velocity": True}


def test_weights_of_two_classes_and_weights_that_are_whole_numbers() -> None:
    case = Case("cross_entropy", {"logits": (6, 4), "target": (6, 4)}, data="several_hot")
    target = arrays(case)["target"]
    assert set(target.ravel().tolist()) == {0.0, 1.0}
    assert target.sum(axis=1).tolist() == [2.0] * 6
    weights = arrays(case.but(data="one_without"))["target"]
    assert (weights.sum(axis=1) > 0).tolist() == [False] + [True] * 5
    for shape in ((6, 4), (6, 1)):
        assert arrays(case.with_shapes(target=shape).but(data="whole_weights"))["target"].dtype == "int64"


CONV = Case("conv2d", {"x": (2, 3, 4, 5), "weight": (2, 3, 2, 2)})


def test_an_array_without_a_shape_is_not_made() -> None:
    assert list(arrays(CONV)) == ["x", "weight"]
    assert list(arrays(CONV, grad_output=(2, 2, 3, 4))) == ["x", "weight", "grad_output"]
    assert arrays(CONV.with_shapes(grad_output=(1, 1)))["grad_output"].shape == (1, 1)


def test_the_seed_and_the_arguments_name_make_the_numbers() -> None:
    one, other = arrays(CONV)["x"], arrays(CONV.but(seed=1))["x"]
    assert not np.any(one == other)
    same_shape = arrays(CONV.with_shapes(weight=(2, 3, 4, 5)))
    assert not np.any(same_shape["x"] == same_shape["weight"])


def test_the_layout_follows_the_place_of_the_argument() -> None:
    x, weight = arrays(CONV.but(layout="mixed")).values()
    assert x.flags.f_contiguous
    assert isinstance(weight.base, np.ndarray)
    assert weight.base.shape == (5, 7, 5, 5)


def test_uniform_whole_wide_and_special_numbers_fill_every_array() -> None:
    for data in ("integers", "wide", "uniform", "specials"):
        made = arrays(CONV.but(data=data))
        np.testing.assert_array_equal(made["weight"], draw(data, (2, 3, 2, 2), "float64", 0, crc32(b"weight")))
    made = arrays(CONV.but(data="large"))
    assert np.abs(made["weight"]).max() <= 2
    assert np.abs(made["x"]).max() > 100


def test_an_unknown_kind_of_data_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"^data must be one of uniform, .*, got 'gaussian'$"):
        arrays(CONV.but(data="gaussian"))


def test_variances_and_second_moments_are_never_negative() -> None:
    vectors: dict[str, tuple[int, ...]] = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (50,))
    made = arrays(Case("batch_norm", {"x": (2, 50), **vectors}, {"training": True}, data="wide"))
    assert made["running_var"].min() > 0
    assert made["running_mean"].min() < 0
    moments = arrays(Case("adam_update", dict.fromkeys(("param", "grad", "m", "v"), (50,)), {"step": 1, "lr": 1.0}))
    assert moments["v"].min() >= 0.25


@pytest.mark.parametrize("data", ["ties", "orders", "tie_patterns", "minus_infinity", "zero_ties", "constant"])
def test_gradients_of_routing_cases_are_powers_of_two(data: str) -> None:
    case = Case("max_pool2d", {"x": (2, 2, 2, 2)}, {"kernel_size": 1}, data=data)
    np.testing.assert_array_equal(arrays(case, grad_output=(2, 2, 2, 2))["grad_output"][0, 0], [[1, 2], [4, 8]])


def labels(data: str, *target: int, dtype: str = "float64") -> Array:
    case = Case("cross_entropy", {"logits": (target[0], 3), "target": target}, data=data, dtype=dtype, seed=2)
    return arrays(case)["target"]


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        ("uniform", "int64"),
        ("uint8_labels", "uint8"),
        ("int16_labels", "int16"),
        ("int32_labels", "int32"),
        ("uint64_labels", "uint64"),
    ],
)
def test_labels_name_every_class_in_their_own_type(data: str, dtype: str) -> None:
    made = labels(data, 40)
    assert made.dtype == dtype
    assert set(made.tolist()) == {0, 1, 2}


@pytest.mark.parametrize(
    ("data", "last"), [("labels_too_large", 3), ("labels_negative", -1), ("labels_far_below", -100)]
)
def test_one_bad_label_stands_at_the_end(data: str, last: int) -> None:
    made = labels(data, 40)
    assert made[-1] == last
    assert set(made[:-1].tolist()) == {0, 1, 2}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_hot_rows_have_a_single_one(dtype: str) -> None:
    made = labels("one_hot", 40, 3, dtype=dtype)
    assert made.dtype == dtype
    assert sorted(set(made.ravel().tolist())) == [0.0, 1.0]
    np.testing.assert_array_equal(made.sum(axis=1), 1.0)
    assert made.sum(axis=0).min() > 0


def test_weights_are_positive_and_need_not_sum_to_one() -> None:
    made = labels("uniform", 40, 3)
    assert made.min() >= 0.25
    assert np.abs(made.sum(axis=1) - 1).max() > 0.1


def test_integer_arrays_hold_whole_numbers_and_so_do_their_targets() -> None:
    assert arrays(CONV.but(dtype="int64"))["x"].dtype == "int64"
    assert labels("uniform", 40, 3, dtype="int64").dtype == "int64"


def test_smoothed_rows_sum_to_one_and_are_largest_at_the_label() -> None:
    made = labels("smoothed", 40, 3)
    # Three numbers that were rounded.
    np.testing.assert_allclose(made.sum(axis=1), 1.0, rtol=1e-15)
    np.testing.assert_array_equal(made.argmax(axis=1), labels("one_hot", 40, 3).argmax(axis=1))
    assert set(made.ravel().tolist()) == {0.25 / 3, 0.75 + 0.25 / 3}
