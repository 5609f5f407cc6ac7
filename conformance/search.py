"""Hypothesis looks beyond the grid for a case that fails, and shrinks what fails to its smallest form."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, NoSuchExample, Unsatisfiable

from conformance.case import Case, Shape
from conformance.comparison import Failure
from conformance.contract import OPERATORS
from conformance.oracle import is_legal
from conformance.requirements import Adapt
from conformance.space import DEFAULT, SPACES, assemble, transposed_im2col

# What each axis of an array is, so that a case can be made again with smaller sizes. ``*`` stands for any axes.
_CONVOLUTION = {"x": "N C H W", "weight": "F C/groups KH KW", "bias": "F"}
_ONE_SHAPE = dict.fromkeys(("x", "param", "grad", "velocity", "m", "v"), "*")
_AXES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "conv1d": {"x": "N C W", "weight": "F C/groups KW", "bias": "F"},
        "conv2d": _CONVOLUTION,
        "conv_transpose2d": {"x": "N C H W", "weight": "C F/groups KH KW", "bias": "F"},
        "linear": {"x": "N C", "weight": "F C", "bias": "F"},
        "cross_entropy": {"logits": "N C", "target": "N C"},
        "batch_norm": {"x": "N C H W"} | dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), "C"),
    }
)

# Whole numbers around the levels of the grid, where they have this meaning.
_UP_TO = st.integers
_PAIRS: Mapping[str, st.SearchStrategy[Any]] = MappingProxyType(
    {
        "kernel": st.tuples(_UP_TO(1, 4), _UP_TO(1, 4)),
        "stride": st.tuples(_UP_TO(1, 4), _UP_TO(1, 4)),
        "dilation": st.tuples(_UP_TO(1, 4), _UP_TO(1, 4)),
        "outputs": st.tuples(_UP_TO(1, 6), _UP_TO(1, 6)),
        "remainder": st.tuples(_UP_TO(0, 3), _UP_TO(0, 3)),
        "padding": st.tuples(*(st.tuples(_UP_TO(0, 4), _UP_TO(0, 4)),) * 2),
    }
)


# A requirement may leave out most of what is drawn; it looks no further than so many times its number of examples.
_ROUNDS = 6


def beyond_the_grid(operator: str, adapt: Adapt, examples: int, seed: int) -> Iterator[Case]:
    """Yield cases from the levels of an operator's factors, and from what lies between and beyond them.

    All requirements of an operator share what is drawn, for to draw a case takes longer than to judge it; ``adapt``
    makes it one of the requirement's, or leaves it out.
    """
    drawn = (case for turn in range(_ROUNDS) for case in _drawn(operator, examples, seed, turn))
    adapted = (case for case in map(adapt, drawn) if case is not None)
    return itertools.islice(adapted, examples)


@lru_cache(maxsize=1024)
def _drawn(operator: str, count: int, seed: int, turn: int) -> tuple[Case, ...]:
    drawn: list[Case] = []

    def note(case: Case) -> None:  # and never find what it looks for
        drawn.append(case)

    search(_of_any_levels(operator), note, count, seed + turn * 2**32)
    return tuple(drawn)


def _of_any_levels(operator: str) -> st.SearchStrategy[Case]:
    factors = {name: _levels(name, levels) for name, levels in SPACES[operator].factors.items()}

    def build(row: dict[str, Any], seed: int) -> Case | None:
        case = assemble(operator, row)
        return None if case is None else case.but(seed=seed)

    drawn = st.builds(build, st.fixed_dictionaries(factors), st.integers(0, 2**16))
    return drawn.filter(lambda case: case is not None)  # type: ignore[return-value]  # the filter removes the None


def _levels(name: str, levels: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    listed = st.sampled_from(levels)
    if name == "batch":
        return listed | st.integers(1, 6)
    pairs = [level for level in levels if isinstance(level, tuple)]
    if name == "padding":
        pairs = [level for level in pairs if isinstance(level[0], tuple)]
    return listed | _PAIRS[name] if name in _PAIRS and pairs else listed


def smaller(case: Case) -> st.SearchStrategy[Case]:
    """Draw cases like the given one with sizes no larger and attributes no less plain."""
    return _smaller(case).filter(lambda less: less.elements <= case.elements)


def _smaller(case: Case) -> st.SearchStrategy[Case]:
    if case.operator == "col2im":
        attributes = {name: value for name, value in case.attributes.items() if name != "input_shape"}
        gather = case.but(operator="im2col", shapes={"x": case.attributes["input_shape"]}, attributes=attributes)
        return _smaller(gather).map(transposed_im2col)
    sizes = {name: st.integers(min(1, size), size) for name, size in _sizes(case).items()}
    plainer = {name: _plainer(case, name, value) for name, value in case.attributes.items()}

    def build(sizes: dict[str, int], attributes: dict[str, Any], layout: str, seed: int) -> Case | None:
        given = {name: value for name, value in attributes.items() if value != DEFAULT}
        groups = given.get("groups", 1)
        if sizes.get("C", 0) % groups or sizes.get("F", 0) % groups:
            return None
        # The reason for the original need not be the smaller one's.
        return case.but(shapes=_with_sizes(case, sizes, given), attributes=given, layout=layout, seed=seed, note="")

    drawn = st.builds(
        build,
        st.fixed_dictionaries(sizes),
        st.fixed_dictionaries(plainer),
        st.sampled_from(sorted({"contiguous", case.layout})),
        st.sampled_from(sorted({0, 1, 2, case.seed})),
    )
    return drawn.filter(lambda less: less is not None and is_legal(less))  # type: ignore[return-value]  # not None


def _plainer(case: Case, name: str, value: Any) -> st.SearchStrategy[Any]:
    options: list[Any] = [DEFAULT] if name in OPERATORS[case.operator].forward.attributes else []
    required = OPERATORS[case.operator].forward.attributes.get(name)
    if repr(required) == "REQUIRED":
        options = []
    if name in ("kernel_size", "stride", "dilation") and isinstance(value, tuple):
        return st.one_of(*map(st.just, options), st.tuples(*(st.integers(1, part) for part in value)))
    if name in ("kernel_size", "stride", "dilation", "groups") and isinstance(value, int):
        return st.one_of(*map(st.just, options), st.integers(1, max(1, value)))
    if name == "padding":
        return st.one_of(*map(st.just, options), _less(value))
    return st.sampled_from([*options, value])


def _less(value: Any) -> st.SearchStrategy[Any]:
    """Draw what has the form of a padding and is nowhere larger."""
    return st.tuples(*map(_less, value)) if isinstance(value, tuple) else st.integers(0, value)


def _axes(case: Case, name: str) -> list[str]:
    shape = case.shapes[name]
    letters = _AXES.get(case.operator, {}).get(name)
    if letters is None and len(shape) == 4 and case.operator not in ("softmax", "relu", "sigmoid", "tanh"):
        letters = "N C H W" if name == "x" else None
    names = letters.split() if letters is not None else [f"axis {position}" for position in range(len(shape))]
    return names[: len(shape)]


def _sizes(case: Case) -> dict[str, int]:
    groups = case.all_attributes.get("groups", 1)
    sizes: dict[str, int] = {}
    for name, shape in case.shapes.items():
        for axis, size in zip(_axes(case, name), shape, strict=True):
            symbol, divided, _ = axis.partition("/")
            sizes.setdefault(symbol, size * groups if divided else size)
    return sizes


def _with_sizes(case: Case, sizes: Mapping[str, int], attributes: Mapping[str, Any]) -> dict[str, Shape]:
    groups = attributes.get("groups", 1)
    shapes = {}
    for name in case.shapes:
        parts = (axis.partition("/") for axis in _axes(case, name))
        shapes[name] = tuple(sizes[symbol] // groups if divided else sizes[symbol] for symbol, divided, _ in parts)
    return shapes


def search(
    cases: st.SearchStrategy[Case], fails: Callable[[Case], Failure | None], examples: int, seed: int
) -> Failure | None:
    """Return the failure on the smallest case that Hypothesis finds, or nothing.

    ``fails`` returns the failure on a case, or nothing. A target that fails now and then is no reason to give up:
    the last failure that was seen is returned.
    """
    seen: list[Failure] = []

    def note_failure(case: Case) -> bool:
        failure = fails(case)
        if failure is not None:
            seen.append(failure)
        return failure is not None

    rules = settings(
        max_examples=examples,
        database=None,  # `find` leaves it alone where it is given a source of chance
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    chance = random.Random(seed)  # noqa: S311 - no secret
    # Shrinking ends with the smallest case, which is run last.
    with contextlib.suppress(NoSuchExample, Unsatisfiable, Flaky):
        find(cases, note_failure, settings=rules, random=chance)
    return seen[-1] if seen else None
