"""The colours of the page, in light and in dark, can be read by everyone."""

from __future__ import annotations

import re
from importlib.resources import files

import numpy as np
import pytest

STYLE = (files("conformance.reports") / "templates" / "style.css").read_text(encoding="utf-8")


def _colours(scheme: str) -> dict[str, str]:
    light, dark = STYLE.split("@media (prefers-color-scheme: dark)")
    found: dict[str, str] = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    return found if scheme == "light" else found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", dark))


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as the Web Content Accessibility Guidelines define it."""

    def luminance(colour: str) -> float:
        parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_right() -> None:
    assert _contrast("#ffffff", "#000000") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_has_a_contrast_of_four_and_a_half(scheme: str) -> None:
    colours = _colours(scheme)
    pairs = [(name, sheet) for name in ("ink", "soft", "link", "good", "bad", "warn") for sheet in ("page", "sheet")]
    pairs += [(f"{tone}", f"{tone}-sheet") for tone in ("good", "bad", "warn")]
    pairs += [("ink", "code"), ("ink", "warn-sheet"), ("bad", "warn-sheet"), ("ink", "bad-sheet")]
    pairs += [(name, name.removesuffix("-ink")) for name in colours if name.endswith("-ink")]
    assert len(pairs) == 12 + 3 + 4 + 13
    measured = {pair: round(_contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}
    assert {pair: value for pair, value in measured.items() if value < 4.5} == {}
    # A mark is no word: 3 is asked of it.
    assert _contrast(colours["mark"], colours["sheet"]) >= 3


def test_the_style_loads_nothing_and_moves_nothing_where_that_is_not_wanted() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }" in STYLE
    assert not re.search("animation|transition", STYLE)
