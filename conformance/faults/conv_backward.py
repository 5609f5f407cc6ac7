"""Mistakes in the gradients of convolutions.

`right` is called first wherever bad input must be refused before anything is spoilt.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.conv_places import of_any_backward, places, read_back, spatial
from conformance.faults.fault import Right, fault


@of_any_backward(says="grad_x is made with the kernel flipped", killed_by="values", history="flipped_kernel")
def grad_x_of_flipped_kernel(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    _, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return right(grad_output, x, np.flip(weight, spatial(weight)), **how)[0], grad_weight, grad_bias


@of_any_backward(says="grad_weight comes out flipped", killed_by="values", history="flipped_kernel")
def grad_weight_flipped(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return grad_x, np.flip(grad_weight, spatial(weight)), grad_bias


@of_any_backward(
    says="windows that overlap overwrite one another in grad_x, where they should add up", killed_by="values"
)
def windows_overwrite(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    for cell in np.ndindex(weight.shape[2:]):
        alone = np.zeros_like(weight)
        alone[(..., *cell)] = 1
        met = right(np.ones_like(grad_output), x, alone, **how)[0] > 0
        grad_x = np.where(met, right(grad_output, x, alone * weight, **how)[0], grad_x)
    return grad_x, grad_weight, grad_bias


@of_any_backward(says="windows that overlap are averaged in grad_x, where they should add up", killed_by="values")
def windows_averaged(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    filters = len(weight) // how["groups"]
    windows = right(np.ones_like(grad_output), x, np.ones_like(weight), **how)[0] / filters
    return grad_x / np.maximum(windows, 1).astype(x.dtype), grad_weight, grad_bias


@of_any_backward(says="grad_x has the size of the padded image", killed_by="shape")
def grad_x_padded(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    where = places(x, **how)
    around = ((0, 0), (0, 0), *zip(where.before, where.after, strict=True))
    return right(grad_output, np.pad(x, around), weight, **how | {"padding": 0})


@of_any_backward(says="all of the padding is cut off behind grad_x", killed_by="values", history="padding_side")
def padding_cut_behind(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    _, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return read_back(right, grad_output, x, weight, how, before=(0,) * (x.ndim - 2))[0], grad_weight, grad_bias


@of_any_backward(says="the dilation is left out of grad_x", killed_by="values")
def grad_x_without_dilation(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    _, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return read_back(right, grad_output, x, weight, how, dilation=(1,) * (x.ndim - 2))[0], grad_weight, grad_bias


@of_any_backward(says="the stride is left out of grad_x", killed_by="values")
def grad_x_without_stride(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    _, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return read_back(right, grad_output, x, weight, how, stride=(1,) * (x.ndim - 2))[0], grad_weight, grad_bias


@of_any_backward(
    says="stride and dilation are not exchanged for grad_weight, where grad_output slides as a kernel",
    killed_by="values",
)
def grad_weight_stride_for_dilation(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    where, (grad_x, _, grad_bias) = places(x, **how), right(grad_output, x, weight, **how)
    swapped = read_back(right, grad_output, x, weight, how, stride=where.dilation, dilation=where.stride)
    return grad_x, swapped[1], grad_bias


@of_any_backward(
    says="grad_weight is taken from the image without its padding", killed_by="values", history="padding_side"
)
def grad_weight_without_padding(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, _, grad_bias = right(grad_output, x, weight, **how)
    return grad_x, read_back(right, grad_output, x, weight, how, before=(0,) * (x.ndim - 2))[1], grad_bias


@fault("conv2d_backward", says="the vertical stride is taken for both axes of the gradients", killed_by="values")
def stride_of_rows_back(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    right(grad_output, x, weight, **how)
    return read_back(right, grad_output, x, weight, how, stride=places(x, **how).stride[:1] * 2)


@fault("conv2d_backward", says="the vertical dilation is taken for both axes of the gradients", killed_by="values")
def dilation_of_rows_back(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    right(grad_output, x, weight, **how)
    return read_back(right, grad_output, x, weight, how, dilation=places(x, **how).dilation[:1] * 2)


@of_any_backward(says="grad_weight is a mean over the batch", killed_by="values")
def grad_weight_mean(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return grad_x, grad_weight / np.asarray(max(len(x), 1), x.dtype), grad_bias


@of_any_backward(says="grad_weight is that of the first sample", killed_by="values")
def grad_weight_of_first_sample(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, _, grad_bias = right(grad_output, x, weight, **how)
    return grad_x, right(grad_output[:1], x[:1], weight, **how)[1], grad_bias


@of_any_backward(says="grad_weight is overwritten by every sample, so that the last one's is left", killed_by="values")
def grad_weight_of_last_sample(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, _, grad_bias = right(grad_output, x, weight, **how)
    return grad_x, right(grad_output[-1:], x[-1:], weight, **how)[1], grad_bias


@of_any_backward(says="grad_bias is a mean over samples and pixels", killed_by="values")
def grad_bias_mean(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return grad_x, grad_weight, grad_bias / np.asarray(max(grad_output[:, 0].size, 1), x.dtype)


@of_any_backward(says="grad_bias is that of the first sample", killed_by="values")
def grad_bias_of_first_sample(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, _ = right(grad_output, x, weight, **how)
    return grad_x, grad_weight, grad_output[:1].sum(axis=(0, *spatial(grad_output)))


@of_any_backward(says="grad_bias is not summed over the batch", killed_by="shape")
def grad_bias_by_sample(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, _ = right(grad_output, x, weight, **how)
    return grad_x, grad_weight, grad_output.sum(axis=spatial(grad_output))


@fault("conv2d_backward", says="grad_bias is that of the first row", killed_by="values")
def grad_bias_of_first_row(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, _ = right(grad_output, x, weight, **how)
    return grad_x, grad_weight, grad_output[:, :, 0].sum(axis=(0, 2))


@of_any_backward(says="grad_output is taken to be all ones", killed_by="values")
def grad_output_of_ones(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    return right(np.ones_like(grad_output), x, weight, **how)


@of_any_backward(says="grad_weight is returned first", killed_by="shape")
def gradients_in_wrong_order(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return grad_weight, grad_x, grad_bias


@of_any_backward(
    says="grad_weight holds the groups in reverse order", killed_by="values", history="grouped_weight_gradient"
)
def grad_weight_groups_reversed(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    reversed_groups = grad_weight.reshape(how["groups"], -1)[::-1].reshape(weight.shape)
    return grad_x, reversed_groups, grad_bias


@of_any_backward(
    says="grad_weight of every group is taken from the first group's channels",
    killed_by="values",
    history="grouped_weight_gradient",
)
def grad_weight_of_first_group(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    repeats = (1, how["groups"]) + (1,) * (x.ndim - 2)
    grad_x, _, grad_bias = right(grad_output, x, weight, **how)
    return grad_x, right(grad_output, np.tile(x[:, : weight.shape[1]], repeats), weight, **how)[1], grad_bias


@of_any_backward(says="grad_x is written to the next channel", killed_by="values", history="backward_channel")
def grad_x_of_next_channel(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return np.roll(grad_x, 1, axis=1), grad_weight, grad_bias


@of_any_backward(says="grad_weight is written to the next channel", killed_by="values", history="backward_channel")
def grad_weight_of_next_channel(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return grad_x, np.roll(grad_weight, 1, axis=1), grad_bias


@of_any_backward(
    says="grad_weight lies in memory by channel and is read by filter", killed_by="values", history="backward_channel"
)
def grad_weight_by_channel(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return grad_x, grad_weight.swapaxes(0, 1).reshape(weight.shape), grad_bias
