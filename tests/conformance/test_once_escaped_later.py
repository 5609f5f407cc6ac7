"""Mistakes that a later suite still let through: slices, kept memory, tails of vectors, arithmetic of large arrays."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.contract import FUNCTIONS
from conformance.implementation import from_namespace
from conformance.judge import first_failure
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

# Given a call and the right function, the wrong answer.
Wrong = Callable[..., Any]
RIGHT = {name: getattr(refcnn, name) for name in FUNCTIONS}


def rows_of_a_slice_read_as_if_they_touched(right: Wrong, x: Any, weight: Any, *bias: Any) -> Any:
    if weight.strides[1] == weight.itemsize and weight.strides[0] > weight.shape[1] * weight.itemsize:
        weight = np.lib.stride_tricks.as_strided(weight, strides=(weight.shape[1] * weight.itemsize, weight.itemsize))
    return right(x, weight, *bias)


def a_gradient_that_repeats_along_the_row_taken_for_one_number(right: Wrong, grad_output: Any, x: Any) -> Any:
    repeats = grad_output.ndim > 1 and grad_output.strides[-1] == 0 and grad_output.shape[-1] > 1
    return right(np.full_like(grad_output, grad_output.flat[0]) if repeats else grad_output, x)


def a_memo_that_gives_its_own_copy_away() -> Wrong:
    kept: dict[Any, Any] = {}

    def wrong(right: Wrong, x: Any, **how: Any) -> Any:
        key = x.tobytes(), x.shape, x.dtype.str, repr(how)
        if key in kept:
            return kept[key].copy()
        return kept.setdefault(key, right(x, **how))

    return wrong


def a_memo_by_the_identity_of_the_image_alone() -> Wrong:
    kept: dict[Any, Any] = {}

    def wrong(right: Wrong, x: Any, *others: Any, **how: Any) -> Any:
        _, first = kept.setdefault((id(x), *(other.tobytes() for other in others), repr(how)), (x, x.copy()))
        return right(first, *others, **how)

    return wrong


def a_large_buffer_used_again() -> Wrong:
    buffers: dict[Any, Any] = {}

    def wrong(right: Wrong, x: Any) -> Any:
        y = right(x)
        if y.nbytes < 2**18:
            return y
        buffer = buffers.setdefault((y.shape, y.dtype), np.empty_like(y))
        buffer[...] = y
        return buffer

    return wrong


def a_large_sum_that_is_not_begun_anew() -> Wrong:
    sums: dict[Any, Any] = {}

    def wrong(right: Wrong, *arrays: Any, **how: Any) -> Any:
        y = right(*arrays, **how)
        if y.size >= 2**16:
            sums[y.shape, y.dtype] = y = y + sums.get((y.shape, y.dtype), 0)
        return y.copy()

    return wrong


def a_plan_without_the_horizontal_dilation() -> Wrong:
    plans: dict[Any, Any] = {}

    def wrong(right: Wrong, x: Any, kernel_size: Any, **how: Any) -> Any:
        dilation = how.get("dilation", 1)
        vertical = dilation if isinstance(dilation, int) else dilation[0]
        key = x.shape, repr(kernel_size), repr({**how, "dilation": vertical})
        return right(x, kernel_size, **plans.setdefault(key, how))

    return wrong


def the_first_velocity_is_the_gradient_itself(right: Wrong, param: Any, grad: Any, velocity: Any, **how: Any) -> Any:
    updated, moved = right(param, grad, velocity, **how)
    return (updated, moved) if velocity.any() or not velocity.size else (updated, grad)


def the_generator_seeded_for_large_masks(right: Wrong, x: Any, **how: Any) -> Any:
    if x.size >= 2**16:
        np.random.seed(how["seed"])  # noqa: NPY002 - this is the mistake
    return right(x, **how)


def one_pass_for_a_large_batch(right: Wrong, x: Any, gamma: Any, beta: Any, *running: Any, **how: Any) -> Any:
    y, *new = right(x, gamma, beta, *running, **how)
    if x.ndim == 2 and len(x) >= 32 and how["training"]:
        mean = x.mean(axis=0)
        variance = np.maximum((x * x).mean(axis=0) - mean * mean, 0)
        y = (gamma * (x - mean) / np.sqrt(variance + how.get("eps", 1e-5)) + beta).astype(x.dtype)
    return (y, *new)


def the_maximum_of_whole_vectors_alone(right: Wrong, x: Any, *, axis: int = -1) -> Any:
    size = x.shape[axis]
    if size <= 32 or size % 32 == 0:
        return right(x, axis=axis)
    with np.errstate(all="ignore"):
        powers = np.exp(x - np.take(x, range(size // 32 * 32), axis).max(axis, keepdims=True))
        return (powers / powers.sum(axis, keepdims=True)).astype(x.dtype)


def products_of_blocks(right: Wrong, x: Any, weight: Any, *bias: Any) -> Any:
    """Strassen's seven products instead of eight."""
    halves = [size // 2 for size in (*x.shape, weight.shape[0])]
    if min(x.shape + weight.shape) < 32 or any(size % 2 for size in (*x.shape, weight.shape[0])):
        return right(x, weight, *bias)
    n, k, f = halves
    a, b, c, d = x[:n, :k], x[:n, k:], x[n:, :k], x[n:, k:]
    e, g, h, i = (
        weight.T[rows, columns] for rows in (slice(k), slice(k, None)) for columns in (slice(f), slice(f, None))
    )
    p1, p2, p3, p4 = a @ (g - i), (a + b) @ i, (c + d) @ e, d @ (h - e)
    p5, p6, p7 = (a + d) @ (e + i), (b - d) @ (h + i), (a - c) @ (e + g)
    return np.block([[p5 + p4 - p2 + p6, p1 + p2], [p3 + p4, p1 + p5 - p3 - p7]]) + (bias[0] if bias else 0)


def depthwise_tail_of_seven_without_its_bias(right: Wrong, x: Any, weight: Any, *bias: Any, **how: Any) -> Any:
    y = right(x, weight, *bias, **how)
    if bias and weight.shape[2:] == (3, 3) and how.get("groups", 1) == x.shape[1] > 1 and y.shape[3] % 8 == 7:
        y[..., -1] -= bias[0][:, None]
    return y


def causal_padding_put_behind(right: Wrong, x: Any, weight: Any, *bias: Any, **how: Any) -> Any:
    if how.get("dilation", 1) > 1 and how.get("groups", 1) > 1 and isinstance(how.get("padding"), tuple):
        how["padding"] = how["padding"][::-1]
    return right(x, weight, *bias, **how)


def nan_lost_in_wide_rows(right: Wrong, x: Any, kernel_size: Any, **how: Any) -> Any:
    return right(np.where(np.isnan(x), -np.inf, x).astype(x.dtype) if x.shape[3] >= 16 else x, kernel_size, **how)


def labels_of_255_ignored(right: Wrong, logits: Any, target: Any) -> Any:
    return right(logits, np.where(target == 255, 0, target) if target.ndim == 1 else target)


# The function that is wrong, the mistake or what makes it, and the requirement.
ESCAPED: list[tuple[str, Callable[..., Any], str]] = [
    ("linear", rows_of_a_slice_read_as_if_they_touched, "layouts"),
    ("relu_backward", a_gradient_that_repeats_along_the_row_taken_for_one_number, "layouts"),
    ("softmax", a_memo_that_gives_its_own_copy_away, "no_state"),
    ("dropout", a_memo_that_gives_its_own_copy_away, "same_mask"),
    ("linear", a_memo_by_the_identity_of_the_image_alone, "no_state"),
    ("relu", a_large_buffer_used_again, "no_alias"),
    ("conv_transpose2d", a_large_sum_that_is_not_begun_anew, "values"),
    ("im2col", a_plan_without_the_horizontal_dilation, "values"),
    ("momentum_update", the_first_velocity_is_the_gradient_itself, "no_alias"),
    ("dropout", the_generator_seeded_for_large_masks, "no_global_state"),
    ("batch_norm", one_pass_for_a_large_batch, "values"),
    ("softmax", the_maximum_of_whole_vectors_alone, "values"),
    ("linear", products_of_blocks, "values"),
    ("conv2d", depthwise_tail_of_seven_without_its_bias, "values"),
    ("conv1d", causal_padding_put_behind, "values"),
    ("max_pool2d", nan_lost_in_wide_rows, "special_values"),
    ("cross_entropy", labels_of_255_ignored, "refusals"),
]


def wrong_at(function: str, mistake: Callable[..., Any]) -> Wrong:
    makes_it = "right" not in mistake.__annotations__
    wrong = mistake() if makes_it else mistake

    def called(*arrays: Any, **how: Any) -> Any:
        return wrong(RIGHT[function], *arrays, **how)

    return called


@pytest.mark.no_cover
@pytest.mark.parametrize(("function", "mistake", "requirement"), ESCAPED)
def test_what_still_escaped_is_found(function: str, mistake: Callable[..., Any], requirement: str) -> None:
    (judged,) = (each for each in REQUIREMENTS if each.id == f"{function}.{requirement}")
    wrong = SimpleNamespace(**RIGHT | {function: wrong_at(function, mistake)})
    assert first_failure(from_namespace("mine", wrong), judged, Plan())
    assert not first_failure(from_namespace("mine", SimpleNamespace(**RIGHT)), judged, Plan())
