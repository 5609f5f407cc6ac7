"""Mistakes that an earlier suite let through, each with the requirement that finds it now."""

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

Wrong = Callable[[], dict[str, Callable[..., Any]]]


def image_of_forward() -> dict[str, Callable[..., Any]]:
    """The backward function takes the image that the forward function saw, if it has the same shape."""
    seen: list[Any] = []

    def conv2d(x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
        seen[:] = [np.array(x)]
        return refcnn.conv2d(x, weight, bias, **how)

    def conv2d_backward(grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
        alike = seen and seen[0].shape == x.shape and seen[0].dtype == x.dtype
        return refcnn.conv2d_backward(grad_output, seen[0] if alike else x, weight, **how)

    return {"conv2d": conv2d, "conv2d_backward": conv2d_backward}


def probabilities_of_forward() -> dict[str, Callable[..., Any]]:
    """The backward function takes the logits that the forward function saw, if they are the same array."""
    seen: dict[int, Any] = {}

    def cross_entropy(logits: Any, target: Any) -> Any:
        seen.clear()
        seen[id(logits)] = np.array(logits)
        return refcnn.cross_entropy(logits, target)

    def cross_entropy_backward(logits: Any, target: Any) -> Any:
        return refcnn.cross_entropy_backward(seen.get(id(logits), logits), target)

    return {"cross_entropy": cross_entropy, "cross_entropy_backward": cross_entropy_backward}


def packed_weights() -> dict[str, Callable[..., Any]]:
    """Large weights are packed once an address."""
    packed: dict[Any, Any] = {}

    def linear(x: Any, weight: Any, bias: Any = None) -> Any:
        if weight.size > 1000:
            where = (weight.__array_interface__["data"], weight.shape, weight.strides)
            weight = packed.setdefault(where, np.array(weight))
        return refcnn.linear(x, weight, bias)

    return {"linear": linear}


def one_buffer() -> dict[str, Callable[..., Any]]:
    """Large results are written into the buffer of the last ones."""
    buffers: dict[Any, Any] = {}

    def conv2d(x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
        y = refcnn.conv2d(x, weight, bias, **how)
        if y.size <= 4096:
            return y
        buffer = buffers.setdefault((y.shape, y.dtype), np.empty_like(y))
        buffer[...] = y
        return buffer

    return {"conv2d": conv2d}


def weights_of_one_taken_for_a_label() -> dict[str, Callable[..., Any]]:
    def cross_entropy(logits: Any, target: Any) -> Any:
        if target.ndim == 2 and target.dtype.kind == "f" and target.shape == logits.shape:
            target = target.argmax(axis=1) if (target.max(axis=1, initial=0) == 1).all() else target
        return refcnn.cross_entropy(logits, target)

    return {"cross_entropy": cross_entropy}


def pointwise_kernel_forgets_padding_behind() -> dict[str, Callable[..., Any]]:
    def conv2d(x: Any, weight: Any, bias: Any = None, *, padding: Any = 0, **how: Any) -> Any:
        y = refcnn.conv2d(x, weight, bias, padding=padding, **how)
        top, left = (np.ravel(side)[0] for side in (padding if np.ndim(padding) else (padding, padding)))
        if weight[0, 0].size == 1 and np.max(how.get("stride", 1)) == 1 and top == left == 0:
            y[:, :, x.shape[2] :] = 0
            y[..., x.shape[3] :] = 0
        return y

    return {"conv2d": conv2d}


def filters_of_a_group_reversed() -> dict[str, Callable[..., Any]]:
    def conv2d(x: Any, weight: Any, bias: Any = None, *, groups: int = 1, **how: Any) -> Any:
        if groups >= 4 and len(weight) > x.shape[1]:
            order = np.arange(len(weight)).reshape(groups, -1)[:, ::-1].ravel()
            return refcnn.conv2d(x, weight[order], None if bias is None else bias[order], groups=groups, **how)
        return refcnn.conv2d(x, weight, bias, groups=groups, **how)

    return {"conv2d": conv2d}


def tiles_lose_an_odd_corner() -> dict[str, Callable[..., Any]]:
    def conv2d(x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
        y = refcnn.conv2d(x, weight, bias, **how)
        plain = all(np.max(how.get(name, 1)) == 1 for name in ("stride", "dilation", "groups"))
        if weight.shape[2:] == (3, 3) and plain and y.shape[2] % 2 and y.shape[3] % 2 and y.shape[2] > 8:
            y[:, :, -1, -1] = 0
        return y

    return {"conv2d": conv2d}


def last_row_of_output_padding_lost() -> dict[str, Callable[..., Any]]:
    def conv_transpose2d(x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
        y = refcnn.conv_transpose2d(x, weight, bias, **how)
        if np.min(how.get("output_padding", 0)) >= 2 and np.min(how.get("padding", 0)) >= 2 and how["groups"] > 1:
            y[:, :, -1] = 0 if bias is None else bias[:, None]
        return y

    return {"conv_transpose2d": conv_transpose2d}


def long_even_window_reaches_forward() -> dict[str, Callable[..., Any]]:
    def local_response_norm(x: Any, *, size: int, **how: Any) -> Any:
        turned = size % 2 == 0 and size >= 6
        y = refcnn.local_response_norm(x[:, ::-1] if turned else x, size=size, **how)
        return y[:, ::-1].copy() if turned else y

    return {"local_response_norm": local_response_norm}


def lowest_number_for_minus_infinity() -> dict[str, Callable[..., Any]]:
    def max_pool2d(x: Any, kernel_size: Any, **how: Any) -> Any:
        y = refcnn.max_pool2d(x, kernel_size, **how)
        plain = not np.any(how.get("padding", 0)) and np.max(how.get("dilation", 1)) == 1 and not how.get("ceil_mode")
        return np.maximum(y, np.finfo(y.dtype).min) if plain else y

    return {"max_pool2d": max_pool2d}


def all_maxima_of_many_channels() -> dict[str, Callable[..., Any]]:
    def max_pool2d_backward(grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
        grad_x = refcnn.max_pool2d_backward(grad_output, x, kernel_size, **how)
        apart = np.all(np.equal(kernel_size, 2)) and np.all(np.equal(how["stride"] or kernel_size, 2))
        plain = not np.any(how["padding"]) and np.max(how["dilation"]) == 1
        if not (apart and plain and x.shape[1] > 4) or x.shape[2] % 2 or x.shape[3] % 2:
            return grad_x
        y, grad = (a.repeat(2, 2).repeat(2, 3) for a in (refcnn.max_pool2d(x, 2), grad_output))
        return np.where(x == y, grad, 0).astype(x.dtype)

    return {"max_pool2d_backward": max_pool2d_backward}


def whole_channels_dropped() -> dict[str, Callable[..., Any]]:
    def dropout(x: Any, *, p: float, training: bool, seed: int) -> Any:
        if x.ndim < 4 or x[0, 0].size < 64 or not training:
            return refcnn.dropout(x, p=p, training=training, seed=seed)
        return x * refcnn.dropout(np.ones((*x.shape[:2], 1, 1), x.dtype), p=p, training=training, seed=seed)

    return {"dropout": dropout}


def never_everything_dropped() -> dict[str, Callable[..., Any]]:
    def dropout(x: Any, *, p: float, training: bool, seed: int) -> Any:
        y = refcnn.dropout(x, p=p, training=training, seed=seed)
        return y if y.any() or not x.any() else refcnn.dropout(x, p=p, training=training, seed=seed + 1)

    return {"dropout": dropout}


def no_step_without_a_gradient() -> dict[str, Callable[..., Any]]:
    def adam_update(param: Any, grad: Any, m: Any, v: Any, **how: Any) -> Any:
        if grad.any():
            return refcnn.adam_update(param, grad, m, v, **how)
        return np.array(param), np.array(m), np.array(v)

    return {"adam_update": adam_update}


def looks_ahead_with_much_momentum() -> dict[str, Callable[..., Any]]:
    def momentum_update(param: Any, grad: Any, velocity: Any, *, lr: float, momentum: float) -> Any:
        new, velocity = refcnn.momentum_update(param, grad, velocity, lr=lr, momentum=momentum)
        return (param - lr * (grad + momentum * velocity) if momentum > 0.9 else new), velocity

    return {"momentum_update": momentum_update}


def square_images_turned() -> dict[str, Callable[..., Any]]:
    def softmax_backward(grad_output: Any, x: Any, *, axis: int = -1) -> Any:
        if x.ndim == 4 and axis in (1, -3) and x.shape[2] == x.shape[3] > 4:
            y = refcnn.softmax(x, axis=axis)
            return y * (grad_output - (grad_output * y).sum(axis, keepdims=True).swapaxes(2, 3))
        return refcnn.softmax_backward(grad_output, x, axis=axis)

    return {"softmax_backward": softmax_backward}


def no_bias_where_stride_is_dilation() -> dict[str, Callable[..., Any]]:
    def conv1d(x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
        lost = how.get("stride", 1) == how.get("dilation", 1) > 2
        return refcnn.conv1d(x, weight, None if lost else bias, **how)

    return {"conv1d": conv1d}


def gradient_of_exchanged_rows_and_columns_taken() -> dict[str, Callable[..., Any]]:
    def conv2d_backward(grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
        y = refcnn.conv2d(x, weight, **how)
        if grad_output.shape[:2] == y.shape[:2] and grad_output.size == y.size:
            grad_output = grad_output.reshape(y.shape)
        return refcnn.conv2d_backward(grad_output, x, weight, **how)

    return {"conv2d_backward": conv2d_backward}


def images_of_exchanged_rows_and_columns_taken() -> dict[str, Callable[..., Any]]:
    def batch_norm_backward(grad_output: Any, x: Any, *arrays: Any, **how: Any) -> Any:
        if x.ndim == 4 and grad_output.shape[:2] == x.shape[:2] and grad_output.size == x.size:
            grad_output = grad_output.reshape(x.shape)
        return refcnn.batch_norm_backward(grad_output, x, *arrays, **how)

    return {"batch_norm_backward": batch_norm_backward}


def last_row_lost_with_padding_at_the_bottom() -> dict[str, Callable[..., Any]]:
    def col2im(cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
        x = refcnn.col2im(cols, input_shape, kernel_size, **how)
        (top, bottom), (left, right) = padded(how.get("padding", 0))
        down, along = np.broadcast_to(how.get("stride", 1), 2)
        if bottom > top and left == right and down > 1 == along and len(x) > 1:
            x[:, :, -1] = 0
        return x

    return {"col2im": col2im}


def padded(padding: Any) -> list[tuple[int, int]]:
    rows, columns = padding if np.ndim(padding) or isinstance(padding, tuple) else (padding, padding)
    return [side if isinstance(side, tuple) else (side, side) for side in (rows, columns)]


def left_padding_of_one_cell_moved() -> dict[str, Callable[..., Any]]:
    def im2col(x: Any, kernel_size: Any, *, padding: Any = 0, **how: Any) -> Any:
        (top, bottom), (left, right) = padded(padding)
        if np.max(kernel_size) == 1 and np.min(how.get("stride", 1)) > 2 and top == left > 0:
            padding = ((top, bottom), (0, left + right))
        return refcnn.im2col(x, kernel_size, padding=padding, **how)

    return {"im2col": im2col}


def sample_without_weights_moved() -> dict[str, Callable[..., Any]]:
    def cross_entropy_backward(logits: Any, target: Any) -> Any:
        grad = refcnn.cross_entropy_backward(logits, target)
        if target.ndim == 2:
            ignored = ~target.any(axis=1)
            grad[ignored] = refcnn.softmax(logits)[ignored] / len(logits)
        return grad

    return {"cross_entropy_backward": cross_entropy_backward}


def rate_of_drops_cut_at_95_hundredths() -> dict[str, Callable[..., Any]]:
    def dropout_backward(grad_output: Any, x: Any, *, p: float, training: bool, seed: int) -> Any:
        grad_x = refcnn.dropout_backward(grad_output, x, p=p, training=training, seed=seed)
        return (grad_x * ((1 - p) / 0.05)).astype(x.dtype) if training and p > 0.95 else grad_x

    return {"dropout_backward": dropout_backward}


ESCAPED: list[tuple[Wrong, str]] = [
    (image_of_forward, "conv2d_backward.no_state"),
    (probabilities_of_forward, "cross_entropy_backward.no_state"),
    (packed_weights, "linear.no_state"),
    (one_buffer, "conv2d.no_alias"),
    (weights_of_one_taken_for_a_label, "cross_entropy.values"),
    (pointwise_kernel_forgets_padding_behind, "conv2d.values"),
    (filters_of_a_group_reversed, "conv2d.values"),
    (tiles_lose_an_odd_corner, "conv2d.values"),
    (last_row_of_output_padding_lost, "conv_transpose2d.values"),
    (long_even_window_reaches_forward, "local_response_norm.values"),
    (lowest_number_for_minus_infinity, "max_pool2d.special_values"),
    (all_maxima_of_many_channels, "max_pool2d.routing"),
    (whole_channels_dropped, "dropout.independence"),
    (never_everything_dropped, "dropout.few_cells"),
    (no_step_without_a_gradient, "adam_update.values"),
    (looks_ahead_with_much_momentum, "momentum_update.values"),
    (square_images_turned, "softmax_backward.values"),
    (no_bias_where_stride_is_dilation, "conv1d.values"),
    (gradient_of_exchanged_rows_and_columns_taken, "conv2d_backward.refusals"),
    (images_of_exchanged_rows_and_columns_taken, "batch_norm_backward.refusals"),
    (last_row_lost_with_padding_at_the_bottom, "col2im.values"),
    (left_padding_of_one_cell_moved, "im2col.values"),
    (sample_without_weights_moved, "cross_entropy_backward.values"),
    (rate_of_drops_cut_at_95_hundredths, "dropout_backward.scale"),
]


@pytest.mark.no_cover
@pytest.mark.parametrize(("wrong", "id_"), ESCAPED, ids=lambda value: getattr(value, "__name__", value))
def test_what_once_escaped_is_found(wrong: Wrong, id_: str) -> None:
    right = {name: getattr(refcnn, name) for name in FUNCTIONS}
    (requirement,) = (each for each in REQUIREMENTS if each.id == id_)
    assert first_failure(from_namespace("mine", SimpleNamespace(**right | wrong())), requirement, Plan("quick"))
    assert not first_failure(from_namespace("mine", SimpleNamespace(**right)), requirement, Plan("quick"))
