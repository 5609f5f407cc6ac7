"""Requirements that one operator has alone."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import corners
from conformance.calling import forward
from conformance.case import Case
from conformance.checks import (
    dropout,
    routing,
    values,
)
from conformance.contract import OPERATORS
from conformance.requirements.requirement import (
    Requirement,
    functions_of,
    has,
    same,
    where,
    with_fields,
)


def pool_requirements() -> Iterator[Requirement]:
    """Yield what pools must do with gradients, padding and divisors."""
    yield Requirement(
        "max_pool2d.routing",
        "max_pool2d",
        "routing",
        "Each window's gradient goes to one maximum, the first in row-major order unless ties are declared free.",
        ("max_pool2d_backward",),
        routing.routing,
        corners.ROUTING,
        where(lambda case: case.dtype == "float64", with_fields(data="ties")),
    )
    yield Requirement(
        "max_pool2d.padding",
        "max_pool2d",
        "routing",
        "Padding counts as minus infinity: it never exceeds a negative pixel.",
        ("max_pool2d",),
        values.values(forward),
        tuple(case for case in corners.SHAPES["max_pool2d"] if case.data == "negative"),
        where(has("padding", 0), with_fields(data="negative")),
        few=True,
    )
    yield Requirement(
        "avg_pool2d.divisor",
        "avg_pool2d",
        "routing",
        "Each window is divided by the number of its cells that count, at the border and in ceil_mode too.",
        ("avg_pool2d",),
        routing.divisor,
        tuple(case.but(data="ones") for case in corners.SHAPES["avg_pool2d"]),
        with_fields(data="ones"),
    )


def batch_norm_requirements() -> Iterator[Requirement]:
    """Yield what becomes of the running statistics."""
    statistics = (*corners.SIZES["batch_norm"], *corners.SPECIAL["batch_norm"])
    for position, name, sentence in (
        (1, "running_mean", "The new running mean is (1 - momentum) old + momentum batch mean."),
        (
            2,
            "running_var",
            "The new running variance takes the batch's unbiased variance, unless declared biased.",
        ),
    ):
        yield Requirement(
            f"batch_norm.{name}",
            "batch_norm",
            "values",
            sentence,
            ("batch_norm",),
            values.values(forward, position),
            statistics,
            same,
        )


def dropout_requirements() -> Iterator[Requirement]:
    """Yield what a mask must be."""
    for make, function in functions_of(OPERATORS["dropout"]):
        yield Requirement(
            f"{function}.scale",
            "dropout",
            "values",
            "A kept cell is divided by 1 - p in training; outside training nothing changes.",
            (function,),
            dropout.scale(make),
            corners.SIZES["dropout"],
            same,
        )
    for id_, sentence, check, cases in (
        (
            "same_mask",
            "The mask depends on seed, p and shape alone, in backward too.",
            dropout.same_mask,
            (*_mask_cases(), *_long_masks()),
        ),
        ("type_of_mask", "float32 and float64 get the same mask.", dropout.same_mask_in_both_types, _mask_cases()),
        ("rate", "Cells are dropped at rate p, wherever they are.", dropout.rate, _mask_cases()),
        ("independence", "Cells are dropped independently, for every seed anew.", dropout.independence, _mask_cases()),
        ("few_cells", "Where there are few cells, all of them may be dropped, too.", dropout.few_cells, _few_cells()),
        ("seeds", "Different seeds give different masks.", dropout.seeds_differ, _mask_cases()),
        ("long_mask", "A large mask keeps the rate and repeats itself nowhere.", dropout.long_mask, _long_masks()),
    ):
        # Shrunk, a mask would have too few cells to show anything.
        yield Requirement(
            f"dropout.{id_}", "dropout", "relations", sentence, ("dropout",), check, tuple(cases), shrinks=False
        )


def _few_cells() -> Iterator[Case]:
    for shape, dtype in (((1,), "float64"), ((2, 1), "float32")):
        attributes = {"p": 0.5, "training": True, "seed": 3}
        yield Case("dropout", {"x": shape}, attributes, dtype=dtype, data="positive")


def _long_masks() -> Iterator[Case]:
    for p, dtype in ((0.905, "float64"), (0.5, "float32"), (0.003, "float64")):
        yield Case(
            "dropout",
            {"x": (500, 400)},
            {"p": p, "training": True, "seed": 5},
            dtype=dtype,
            data="positive",
            note="200,000 cells, which show a rate that is off by a hundredth",
        )


def _mask_cases() -> Iterator[Case]:
    for shape in ((2, 3, 8, 9), (8, 40)):
        for p in (0.5, 0.2):
            for dtype in ("float64", "float32"):
                yield Case(
                    "dropout",
                    {"x": shape},
                    {"p": p, "training": True, "seed": 3},
                    dtype=dtype,
                    data="positive",
                )
