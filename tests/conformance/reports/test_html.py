"""The page is whole in itself, can be read in any way, and nothing that a target says becomes markup."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.deviations import Deviation
from conformance.implementation import Implementation, from_namespace
from conformance.judge import judge
from conformance.plan import Plan
from conformance.report import Report
from conformance.reports.html import MEANINGS, SIGNS, TONES, as_html
from conformance.requirements import KINDS

VOID = {"meta", "link", "img", "br", "input"}


class Page(HTMLParser):
    """A page as a list of its elements, each with its attributes, its ancestors and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str], list[str]]] = []
        self.open: list[int] = []
        self.feed(html)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), "no attribute stands twice"
        self.elements.append((tag, dict(attrs), [self.elements[each][0] for each in self.open], []))
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), [self.elements[each][0] for each in self.open], []))

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open.pop()][0] == tag, f"{tag} closes what was opened"

    def handle_data(self, data: str) -> None:
        for each in self.open:
            self.elements[each][3].append(data)

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes, _, _ in self.elements if tag in tags]

    def values(self, *names: str) -> list[str]:
        return [attributes[name] or "" for _, attributes, _, _ in self.elements for name in names if name in attributes]

    def text(self, tag: str) -> list[str]:
        return [" ".join("".join(text).split()) for name, _, _, text in self.elements if name == tag]


@pytest.fixture
def page(html: str) -> Page:
    return Page(html)


