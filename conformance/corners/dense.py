"""Corners of the operators without windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.bad_input import GOOD
from conformance.case import Case, Shape
from conformance.contract import OPERATORS
from conformance.corners.images import BLOCKS, EVERY_MAGNITUDE, PAST_16_BITS, images


def pointwise_sizes(operator: str) -> Iterator[Case]:
    """Yield arrays past the usual blocks, in every axis."""
    for shape, note in (
        ((33, 5), "a batch past blocks of 16 and 32"),
        ((131, 2), "a batch past blocks of 64 and 128"),
        ((2, 131), "features past blocks of 64 and 128 that fill no vector"),
        ((1031,), "more than 1024 numbers"),
        ((3, 1367), "more than 4096 numbers"),
        ((7283, 9), "offsets past 16 bits"),
        ((2, 3, 5, 19), "a width whose last 3 pixels fill no vector of 4, 8 or 16"),
        ((1, 2, 1, 2, 2, 2), "six axes"),
    ):
        yield from images(operator, note, shape, "uniform")
    yield from images(operator, EVERY_MAGNITUDE, (52, 5), "octaves")


def special_activation(operator: str) -> Iterator[Case]:
    """Yield NaN, infinities, zeros of either sign, extreme and tiny numbers, and a number without axes."""
    yield from images(operator, "a number without axes", (), "uniform")
    for data in ("nan", "infinite", "extremes", "signed_zeros", "subnormal", "large", "limits"):
        yield from images(operator, f"{data} among ordinary numbers", (3, 7), data)
    yield from images(operator, "so many infinities that both signs are among them", (8, 9), "infinite")


def _linear(N: int, D: int, F: int, note: str, data: str = "uniform") -> Iterator[Case]:
    for dtype in ("float64", "float32"):
        yield Case("linear", {"x": (N, D), "weight": (F, D), "bias": (F,)}, dtype=dtype, data=data, note=note)


def linear_sizes() -> Iterator[Case]:
    """Yield batches, features and sums past the usual blocks, and sizes that coincide."""
    yield from _linear(33, 3, 2, "a batch past blocks of 16 and 32")
    yield from _linear(131, 2, 1, "a batch past blocks of 64 and 128")
    yield from _linear(4099, 2, 1, "more than 4096 terms in a sum over the batch")
    yield from _linear(2, 3, 131, "outputs past blocks of 64 and 128")
    yield from _linear(1, 2, 4099, "more than 4096 terms in a sum over the outputs")
    yield from _linear(259, 257, 1, "offsets into the batch past 16 bits")
    yield from _linear(259, 1, 257, "offsets into the output past 16 bits")
    yield from _linear(1, 257, 259, "offsets into the weight past 16 bits")
    yield from _linear(2, 601, 3, "more than 512 terms in a sum")
    yield from _linear(2, 1031, 2, "more than 1024 terms in a sum")
    yield from _linear(1, 4099, 2, "more than 4096 terms in a sum")
    yield from _linear(2, 19, 5, "a width that fills no vector of 4, 8 or 16")
    yield from _linear(64, 64, 32, "sizes in thirty-twos, as matrix units take them")
    yield from _linear(3, 3, 3, "all sizes coincide")
    yield from _linear(4, 4, 2, "as many samples as inputs")
    yield from _linear(3, 2, 3, "as many samples as outputs")
    yield from _linear(52, 5, 1, EVERY_MAGNITUDE, "octaves")


def softmax_sizes() -> Iterator[Case]:
    """Yield the sizes of any pointwise operator, one logit, and an axis inside an image."""
    yield from pointwise_sizes("softmax")
    yield from images("softmax", "all sizes coincide", (3, 3), "confident")
    yield from images("softmax", "more than 4096 terms in a sum", (1, 4099), "uniform")
    yield from images("softmax", "one logit", (4, 1), "uniform")
    yield from images("softmax", "the first axis of an image", (3, 2, 4, 5), "uniform", axis=1)
    for axis in (0, -3):
        yield from images("softmax", "as many samples as channels", (3, 3, 2, 4), "uniform", axis=axis)
    for axis in (0, 1, -2):
        yield from images("softmax", "square images, whose axes may be mistaken", (2, 3, 5, 5), "uniform", axis=axis)
    yield from images("softmax", "an axis among five", (2, 3, 2, 4, 3), "uniform", axis=3)
    yield from images("softmax", "an axis among five, from the end", (2, 3, 2, 4, 3), "uniform", axis=-4)


def _cross_entropy(N: int, K: int, note: str, data: str = "uniform", targets: int = 2) -> Iterator[Case]:
    for target in ((N, K), (N,))[:targets]:
        for dtype in ("float64", "float32"):
            yield Case("cross_entropy", {"logits": (N, K), "target": target}, dtype=dtype, data=data, note=note)


def cross_entropy_sizes() -> Iterator[Case]:
    """Yield batches and classes past the usual blocks, and numbers of them that coincide."""
    yield from _cross_entropy(33, 3, "a batch past blocks of 16 and 32")
    yield from _cross_entropy(131, 2, "a batch past blocks of 64 and 128")
    yield from _cross_entropy(7283, 9, "offsets past 16 bits")
    yield from _cross_entropy(2, 67, "more classes than a block of 64")
    yield from _cross_entropy(2, 4099, "more than 4096 classes")
    yield from _cross_entropy(4, 4, "as many samples as classes")
    yield from _cross_entropy(1, 5, "one sample")
    yield from _cross_entropy(3, 1, "one class")
    yield from _cross_entropy(52, 5, EVERY_MAGNITUDE, "octaves")
    yield from _cross_entropy(4, 5, "weights of 1 for two classes, which are no label", "several_hot", targets=1)
    yield from _cross_entropy(4, 5, "a sample without any weight", "one_without", targets=1)
    yield from _cross_entropy(4, 5, "weights of each sample whose sum is nearly 1", "nearly_one", targets=1)
    for data, note in (
        ("uint8_labels", "labels above 127 in 8 bits"),
        ("int16_labels", "labels of 16 bits"),
        ("uint64_labels", "unsigned labels"),
    ):
        # So many that some label is above 127, whatever the seed.
        yield Case("cross_entropy", {"logits": (40, 200), "target": (40,)}, data=data, note=note)


def special_cross_entropy() -> Iterator[Case]:
    """Yield logits at which a loss that is not written with care breaks."""
    for data, note in (
        ("confident", "probabilities so small that adding 1e-7 to them shows"),
        ("large", "logits of ±1e4: log(softmax) would be minus infinity"),
        ("shifted", "logits near 1e4: exp alone would overflow"),
        ("limits", "logits near the largest number"),
        ("negative", "no positive logit: a maximum that starts at 0 shows"),
    ):
        yield from _cross_entropy(5, 4, note, data)


def _batch_norm(note: str, x: Shape, data: str = "uniform", **attributes: Any) -> Iterator[Case]:
    vectors = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (x[1],))
    for dtype in ("float64", "float32"):
        for training in (True, False):
            yield Case(
                "batch_norm",
                {"x": x, **vectors},
                {"training": training, **attributes},
                dtype=dtype,
                data=data,
                note=note,
            )


def batch_norm_sizes() -> Iterator[Case]:
    """Yield batches and images past the usual blocks, and as few values a channel as there can be."""
    for shape, note in (*BLOCKS.values(), PAST_16_BITS):
        yield from _batch_norm(note, shape)
    yield from _batch_norm("two values a channel: biased and unbiased differ most", (2, 3))
    yield from _batch_norm("one sample", (1, 2, 3, 4))
    yield from _batch_norm("as many samples as channels", (4, 4))
    yield from _batch_norm("all sizes coincide", (3, 3, 3, 3))
    yield from _batch_norm("a row of features", (35, 2))
    yield from _batch_norm(EVERY_MAGNITUDE, (52, 5), "octaves")
    yield from _batch_norm("samples and channels in eights", (16, 8))
    for momentum in (0.0, 1.0):
        yield from _batch_norm(f"a momentum of {momentum}", (4, 3), momentum=momentum)


def special_batch_norm() -> Iterator[Case]:
    """Yield means far above the deviation, constant channels, and an eps that counts."""
    yield from _batch_norm("a large mean with a small variance", (8, 2), "offset")
    yield from _batch_norm("a large mean with a small variance, in images", (2, 3, 2, 3), "offset")
    yield from _batch_norm("channels that are constant: the variance is 0", (4, 3), "constant")
    yield from _batch_norm("channels that are constant, in images", (2, 2, 3, 2), "constant", eps=1e-3)
    yield from _batch_norm("an eps as large as the variance", (5, 2), eps=1.0)
    # PyTorch refuses an eps of 0 in training, which the contract leaves open.
    without_eps = _batch_norm("an eps of 0, which is not the default", (6, 3), eps=0.0)
    yield from (case for case in without_eps if not case.attributes["training"])
    yield from _batch_norm("magnitudes far apart", (6, 3), "wide")


def local_response_norm_sizes() -> Iterator[Case]:
    """Yield windows of one, two, an even and too large a number of channels."""
    operator = "local_response_norm"
    yield from images(operator, "the published one", (2, 7, 2, 3), "confident", size=5, alpha=1e-2, k=2.0)
    yield from images(operator, "an even window reaches further back", (1, 6, 1, 2), "confident", size=4, alpha=1.0)
    for size in (6, 8):
        reach = f"an even window of {size} channels among more"
        yield from images(operator, reach, (1, 10, 1, 2), "confident", size=size, alpha=1.0)
    yield from images(operator, "a window of one channel", (1, 4, 2, 2), "confident", size=1, alpha=1.0)
    yield from images(operator, "a window of two channels", (1, 4, 1, 1), "confident", size=2, alpha=1.0)
    yield from images(operator, "a window above the channels", (1, 3, 2, 1), "confident", size=9, alpha=1.0)
    for shape, note in (*BLOCKS.values(), PAST_16_BITS):
        yield from images(operator, note, shape, "confident", size=3, alpha=1.0)
    yield from images(operator, "a window of more than 11 channels", (1, 15, 1, 2), "confident", size=13, alpha=1.0)
    yield from images(operator, "all sizes coincide", (3, 3, 3, 3), "confident", size=3, alpha=1.0)
    yield from images(operator, EVERY_MAGNITUDE, (52, 5, 1, 2), "octaves", size=3, alpha=1.0)
    for power, k in ((1.0, 1.0), (2.0, 1.0), (1.0, 2.0), (2.0, 2.0)):
        note = f"a power of {power}, which asks for no root"
        yield from images(operator, note, (2, 5, 1, 2), "confident", size=3, alpha=1.0, beta=power, k=k)
    yield from images(operator, "numbers of which none counts in the sum", (1, 3, 1, 2), "uniform", size=3)
    far_apart = "magnitudes far apart: the difference of two running sums is no sum of a window"
    yield from images(operator, far_apart, (1, 9, 1, 3), "wide", size=3, alpha=1.0, k=0.0)


def dropout_sizes() -> Iterator[Case]:
    """Yield the sizes of any pointwise operator, in training."""
    for case in pointwise_sizes("dropout"):
        yield case.with_attributes(p=0.5, training=True, seed=3)
    yield from images("dropout", "few cells that are kept", (60, 20), "uniform", p=0.98, training=True, seed=3)


def update_sizes(operator: str) -> Iterator[Case]:
    """Yield parameters of a single number without an axis, of more than a block, and gradients that are partly 0."""
    good = GOOD[operator]
    for shape, data, note in (
        ((), "uniform", "a parameter without an axis"),
        ((1031,), "uniform", "more than 1024 parameters"),
        ((3, 1367), "uniform", "more than 4096 parameters"),
        ((7283, 9), "uniform", "offsets past 16 bits"),
        ((52, 5), "octaves", EVERY_MAGNITUDE),
        ((4, 5), "zero_grad", "parameters that no gradient reaches, which move on all the same"),
        ((4, 5), "no_grad", "a gradient of zero for all parameters, which move on all the same"),
        ((4, 5), "first_step", "no memory yet"),
    ):
        for dtype in ("float64", "float32"):
            yield good.but(shapes=dict.fromkeys(good.shapes, shape), dtype=dtype, data=data, note=note)
    rates = [name for name in ("momentum", "beta1", "beta2") if name in OPERATORS[operator].forward.attributes]
    others = {"step": 2, "eps": 0.5} if operator == "adam_update" else {}
    for rate in (0.99, 0.01) if rates else ():
        for dtype in ("float64", "float32"):
            case = good.with_attributes(**dict.fromkeys(rates, rate), **others)
            yield case.but(dtype=dtype, note=f"a memory of {rate}")
