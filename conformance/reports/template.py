"""The templates of the pages: whatever is put into them is text, never markup."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

import refcnn
from conformance.reports.heatmap import LEVELS

_LEVELS = (*(f"n{step}" for step in range(LEVELS, 0, -1)), "z", *(f"p{step}" for step in range(1, LEVELS + 1)))


def render(template: str, **values: object) -> str:
    """Fill in a template; a name that it uses and does not get is an error."""
    levels = (*_LEVELS, "nan", "inf")
    return _environment().get_template(template).render(version=refcnn.__version__, levels=levels, **values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("conformance.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
