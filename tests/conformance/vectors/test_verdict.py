"""What is right agrees with the vectors, and of what is wrong the first element is found."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.implementation import load
from conformance.vectors import Verdict, judge_results, read_export, read_results
from conformance.vectors.verdict import strangers

IMPLEMENTATIONS = Path(__file__).parents[2] / "implementations"
Answer = Callable[[Path, Path, object], None]


def judged(folder: Path, results: Path) -> list[Verdict]:
    return list(judge_results(read_export(folder), read_results(results)))


@pytest.fixture(scope="session")
def right(few: Path, answer: Answer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = tmp_path_factory.mktemp("right") / "results"
    answer(few, results, refcnn)
    return results


@pytest.fixture
def results(right: Path, tmp_path: Path) -> Path:
    shutil.copytree(right, tmp_path / "results")
    return tmp_path / "results"


@pytest.mark.parametrize("target", ["refcnn", str(IMPLEMENTATIONS / "right" / "plain_loops.py")])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NaN and infinities are among the inputs
def test_what_is_right_agrees_in_every_vector(target: str, small: Path, answer: Answer, tmp_path: Path) -> None:
    answer(small, tmp_path / "results", load(target).namespace)
    verdicts = judged(small, tmp_path / "results")
    assert [(each.entry["id"], each.message) for each in verdicts if each.status != "right"] == []
    assert 0.3 < max(each.worst for each in verdicts) <= 1


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("name", "functions"),
    [
        ("flipped_kernel", {"conv2d", "conv2d_backward"}),
        ("running_var_biased", {"batch_norm"}),
        ("softmax_without_shift", {"softmax"}),
        ("max_pool_zero_padding", {"max_pool2d"}),
        ("max_pool_ties_to_all", {"max_pool2d_backward"}),
        ("bias_gradient_misses_an_axis", {"conv2d_backward"}),
        ("groups_in_wrong_order", {"conv2d"}),
        ("bad_stride_accepted", {"conv2d"}),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the small set holds NaN, and what is wrong overflows
def test_what_is_wrong_is_found(name: str, functions: set[str], small: Path, answer: Answer, tmp_path: Path) -> None:
    namespace = load(str(IMPLEMENTATIONS / "wrong" / f"{name}.py")).namespace
    answer(small, tmp_path / "results", SimpleNamespace(**{each: getattr(namespace, each) for each in functions}))
    assert {each.entry["function"] for each in judged(small, tmp_path / "results") if each.fails} == functions


def one(folder: Path, **wanted: Any) -> dict[str, Any]:
    """Return the first vector with these fields and, under ``flag``, this flag."""
    flag = wanted.pop("flag", None)
    return next(
        each
        for each in read_export(folder).vectors
        if all(each[name] == value for name, value in wanted.items()) and (flag is None or flag in each["flags"])
    )


def verdict_on(entry: dict[str, Any], folder: Path, results: Path) -> Verdict:
    verdicts = judged(folder, results)
    (own,) = (each for each in verdicts if each.entry["id"] == entry["id"])
    assert [each for each in verdicts if each is not own and each.status != "right"] == []
    return own


def changed(path: Path, change: Callable[[Any], Any]) -> None:
    np.save(path, change(np.load(path)))


def test_a_planted_element_is_found_with_what_was_wanted_and_allowed(few: Path, results: Path) -> None:
    entry = one(few, function="softmax", rule="within", note="all sizes coincide")
    want = dict(read_export(few).answers(entry))["y"]

    def plant(y: Any) -> Any:
        y[1, 2] += 0.5
        return y

    changed(results / f"{entry['id']}.y.npy", plant)
    verdict = verdict_on(entry, few, results)
    got = np.load(results / f"{entry['id']}.y.npy")[1, 2]
    assert verdict.status == "wrong"
    assert verdict.fails
    assert verdict.message == (
        f"y[1, 2] is {float(got)}, want {want.value[1, 2]}; 1 of 9 differ, worst error 0.5 where "
        f"{want.allowed[1, 2]:.2g} is allowed"
    )
    assert verdict.worst > 1e5


def test_just_within_what_is_allowed_is_right_and_just_beyond_is_wrong(few: Path, results: Path) -> None:
    entry = one(few, function="softmax", rule="within", flag="float64")
    answer = dict(read_export(few).answers(entry))["y"]
    for part, status in ((0.9, "right"), (1.1, "wrong")):
        np.save(results / f"{entry['id']}.y.npy", answer.value + part * answer.allowed)
        verdict = verdict_on(entry, few, results)
        assert verdict.status == status
        assert verdict.worst == pytest.approx(part, abs=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y: y.astype(np.float64), "y is float64, want float32 as the inputs are"),
        (lambda y: y[:, 1:], "y has shape ("),
    ],
)
def test_a_wrong_type_or_shape_is_wrong(change: Callable[[Any], Any], message: str, few: Path, results: Path) -> None:
    entry = one(few, function="softmax", rule="within", flag="float32")
    changed(results / f"{entry['id']}.y.npy", change)
    verdict = verdict_on(entry, few, results)
    assert verdict.status == "wrong"
    assert verdict.message.startswith(message)


def test_what_cannot_be_read_fails(few: Path, results: Path) -> None:
    entry = one(few, function="softmax", rule="within")
    path = results / f"{entry['id']}.y.npy"
    path.write_bytes(path.read_bytes()[:-3])
    verdict = verdict_on(entry, few, results)
    assert (verdict.status, verdict.fails) == ("unreadable", True)
    assert verdict.message.startswith(f"{path.name} cannot be read: it should have ")


def test_what_is_missing_is_not_wrong(few: Path, results: Path) -> None:
    entry = one(few, function="conv1d_backward", rule="within")
    (results / f"{entry['id']}.grad_bias.npy").unlink()
    verdict = verdict_on(entry, few, results)
    assert (verdict.status, verdict.message, verdict.fails) == ("missing", "no grad_bias", False)
    (results / f"{entry['id']}.grad_x.npy").write_bytes(b"")
    assert verdict_on(entry, few, results).status == "unreadable"


def test_a_call_that_must_be_refused_may_not_be_answered(few: Path, results: Path) -> None:
    entry = one(few, function="conv1d", rule="refuse")
    (results / f"{entry['id']}.refused").unlink()
    assert verdict_on(entry, few, results).status == "missing"
    np.save(results / f"{entry['id']}.y.npy", np.zeros(3))
    verdict = verdict_on(entry, few, results)
    assert (verdict.status, verdict.message) == ("wrong", f"{entry['note']}: was accepted, must be refused")


def test_a_call_that_has_an_answer_may_not_be_refused(few: Path, results: Path) -> None:
    entry = one(few, function="softmax", rule="within")
    (results / f"{entry['id']}.y.npy").unlink()
    (results / f"{entry['id']}.refused").write_text("no reason")
    verdict = verdict_on(entry, few, results)
    assert (verdict.status, verdict.message) == ("wrong", "was refused, but has an answer (no reason)")


@pytest.mark.parametrize("rule", ["within", "refuse"])
def test_any_call_may_be_not_supported(rule: str, few: Path, results: Path) -> None:
    entry = one(few, function="softmax", rule=rule)
    for path in results.glob(f"{entry['id']}.*"):
        path.unlink()
    (results / f"{entry['id']}.unsupported").write_text("no such axis here")
    verdict = verdict_on(entry, few, results)
    assert (verdict.status, verdict.message, verdict.fails) == ("not supported", "no such axis here", False)


def test_a_result_that_is_also_refused_is_unreadable(few: Path, results: Path) -> None:
    entry = one(few, function="softmax", rule="within")
    (results / f"{entry['id']}.refused").write_text("")
    verdict = verdict_on(entry, few, results)
    assert verdict.status == "unreadable"
    assert verdict.message == "more than one of results, refused and unsupported is given"


@pytest.mark.no_cover
def test_a_dropped_cell_may_be_zero_and_a_kept_one_is_scaled(few: Path, results: Path) -> None:
    entry = one(few, function="dropout", rule="zero or within")
    path = results / f"{entry['id']}.y.npy"
    changed(path, lambda y: np.zeros_like(y))
    assert verdict_on(entry, few, results).status == "right"
    changed(path, lambda y: np.ones_like(y))
    assert "y[0" in verdict_on(entry, few, results).message
    kept = one(few, function="dropout", flag="float64", rule="within")
    assert "training" not in kept["flags"] or kept["attributes"]["p"] == 0 or "empty" in kept["flags"]


def test_a_nan_that_is_lost_is_wrong_and_one_too_many_is_not(few: Path, results: Path) -> None:
    entry = one(few, function="conv1d", rule="not finite", flag="nan")
    path = results / f"{entry['id']}.y.npy"
    lost = np.isnan(dict(read_export(few).answers(entry))["y"].value)
    place = [int(index) for index in np.argwhere(lost)[0]]
    changed(path, lambda y: np.full_like(y, np.inf))
    assert verdict_on(entry, few, results).status == "right"
    changed(path, lambda y: np.full_like(y, 2.0))
    verdict = verdict_on(entry, few, results)
    assert verdict.message == (
        f"y{place} is 2.0, but depends on a NaN or an infinity; {lost.sum()} of {lost.sum()} are finite"
    )


def test_results_in_one_json_file_are_judged_alike(few: Path, right: Path, tmp_path: Path) -> None:
    given: dict[str, dict[str, Any]] = {}
    for path in right.iterdir():
        id_, _, result = path.stem.partition(".")
        if path.suffix == ".refused":
            given[id_] = {"refused": path.read_text()}
        else:
            array = np.load(path)
            numbers = [each if np.isfinite(each) else str(each) for each in array.reshape(-1).tolist()]
            named = [{"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(each), each) for each in numbers]
            plain = {"dtype": str(array.dtype), "shape": array.shape, "data": named}
            given.setdefault(id_, {})[result] = plain
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"results": given}))
    assert Counter(each.status for each in judged(few, path)) == {"right": len(read_export(few).vectors)}


def test_what_belongs_to_no_vector_is_named(few: Path, results: Path) -> None:
    np.save(results / "conv2d-000000000000.y.npy", np.zeros(2))
    (results / "notes.txt").write_text("")
    assert strangers(read_export(few), read_results(results)) == ["conv2d-000000000000", "notes.txt"]
