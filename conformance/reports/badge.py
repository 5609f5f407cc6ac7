"""A badge for a README: how many of the contract's operators conform, as a small picture in SVG."""

from __future__ import annotations

from string import Template
from xml.sax.saxutils import escape

from conformance.report import Report
from conformance.reports.failing import conforming, failing

# White letters have a contrast of at least 4.5 on each of these.
_GREEN, _RED, _GREY = "#1a7f37", "#c4232c", "#57606a"
_LABEL = "refcnn"

# How wide letters of 11 pixels are, about; textLength makes the words as wide as was assumed.
_WIDE, _NARROW, _OTHER = 9.5, 4.5, 7.0

_BADGE = Template("""\
<svg xmlns="http://www.w3.org/2000/svg" width="$whole" height="20" role="img" aria-label="$title">
<title>$title</title>
<clipPath id="corners"><rect width="$whole" height="20" rx="3"/></clipPath>
<g clip-path="url(#corners)">
<rect width="$left" height="20" fill="#3d444d"/>
<rect x="$left" width="$right" height="20" fill="$colour"/>
</g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="$label_at" y="14" textLength="$label_width">$label</text>
<text x="$message_at" y="14" textLength="$message_width">$message</text>
</g>
</svg>
""")


def as_badge(report: Report) -> str:
    """Return the badge.

    Examples
    --------
    >>> "refcnn: nothing judged" in as_badge(Report("mine.py", "quick", 0, {}))
    True
    """
    message, colour = _message(report)
    label_width, message_width = _width(_LABEL), _width(message)
    left, right = label_width + 10, message_width + 10
    return _BADGE.substitute(
        title=escape(f"{_LABEL}: {message}"),
        label=_LABEL,
        message=escape(message),
        colour=colour,
        whole=left + right,
        left=left,
        right=right,
        label_at=left / 2,
        message_at=left + right / 2,
        label_width=label_width,
        message_width=message_width,
    )


def _message(report: Report) -> tuple[str, str]:
    total = len(report.operators)
    if wrong := failing(report):
        return f"fails {len(wrong)}/{total}", _RED
    if not report.conforms:
        return "nothing judged", _GREY
    deviations = len(report.accepted)
    but = f", {deviations} accepted deviation{'s' * (deviations != 1)}" if deviations else ""
    return f"conforms {len(conforming(report))}/{total}{but}", _GREEN


def _width(words: str) -> int:
    return round(sum(_WIDE if each in "mwMW" else _NARROW if each in "fijlrt ,./" else _OTHER for each in words))
