"""The page of the kill matrix is that of the catalogue as it is."""

from __future__ import annotations

import re

import kill_matrix
import pytest
from kill_matrix import BY_FAULT, BY_ID, PAGE, row

from conformance.faults import CATALOGUE
from conformance.requirements import KINDS

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

LINES = {
    match[1]: line
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if (match := re.match(r"\| `([\w.]+)`: ", line))
}
# Every fortieth, of all operators: judging them all anew is the script's to do.
SOME = [fault.id for fault in CATALOGUE][::130]


def test_the_page_has_a_line_for_each_fault_and_no_other() -> None:
    assert set(LINES) == set(BY_FAULT)


def test_each_line_says_what_the_catalogue_says() -> None:
    for fault in CATALOGUE:
        begin = row(fault, []).rsplit("|", 11)[0]
        assert LINES[fault.id].startswith(begin), fault.id
        kind = BY_ID[fault.killed_by].kind
        assert LINES[fault.id].split(" | ")[2:][KINDS.index(kind)].strip(" |"), fault.id


@pytest.mark.parametrize("id_", SOME)
def test_a_line_is_what_the_suite_finds(id_: str) -> None:
    assert LINES[id_] == row(BY_FAULT[id_], kill_matrix._killers(id_, kill_matrix.PROFILE))
