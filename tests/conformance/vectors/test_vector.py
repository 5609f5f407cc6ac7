"""A vector is kept only if it can tell right from wrong, and keeps its id whatever is added around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.case import Case
from conformance.requirements import REQUIREMENTS, Requirement
from conformance.vectors.vector import Candidate, make_vector


def requirement(id_: str) -> Requirement:
    (found,) = (each for each in REQUIREMENTS if each.id == id_)
    return found


def pool(size: int, dtype: str) -> Candidate:
    attributes = {"kernel_size": (1, 2), "stride": 1}
    case = Case("max_pool2d", {"x": (1, 1, size, 3)}, attributes, dtype=dtype, data="ties")
    return Candidate(requirement("max_pool2d.routing"), case, True)


def test_gradients_that_are_powers_of_two_are_exact_while_their_sums_have_room() -> None:
    vector = make_vector(pool(12, "float32"), {})
    assert vector is not None
    assert vector.function == "max_pool2d_backward"
    assert {"exact", "tie", "backward"} <= set(vector.flags)
    assert not vector.answers["grad_x"].allowed.any()
    # Each of the 24 windows adds its own bit.
    assert vector.answers["grad_x"].value.sum() == 2.0**24 - 1


def test_an_average_that_is_not_exact_makes_no_exact_vector() -> None:
    case = Case("avg_pool2d", {"x": (4, 4, 3, 3)}, {"kernel_size": 3}, data="integers")
    assert make_vector(Candidate(requirement("avg_pool2d.exact"), case, True), {}) is None


@pytest.mark.parametrize("data", ["negative", "zeros"])
def test_answers_that_are_all_zero_make_no_vector(data: str) -> None:
    candidate = Candidate(requirement("relu.values"), Case("relu", {"x": (3,)}, data=data), True)
    assert make_vector(candidate, {}) is None
    assert make_vector(replace(candidate, case=candidate.case.but(data="positive")), {}) is not None


def test_a_nan_that_meets_no_window_makes_no_vector() -> None:
    case = Case("conv1d", {"x": (1, 1, 3), "weight": (1, 1, 1)})
    assert make_vector(Candidate(requirement("conv1d.not_a_number"), case, True), {}) is None


@pytest.mark.parametrize("id_", ["relu.special_values", "tanh.special_values", "conv1d.not_a_number"])
def test_there_is_one_nan_and_one_zero(id_: str) -> None:
    bits = set()
    for case in requirement(id_).corners:
        vector = make_vector(Candidate(requirement(id_), case, True), {})
        if vector is not None:
            for answer in vector.answers.values():
                special = np.isnan(answer.value) | (answer.value == 0)
                bits |= set(answer.value[special].view(np.uint64).tolist())
    assert bits == {0, 0x7FF8000000000000}


def test_an_id_depends_on_the_case_and_not_on_its_note() -> None:
    case = Case("relu", {"x": (3,)}, note="three numbers")
    one = Candidate(requirement("relu.values"), case, True)
    assert one.id.startswith("relu-")
    assert Candidate(requirement("relu.special_values"), case.but(note="other words"), False).id == one.id
    others = [
        Candidate(requirement("relu.values"), case.but(seed=1), True),
        Candidate(requirement("relu.refusals"), case, True),
        Candidate(requirement("relu_backward.values"), case, True),
    ]
    assert len({one.id, *(each.id for each in others)}) == 4


def test_the_id_of_a_case_is_the_same_for_ever() -> None:
    """Whoever lists known failures by id relies on it."""
    case = Case("softmax", {"x": (2, 3)}, {"axis": 0}, dtype="float32", seed=7)
    assert Candidate(requirement("softmax.values"), case, True).id == "softmax-e89d37236089"


def test_inputs_are_what_the_function_is_passed() -> None:
    case = Case("linear", {"x": (2, 3), "weight": (4, 3), "bias": (4,)})
    forward = make_vector(Candidate(requirement("linear.values"), case, True), {})
    backward = make_vector(Candidate(requirement("linear_backward.values"), case, True), {})
    assert forward is not None
    assert backward is not None
    assert list(forward.inputs) == ["x", "weight", "bias"]
    assert sorted(backward.inputs) == ["grad_output", "weight", "x"]
    assert forward.note == "what goes wrong where these meet: 2 samples, a bias"
    assert backward.note == "what goes wrong where these meet: 2 samples"
    x, weight, bias = forward.inputs.values()
    assert np.allclose(forward.answers["y"].value, x @ weight.T + bias, rtol=1e-12)


def test_a_case_in_which_nothing_meets_says_so() -> None:
    vector = make_vector(Candidate(requirement("relu.values"), Case("relu", {"x": (3,)}, data="wide"), False), {})
    assert vector is not None
    assert vector.note == "what goes wrong with plain numbers; magnitudes far apart"
