"""Convolutions from their definition: read under the kernel, multiply, add; the adjoint writes there.

Axis letters: n batch, g group, c channel of a group, f filter of a group, o and p output row and column, k and l kernel
row and column, i and j pixel row and column.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.oracle import bounds
from conformance.oracle.answer import Answer, Problem, exact
from conformance.oracle.geometry import (
    Axis,
    IllegalProblemError,
    add_windows,
    sliding_axes,
    transposed_axes,
    windows,
)

Array = NDArray[Any]


def im2col(problem: Problem) -> tuple[Answer, ...]:
    """Lay the window of each output out as a row."""
    x = problem.arrays["x"]
    axes = sliding_axes(x.shape[2:], _kernel(problem), problem.attributes)
    # (n, c, o, k, p, l) -> rows (n, o, p), columns (c, k, l)
    read = windows(x, axes).transpose(0, 2, 4, 1, 3, 5)
    vertical, horizontal = axes
    columns = x.shape[1] * vertical.kernel * horizontal.kernel
    return (exact(read.reshape(x.shape[0] * vertical.outputs * horizontal.outputs, columns)),)


def col2im(problem: Problem) -> tuple[Answer, ...]:
    """Add each row back where im2col read it."""
    cols = problem.arrays["cols"]
    N, C, H, W = problem.attributes["input_shape"]
    axes = sliding_axes((H, W), _kernel(problem), problem.attributes)
    vertical, horizontal = axes
    split = (N, vertical.outputs, horizontal.outputs, C, vertical.kernel, horizontal.kernel)
    cells = cols.reshape(split).transpose(0, 3, 1, 4, 2, 5)
    overlap = vertical.kernel * horizontal.kernel
    magnitude = add_windows(np.abs(cells), axes)
    value = add_windows(cells, axes)
    return (Answer(value, bounds.sum_of_products(problem.rounding, overlap, magnitude)),)


def _kernel(problem: Problem) -> tuple[int, int]:
    kernel_size = problem.attributes["kernel_size"]
    return (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size


@dataclass(frozen=True)
class _Sum:
    """A sum of products and the same sum of absolute values, one above the other, and how many terms."""

    both: Array
    terms: int


def conv2d(problem: Problem) -> tuple[Answer, ...]:
    """y[n,f,o,p] = bias[f] + Σ weight[f,c,k,l] x[n,c,i,j]."""
    x, weight, axes = _grouped(problem, transposed=False)
    y = _sum("ngcokpl,gfckl->ngfop", windows(x, axes), weight, terms=weight[0, 0].size)
    return (_with_bias(problem, y),)


def conv2d_backward(problem: Problem) -> tuple[Answer, ...]:
    """Write the gradient back through the same relation, for the image and for the weight."""
    x, weight, axes = _grouped(problem, transposed=False)
    N, G, F = x.shape[0], x.shape[1], weight.shape[1]
    grad = problem.arrays["grad_output"].reshape(N, G, F, axes[0].outputs, axes[1].outputs)
    grad_x = _written(_sum("ngfop,gfckl->ngcokpl", grad, weight, terms=weight[0, :, 0].size), axes)
    grad_weight = _sum("ngfop,ngcokpl->gfckl", grad, windows(x, axes), terms=grad[:, 0, 0].size)
    return (
        _answer(problem, grad_x, problem.arrays["x"].shape, "grad_output", "weight"),
        _answer(problem, grad_weight, problem.arrays["weight"].shape, "grad_output", "x"),
        _bias_gradient(problem),
    )


def conv_transpose2d(problem: Problem) -> tuple[Answer, ...]:
    """Write weight[c,f,k,l] x[n,c,o,p] at the pixels from which a convolution would read x[n,c,o,p]."""
    x, weight, axes = _grouped(problem, transposed=True)
    y = _written(_sum("ngcop,gcfkl->ngfokpl", x, weight, terms=weight[0, :, 0].size), axes)
    return (_with_bias(problem, y),)


def conv_transpose2d_backward(problem: Problem) -> tuple[Answer, ...]:
    """Read the gradient where the forward function wrote."""
    x, weight, axes = _grouped(problem, transposed=True)
    N, G, F = x.shape[0], x.shape[1], weight.shape[2]
    grad = problem.arrays["grad_output"].reshape(N, G, F, axes[0].size, axes[1].size)
    grad_x = _sum("ngfokpl,gcfkl->ngcop", windows(grad, axes), weight, terms=weight[0, 0].size)
    grad_weight = _sum("ngcop,ngfokpl->gcfkl", x, windows(grad, axes), terms=x[:, 0, 0].size)
    return (
        _answer(problem, grad_x, problem.arrays["x"].shape, "grad_output", "weight"),
        _answer(problem, grad_weight, problem.arrays["weight"].shape, "grad_output", "x"),
        _bias_gradient(problem),
    )


def conv1d(problem: Problem) -> tuple[Answer, ...]:
    """Convolve images of height one."""
    return tuple(_flat(answer) for answer in conv2d(_raised(problem)))


def conv1d_backward(problem: Problem) -> tuple[Answer, ...]:
    """Differentiate the convolution of images of height one."""
    grad_x, grad_weight, grad_bias = conv2d_backward(_raised(problem))
    return _flat(grad_x), _flat(grad_weight), grad_bias


def _raised(problem: Problem) -> Problem:
    """Give signals a height of one, and attributes a vertical half that does nothing."""
    arrays = {name: a if a.ndim == 1 else a[:, :, None, :] for name, a in problem.arrays.items()}
    attributes = {
        **problem.attributes,
        "stride": (1, problem.attributes["stride"]),
        "dilation": (1, problem.attributes["dilation"]),
        "padding": (0, problem.attributes["padding"]),
    }
    return replace(problem, arrays=arrays, attributes=attributes)


def _flat(answer: Answer) -> Answer:
    return Answer(answer.value[:, :, 0, :], answer.allowed[:, :, 0, :])


def _grouped(problem: Problem, *, transposed: bool) -> tuple[Array, Array, list[Axis]]:
    """Split the channels into groups: x (n, g, c, i, j) and the weight with its groups in front."""
    x, weight, groups = problem.arrays["x"], problem.arrays["weight"], problem.attributes["groups"]
    N, C, H, W = x.shape
    first, second, KH, KW = weight.shape
    if groups < 1 or C % groups or first % groups or (first if transposed else second * groups) != C:
        raise IllegalProblemError("channels that do not fit")
    axes_of = transposed_axes if transposed else sliding_axes
    axes = axes_of((H, W), (KH, KW), problem.attributes)
    return (
        x.reshape(N, groups, C // groups, H, W),
        weight.reshape(groups, first // groups, second, KH, KW),
        axes,
    )


def _sum(letters: str, a: Array, b: Array, *, terms: int) -> _Sum:
    first, second, result = letters.replace("->", ",").split(",")
    sizes = dict(zip(first + second, a.shape + b.shape, strict=True))
    # To arrange a product of matrices takes longer than a few thousand products one by one.
    arranged = math.prod(sizes.values()) > 2000
    both = np.einsum(f"z{first},z{second}->z{result}", _with_absolute(a), _with_absolute(b), optimize=arranged)
    return _Sum(both, terms)


def _with_absolute(a: Array) -> Array:
    return np.array((a, np.abs(a)))


def _written(cells: _Sum, axes: list[Axis]) -> _Sum:
    """Add the cells of the windows onto their pixels; ``terms`` counts every cell that may meet a pixel."""
    return replace(cells, both=add_windows(cells.both, axes))


def _with_bias(problem: Problem, y: _Sum) -> Answer:
    N, G, F = y.both.shape[1:4]
    shape = (N, G * F, *y.both.shape[4:])
    if "bias" not in problem.arrays:
        return _answer(problem, y, shape, "x", "weight")
    if problem.arrays["bias"].shape != (G * F,):
        raise IllegalProblemError("a bias that does not fit the filters")
    bias = problem.arrays["bias"].reshape(1, G, F, 1, 1)
    return _answer(problem, _Sum(y.both + _with_absolute(bias), y.terms + 1), shape, "x", "weight")


def _answer(problem: Problem, result: _Sum, shape: tuple[int, ...], *factors: str) -> Answer:
    """Bound a sum of products, or the transform of the arrays named as its factors where that is declared."""
    value, magnitude = result.both
    allowed = bounds.sum_of_products(problem.rounding, result.terms, magnitude)
    if problem.convention(f"{problem.operator}.accuracy") == "normwise":
        norm = math.prod(float(np.linalg.norm(problem.arrays[name])) for name in factors)
        size = max(array.size for array in problem.arrays.values())
        allowed = allowed + bounds.normwise(problem.rounding, size, norm)
    return Answer(value.reshape(shape), allowed.reshape(shape))


def _bias_gradient(problem: Problem) -> Answer:
    grad = problem.arrays["grad_output"]
    terms = grad[:, 0].size
    allowed = bounds.sum_of_products(problem.rounding, terms, np.abs(grad).sum(axis=(0, 2, 3)))
    return Answer(grad.sum(axis=(0, 2, 3)), allowed)
