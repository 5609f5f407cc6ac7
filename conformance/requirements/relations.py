"""Relations between the answers of an operator."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.case import Case
from conformance.checks import (
    optimisers,
    relations,
)
from conformance.contract import CONVOLUTIONS
from conformance.requirements.requirement import (
    Adapt,
    Check,
    Requirement,
    has,
    integers,
    where,
    with_fields,
    without_bias,
)


def _relation(
    name: str, id_: str, sentence: str, check: Check, adapt: Adapt = integers, kind: str = "relations"
) -> Requirement:
    return Requirement(f"{name}.{id_}", name, kind, sentence, (name,), check, (), adapt, few=True)


def _linear_relations(name: str, *arguments: str) -> Iterator[Requirement]:
    bare: Adapt = lambda case: without_bias(case.but(data="integers"))  # noqa: E731 - an adapter, like those above
    for argument in arguments:
        yield _relation(
            name, f"linear_in_{argument}", f"It is linear in {argument}.", relations.linearity(argument), bare
        )


def _convolution_relations(name: str) -> Iterator[Requirement]:
    yield from _linear_relations(name, "x", "weight")
    transposed = name == "conv_transpose2d"
    yield _relation(
        name,
        "groups",
        "A grouped convolution is as many separate ones, of the channels in order.",
        relations.groups,
        where(has("groups", 1), integers),
    )
    yield _relation(
        name,
        "stride",
        "A stride spreads the pixels of a transposed convolution apart."
        if transposed
        else "A stride of s keeps every s-th pixel of the answer with stride 1.",
        relations.transposed_stride if transposed else relations.stride,
        where(has("stride", 1, (1, 1)), integers),
    )
    yield _relation(
        name,
        "dilation",
        "A dilated kernel is a kernel with zeros between its cells.",
        relations.dilation,
        where(has("dilation", 1, (1, 1)), integers),
    )
    yield _relation(
        name,
        "padding",
        "Padding cuts the border off." if transposed else "Padding puts zeros around the image.",
        relations.cropping if transposed else relations.padding,
        where(has("padding", 0), integers),
    )
    yield _relation(
        name,
        "pointwise_kernel",
        "A kernel of one cell is a matrix product at every pixel.",
        relations.pointwise_kernel,
        _pointwise,
    )


def _pointwise(case: Case) -> Case:
    """Return the case with a kernel of one cell and no attribute."""
    channels, filters = case.shapes["x"][1], case.shapes["weight"][0]
    first, second = filters, channels
    if case.operator == "conv_transpose2d":
        first, second = channels, case.shapes["weight"][1]
    weight = (first, second, *(1 for _ in case.shapes["weight"][2:]))
    bias = {"bias": (second if case.operator == "conv_transpose2d" else first,)} if "bias" in case.shapes else {}
    return case.but(shapes={"x": case.shapes["x"], "weight": weight, **bias}, attributes={}, data="integers")


def _image_relations(name: str) -> Iterator[Requirement]:
    yield _relation(
        name,
        "sample_independence",
        "The answer to a batch is the answers to its samples.",
        relations.sample_independence,
        where(lambda case: case.shapes["x"][0] > 1, integers),
    )
    if name in ("max_pool2d", "avg_pool2d", "global_avg_pool2d"):
        yield _relation(
            name,
            "channel_independence",
            "The answer to an image is the answers to its channels.",
            relations.channel_independence,
            where(lambda case: case.shapes["x"][1] > 1, integers),
        )
    if name in ("conv1d", "conv2d", "max_pool2d", "avg_pool2d"):
        yield _relation(
            name,
            "shift",
            "Moving the image by a stride moves the answer by a pixel.",
            relations.shift,
            where(_can_shift, integers),
        )


def _can_shift(case: Case) -> bool:
    return case.all_attributes["padding"] == 0 and not case.all_attributes.get("ceil_mode", False)


def relation_requirements() -> Iterator[Requirement]:
    """Yield the relations of every operator that has some."""
    for name in CONVOLUTIONS:
        yield from _convolution_relations(name)
    yield from _linear_relations("linear", "x", "weight")
    yield from _linear_relations("im2col", "x")
    yield from _linear_relations("col2im", "cols")
    for name in (*CONVOLUTIONS, "max_pool2d", "avg_pool2d", "global_avg_pool2d", "linear"):
        yield from _image_relations(name)
    yield _relation(
        "softmax",
        "shift_invariance",
        "Adding one number to all logits changes nothing, however large it is.",
        relations.softmax_shift,
        with_fields(data="confident"),
    )
    yield _relation(
        "batch_norm",
        "normalised",
        "In training every channel of y has mean 0 and variance v / (v + eps) before gamma and beta.",
        relations.normalised,
        where(lambda case: case.attributes["training"]),
    )
    for name in ("sgd_update", "momentum_update", "adam_update"):
        yield _relation(
            name,
            "several_steps",
            "A run of several steps, each fed with the results before, stays right.",
            optimisers.several_steps,
            with_fields(data="uniform"),
        )
