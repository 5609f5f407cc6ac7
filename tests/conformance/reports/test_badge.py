"""The badge says how much conforms, in words that fit into it and can be read."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from conformance.covering import Coverage
from conformance.deviations import Deviation
from conformance.outcome import OperatorResult, RequirementResult
from conformance.report import Report
from conformance.reports.badge import as_badge

SVG = "{http://www.w3.org/2000/svg}"


def report(*statuses: str, accepted: bool = False) -> Report:
    operators = [
        OperatorResult(
            f"op{position}", status, [RequirementResult("relu.values", "values", "", status)], 0, Coverage(1, 1, 0, 0)
        )
        for position, status in enumerate(statuses)
    ]
    deviations = {"relu.values": Deviation("relu.values", "so", "https://example.org")} if accepted else {}
    return Report("mine", "quick", 0, {}, operators, deviations)


def parsed(badge: str) -> ElementTree.Element:
    return ElementTree.fromstring(badge)  # noqa: S314 - our own badge


@pytest.mark.parametrize(
    ("statuses", "message", "colour"),
    [
        (["conforms"] * 20, "conforms 20/20", "#1a7f37"),
        (["conforms", "not provided", "not supported"], "conforms 1/3", "#1a7f37"),
        (["fails", "conforms", "fails"], "fails 2/3", "#c4232c"),
        (["not supported"], "nothing judged", "#57606a"),
        ([], "nothing judged", "#57606a"),
    ],
)
def test_the_badge_counts_operators(statuses: list[str], message: str, colour: str) -> None:
    root = parsed(as_badge(report(*statuses)))
    assert root.find(f"{SVG}title").text == f"refcnn: {message}"  # type: ignore[union-attr]  # it has a title
    assert (root.get("role"), root.get("aria-label")) == ("img", f"refcnn: {message}")
    assert [text.text for text in root.iter(f"{SVG}text")] == ["refcnn", message]
    assert [rect.get("fill") for rect in root.iter(f"{SVG}rect")][-1] == colour


@pytest.mark.parametrize(("broken", "words"), [(1, "1 accepted deviation"), (2, "2 accepted deviations")])
def test_the_badge_does_not_hide_accepted_deviations(broken: int, words: str) -> None:
    assert f">conforms 1/{broken + 1}, {words}<" in as_badge(report("conforms", *["fails"] * broken, accepted=True))


def test_the_words_fit_into_their_halves() -> None:
    for statuses in (["conforms"] * 20, ["fails"]):
        root = parsed(as_badge(report(*statuses)))
        _, left, right = root.iter(f"{SVG}rect")
        for half, text in zip((left, right), root.iter(f"{SVG}text"), strict=True):
            start, width = float(half.get("x", 0)), float(half.get("width", 0))
            middle, words = float(text.get("x", 0)), float(text.get("textLength", 0))
            assert start + 5 <= middle - words / 2
            assert middle + words / 2 <= start + width - 5
            # Letters of 11 pixels are between 5 and 8 wide on the average.
            assert 5 <= words / len(text.text or "") <= 8
        assert float(root.get("width", 0)) == float(left.get("width", 0)) + float(right.get("width", 0))