def test_the_page_loads_nothing(html: str, page: Page) -> None:
    links = page.values("href", "src")
    assert links
    assert [link for link in links if not link.startswith("#")] == []
    assert page.all("script", "link", "img", "iframe", "object", "embed", "form", "base") == []
    assert not re.search(r"url\(|@import|https?:", html)
    (policy,) = [each["content"] for each in page.all("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_what_a_target_says_is_text(html: str, page: Page) -> None:
    assert "<script" not in html
    assert not any(name.startswith("on") for _, attributes, _, _ in page.elements for name in attributes)
    assert any("</pre><script>alert(1)</script><img src=x onerror=alert(2)>" in text for text in page.text("pre"))
    assert "\x1b" not in html
    html.encode("utf-8")


@pytest.mark.no_cover
@pytest.mark.parametrize("field", ["target", "note", "diagnosis", "convention", "reason"])
def test_no_word_of_a_report_becomes_markup(field: str, report: Report, implementation: Implementation) -> None:
    evil = "<script>\"'</script>"
    if field == "target":
        report.target = evil
    elif field == "convention":
        report.conventions = {evil: evil}
    elif field == "reason":
        report.deviations = {"relu.values": Deviation("relu.values", evil, f"https://example.org/{evil}")}
    else:
        result = report.operators[0].requirements[0]
        result.diagnosis = evil
        result.failures = [replace(each, case=each.case.but(note=evil)) for each in result.failures]
    html = as_html(report, implementation)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    Page(html)


def test_ids_are_unique_and_what_refers_to_one_finds_it(page: Page) -> None:
    ids = [attributes["id"] for _, attributes, _, _ in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    referred = [*page.values("aria-labelledby"), *(link.removeprefix("#") for link in page.values("href"))]
    assert referred
    assert set(referred) <= set(ids)


def test_headings_are_in_order(page: Page) -> None:
    levels = [int(tag[1]) for tag, _, _, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))


def test_the_page_has_landmarks_and_a_language(page: Page) -> None:
    assert page.all("html") == [{"lang": "en"}]
    assert [len(page.all(tag)) for tag in ("header", "main", "footer", "title")] == [1, 1, 1, 1]
    assert all("aria-labelledby" in section for section in page.all("section"))
    assert page.all("a")[0]["href"] == f"#{page.all('main')[0]['id']}"


def test_tables_have_captions_and_headers_with_scope(page: Page) -> None:
    assert page.all("table")
    assert len(page.all("caption")) == len(page.all("table"))
    assert {header.get("scope") for header in page.all("th")} == {"col", "row"}
    headers = [(attributes["scope"], ancestors) for tag, attributes, ancestors, _ in page.elements if tag == "th"]
    assert all(scope == ("col" if "thead" in ancestors else "row") for scope, ancestors in headers)


def test_pictures_are_described_and_what_scrolls_can_be_reached_by_key(page: Page) -> None:
    for picture in page.all("svg"):
        assert picture.get("aria-hidden") == "true" or (picture["role"] == "img" and picture["aria-label"])
    scrolling = [each for each in page.all("div", "pre") if each.get("class") in ("scroll", "pre numbers", "numbers")]
    assert scrolling
    assert all(each["tabindex"] == "0" and each["role"] == "region" for each in scrolling)
    assert all("aria-label" in each or "aria-labelledby" in each for each in scrolling)


def test_every_detail_has_a_summary(page: Page) -> None:
    assert len(page.all("details")) == len(page.all("summary"))


def test_a_failure_is_told_whole(page: Page) -> None:
    text = page.text("article")[0]
    for part in (
        "✗ fails: relu.values 12 cases, 5 wrong",
        "Every result is the contract's",
        "y[1, 2, 19, 0] is nan, want ",
        "x (2,3,20,24) float64",
        "refcnn verify mine.py --check relu.values --replay '{",
        "Shown: slice [1, 2, :, :] of 6 such; rows 4 to 19 of 20; columns 0 to 15 of 24.",
    ):
        assert part in text
    assert "the kernel is flipped" in page.text("article")[3]


def test_the_table_counts_and_measures(page: Page) -> None:
    rows = page.text("tr")
    assert rows[0].split() == ["operator", "status", *KINDS, "time"]
    assert rows[1] == "relu ✗ fails ✗ 5/12 ∞ – – – – – – – – ✗ 5/12 ∞ 1.5 s"
    assert rows[4].startswith("sigmoid ✓ conforms 40 0.25 –")
    assert "softmax" not in [row.split()[0] for row in rows]
    assert "Covered: 2-way combinations of the factors of 4 operators: 37 of 40." in page.text("p")
    assert page.text("dd")[:5] == ["4 of 5", "100", "5", "quick", "7"]


def test_the_first_wrong_element_is_framed_and_the_others_have_a_corner(html: str) -> None:
    article = html.split("<article")[1]
    labels = re.findall(r'aria-label="((?:wanted|got|difference)[^"]*)"', article)
    assert [label.partition(" ")[0] for label in labels] == ["wanted:", "got:", "difference:"]
    assert labels[1].endswith("the first wrong element is at [1, 2, 19, 0] and is NaN")
    drawings = re.findall(r"<svg role.*?</svg>", article, flags=re.DOTALL)
    assert [drawing.count('class="first"') for drawing in drawings] == [0, 1, 1, 1]
    assert [drawing.count('class="wrong"') for drawing in drawings] == [0, 2, 2, 2]
    assert ">NaN</text>" in drawings[2]
    assert ">∞</text>" in drawings[2]


def test_refused_input_is_shown_without_an_answer(html: str) -> None:
    article = html.split("<article")[2]
    assert "integer arrays: was accepted" in article
    assert re.findall(r'aria-label="(x|wanted|got)', article) == ["x"]


def test_a_call_that_raises_shows_what_was_wanted(html: str) -> None:
    article = html.split("<article")[3]
    assert re.findall(r'aria-label="(x|wanted|got)', article) == ["x", "wanted"]


def test_few_failures_are_unfolded_and_of_many_the_first_of_each_operator(
    report: Report, implementation: Implementation
) -> None:
    def opened(html: str) -> list[bool]:
        return ["<details open>" in article for article in html.split("<article")[1:]]

    assert opened(as_html(report, implementation)) == [True] * 5
    (first, *_) = report.operators[0].requirements
    report.operators[0].requirements = [replace(first) for _ in range(6)]
    assert opened(as_html(report, implementation)) == [True, *[False] * 5, True, True, False]


def test_accepted_deviations_stand_apart_with_reason_and_link(report: Report, implementation: Implementation) -> None:
    names = [result.requirement for _, result in report.failures]
    names.append("sigmoid.dtype")
    report.deviations = {name: Deviation(name, "we want it", "https://example.org/1") for name in names}
    page = Page(as_html(report, implementation))
    assert page.text("h2") == ["Operators, by kind of evidence", "Accepted deviations (5)", "Every requirement"]
    assert "≈ accepted deviation: relu.values" in page.text("article")[0]
    assert "Accepted deviation: we want it (https://example.org/1)" in page.text("article")[0]
    assert [link["href"] for link in page.all("a") if link["href"] and link["href"].startswith("http")] == [
        "https://example.org/1"
    ] * 5
    assert "✓ conforms" in page.text("p")
    assert any("Outdated: sigmoid.dtype no longer deviates" in text for text in page.text("p"))


def test_a_run_without_failures_has_no_such_section() -> None:
    implementation = from_namespace("fine", SimpleNamespace(sgd_update=refcnn.sgd_update))
    report = Report("fine", "quick", 0, {})
    report.operators.extend(judge(implementation, ["sgd_update"], Plan("quick")))
    page = Page(as_html(report, implementation))
    assert page.all("article") == []
    assert page.text("h2") == ["Operators, by kind of evidence", "Every requirement"]


def test_the_page_of_a_run_is_the_same_each_time(report: Report, implementation: Implementation) -> None:
    assert as_html(report, implementation) == as_html(report, implementation)


def test_signs_tell_apart_what_colours_tell_apart() -> None:
    assert SIGNS.keys() == TONES.keys()
    for tone in set(TONES.values()):
        others = {SIGNS[status] for status, each in TONES.items() if each != tone}
        assert not others & {SIGNS[status] for status, each in TONES.items() if each == tone}
    assert tuple(MEANINGS) == KINDS


def test_a_target_that_answers_differently_when_asked_again_is_said_to(report: Report) -> None:
    def other(x: Any) -> Any:
        return np.maximum(x, 0) + 1

    def gone(_: Any) -> Any:
        raise SystemExit(3)

    changed = from_namespace("mine.py", SimpleNamespace(relu=other, tanh=gone))
    page = Page(as_html(report, changed))
    notes = [text for text in page.text("p") if text.startswith("Asked again when this page was written")]
    assert re.match(r".* answered differently: y\[0, 0, 0, 0\] is ", notes[0])
    assert "answered differently: raised SystemExit: 3" in notes[1]
    assert "NotProvidedError: conv2d" in notes[2]
