"""Impure functions are found by what they leave behind."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.calling import backward, forward
from conformance.case import Case
from conformance.checks import memory, purity
from conformance.comparison import Finding, InconclusiveError
from conformance.implementation import CallError, Implementation, from_namespace, load

REFERENCE = load("refcnn")
CASE = Case("relu", {"x": (2, 3)}, data="positive")


def others(case: Case) -> list[Case]:
    return [case.with_shapes(x=(3, 3))]


no_state = memory.no_state(forward, others)


def relu(function: Callable[[Any], Any]) -> Implementation:
    return from_namespace("broken", SimpleNamespace(relu=function))


def message(finding: Finding) -> str:
    assert finding.violation is not None
    return finding.violation.message


@pytest.mark.parametrize(
    "check",
    [
        purity.inputs_unchanged(forward),
        purity.no_alias(forward),
        no_state,
        purity.layouts(forward),
        purity.no_global_state(forward),
    ],
    ids=["inputs_unchanged", "no_alias", "no_state", "layouts", "no_global_state"],
)
@pytest.mark.parametrize("layout", ["contiguous", "read_only", "strided"])
def test_the_reference_is_pure(check: Any, layout: str) -> None:
    assert check(REFERENCE, CASE.but(layout=layout)) == Finding()


def test_a_number_written_into_an_input_is_found() -> None:
    def in_place(x: Any) -> Any:
        x[0, 0] = -1.0
        return refcnn.relu(x)

    finding = purity.inputs_unchanged(forward)(relu(in_place), CASE)
    assert message(finding) == "x was changed by the call"
    assert finding.violation is not None
    assert finding.violation.got is not None
    assert finding.violation.got[0, 0] == -1.0


def test_a_change_of_shape_in_place_is_found() -> None:
    def renamed(x: Any) -> Any:
        result = refcnn.relu(x)
        x.shape = (6,)
        return result

    with pytest.raises(CallError, match=r"^made x, float64 of shape \(2, 3\), into float64 of shape \(6,\)$"):
        purity.inputs_unchanged(forward)(relu(renamed), CASE)


def test_an_argument_that_was_made_read_only_is_found() -> None:
    def frozen(x: Any) -> Any:
        x.setflags(write=False)
        return refcnn.relu(x)

    finding = purity.inputs_unchanged(forward)(relu(frozen), CASE)
    form = "shape (2, 3), strides (24, 8), float64"
    assert message(finding) == f"x was changed in place, from {form}, writable to {form}, read-only"


@pytest.mark.parametrize(
    "view", [lambda x: x, lambda x: x[:, ::-1], np.transpose], ids=["itself", "reversed", "turned"]
)
def test_a_view_of_an_argument_is_found(view: Callable[[Any], Any]) -> None:
    assert message(purity.no_alias(forward)(relu(view), CASE)) == "y shares memory with the argument x"


def test_one_buffer_for_all_results_is_found() -> None:
    buffer = np.zeros((2, 3))

    def into_buffer(x: Any) -> Any:
        return np.maximum(x, 0, out=buffer)

    assert message(purity.no_alias(forward)(relu(into_buffer), CASE)) == (
        "y shares memory with the y of an earlier call"
    )


def test_two_buffers_in_turn_are_found() -> None:
    buffers = [np.zeros((2, 3)), np.zeros((2, 3))]

    def into_buffers(x: Any) -> Any:
        buffers.reverse()
        return np.maximum(x, 0, out=buffers[0])

    assert message(purity.no_alias(forward)(relu(into_buffers), CASE)) == "y was changed by a later call"


def by_shape(cache: dict[Any, Any]) -> Implementation:
    return relu(lambda x: cache.setdefault(x.shape, refcnn.relu(x)).copy())


def test_a_cache_by_shape_is_found() -> None:
    assert message(no_state(by_shape({}), CASE)) == "right in a first call, but the answer is the same for another x"


def test_a_cache_that_was_filled_before_is_inconclusive() -> None:
    with pytest.raises(InconclusiveError, match=r"so a later call says nothing$"):
        no_state(by_shape({(2, 3): np.ones((2, 3))}), CASE)


def test_an_answer_that_is_wrong_for_other_numbers_only_says_nothing_of_the_same_arrays() -> None:
    right = refcnn.relu(forward(CASE).arrays["x"])

    def for_one_case_only(x: Any) -> Any:
        return refcnn.relu(x) + (not np.array_equal(refcnn.relu(x), right))

    with pytest.raises(InconclusiveError, match=r"so the same arrays say nothing$"):
        no_state(relu(for_one_case_only), CASE)


def test_an_answer_that_is_always_wrong_is_inconclusive() -> None:
    with pytest.raises(InconclusiveError, match=r"^the answer is wrong however it is called, so a later call"):
        no_state(relu(lambda x: x + 1), CASE)


def test_a_cache_by_identity_is_found() -> None:
    kept: list[tuple[Any, Any]] = []

    def by_identity(x: Any) -> Any:
        for array, result in kept:
            if array is x:
                return result.copy()
        kept.append((x, refcnn.relu(x)))
        return refcnn.relu(x)

    found = message(no_state(relu(by_identity), CASE))
    assert found.startswith("with new numbers in x, an array of an earlier call, y[0, 0] is ")


def test_a_result_that_is_kept_for_later_is_found_by_writing_to_it() -> None:
    kept: dict[bytes, Any] = {}

    def remembered(x: Any) -> Any:
        if x.tobytes() in kept:
            return kept[x.tobytes()].copy()
        kept[x.tobytes()] = refcnn.relu(x)
        return kept[x.tobytes()]

    found = message(no_state(relu(remembered), CASE))
    assert found.startswith("right in a first call, but after its results were written to y[0, 0] is 77.0, want ")


def test_results_that_may_not_be_written_to_are_left_alone() -> None:
    kept, mine = np.ones(2), np.ones(2)
    kept.flags.writeable = False
    memory.overwrite([kept, mine])
    np.testing.assert_array_equal((kept, mine), ([1.0, 1.0], [77.0, 77.0]))


def test_a_cache_by_the_identity_of_one_array_and_the_numbers_of_another_is_found() -> None:
    kept: dict[tuple[int, bytes], Any] = {}

    def linear(x: Any, weight: Any, bias: Any = 0.0) -> Any:
        key = id(x), np.asarray(weight).tobytes()
        _, first = kept.setdefault(key, (x, x.copy()))  # what is kept stays alive, so that no other has its identity
        return refcnn.linear(first, weight, bias)

    implementation = from_namespace("broken", SimpleNamespace(linear=linear))
    case = Case("linear", {"x": (2, 3), "weight": (4, 3), "bias": (4,)})
    found = message(memory.no_state(forward, lambda _: [])(implementation, case))
    assert found.startswith("with new numbers in x, an array of an earlier call, y[0, 0] is ")


def test_a_call_that_other_calls_spoil_is_found() -> None:
    seen: list[Any] = []

    def spoilt(x: Any) -> Any:
        seen.append(x.shape)
        return refcnn.relu(x) + (x.shape == (2, 3) and (3, 3) in seen)

    assert message(no_state(relu(spoilt), CASE)).startswith("right in a first call, but after 1 others y[0, 0] is ")


def test_a_layout_that_is_read_wrongly_is_found() -> None:
    def by_memory(x: Any) -> Any:
        return np.maximum(x.ravel(order="K").reshape(x.shape), 0)

    assert message(purity.layouts(forward)(relu(by_memory), CASE.but(layout="fortran"))).startswith("y[0, 1] is ")


def test_layouts_is_inconclusive_where_contiguous_arrays_give_a_wrong_shape() -> None:
    with pytest.raises(InconclusiveError, match=r"^the result for contiguous arrays has the wrong shape$"):
        purity.layouts(forward)(relu(np.ravel), CASE.but(layout="fortran"))


def disturbing(disturb: Callable[[], object]) -> Implementation:
    def function(x: Any) -> Any:
        disturb()
        return refcnn.relu(x)

    return relu(function)


@pytest.mark.parametrize(
    ("disturb", "name"),
    [
        (lambda: np.random.seed(7), "NumPy's global random generator"),  # noqa: NPY002 - what must not be done
        (lambda: np.random.rand(), "NumPy's global random generator"),  # noqa: NPY002 - the same
        (lambda: np.seterr(invalid="raise"), "NumPy's error settings"),
    ],
    ids=["a seed", "a draw", "an error setting"],
)
def test_a_change_of_the_process_is_found(disturb: Callable[[], object], name: str) -> None:
    kept = np.random.get_state()  # noqa: NPY002 - put back below
    try:
        assert message(purity.no_global_state(forward)(disturbing(disturb), CASE)) == f"{name} changed during the call"
    finally:
        np.random.set_state(kept)  # noqa: NPY002 - as it was


def crash() -> None:
    np.seterr(all="raise")
    raise IndexError("out")


def test_a_call_that_crashes_must_leave_the_process_alone_too() -> None:
    found = message(purity.no_global_state(forward)(disturbing(crash), CASE))
    assert found == "NumPy's error settings changed during the call"


def test_the_check_leaves_the_process_alone_itself() -> None:
    def state() -> str:
        return repr((np.random.get_state(), np.geterr()))  # noqa: NPY002 - what must not change

    before = state()
    purity.no_global_state(forward)(disturbing(crash), CASE)
    purity.no_global_state(forward)(REFERENCE, CASE)
    assert state() == before


def test_a_backward_function_is_judged_without_its_forward_function_too() -> None:
    check = memory.no_state(backward, others)
    alone = from_namespace("alone", SimpleNamespace(relu_backward=refcnn.relu_backward))
    assert check(alone, CASE) == check(REFERENCE, CASE) == Finding()


def test_a_backward_function_that_remembers_the_input_of_the_forward_one_is_found() -> None:
    seen: list[Any] = []

    def relu(x: Any) -> Any:
        seen[:] = [x.copy()]
        return refcnn.relu(x)

    def relu_backward(grad_output: Any, x: Any) -> Any:
        alike = seen and seen[0].shape == x.shape and seen[0].dtype == x.dtype
        return refcnn.relu_backward(grad_output, seen[0] if alike else x)

    both = from_namespace("both", SimpleNamespace(relu=relu, relu_backward=relu_backward))
    found = message(memory.no_state(backward, others)(both, CASE.but(data="uniform")))
    assert found.startswith("right in a first call, but after relu of other numbers grad_x[")
