"""The configuration space: for each operator the factors that matter, and the case that their levels make.

The systematic grid takes its cases from here, and so does Hypothesis. The first level of a factor is its simplest.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from conformance.case import Case
from conformance.covering import Legal
from conformance.oracle import IllegalProblemError, output_shape
from conformance.space import dense, geometry, windows
from conformance.space.levels import ARITHMETIC_DATA, DEFAULT, DTYPES, LAYOUTS, Row, Space, without
from conformance.space.windows import transposed_im2col

__all__ = ["DEFAULT", "SPACES", "Row", "Space", "assemble", "legal_levels", "transposed_im2col"]

_IMAGE = geometry.legal(geometry.IMAGE, geometry.make_an_image)
_SIGNAL = geometry.legal(geometry.SIGNAL, geometry.make_an_image)
_POOL = geometry.legal(geometry.POOL, geometry.make_a_pool)
_TRANSPOSED = geometry.legal(geometry.IMAGE, geometry.make_a_transposed_image)
# im2col and col2im see no filters; a kernel_size may be one integer.
_COLUMNS = {
    **without(windows.CONVOLUTION, "bias"),
    "channels": (1, 3, 2),
    "kernel": ((1, 1), 3, (2, 3), (3, 1), (1, 2), 2),
}

SPACES: Mapping[str, Space] = MappingProxyType(
    {
        "im2col": Space(_COLUMNS, windows.im2col, _IMAGE),
        "col2im": Space(_COLUMNS, windows.col2im, _IMAGE),
        "conv1d": Space(
            dict(windows.CONVOLUTION)
            | {
                "kernel": (1, 2, 3, 4),
                "stride": (DEFAULT, 1, 2, 5),
                "dilation": (DEFAULT, 1, 2, 3),
                "padding": (DEFAULT, 0, 1, (0, 2), (3, 1), 5),
                "outputs": (1, 2, 3, 5),
                "remainder": (0, 1, 2),
            },
            windows.conv1d,
            _SIGNAL,
        ),
        "conv2d": Space(windows.CONVOLUTION, windows.conv2d, _IMAGE),
        "conv_transpose2d": Space(
            without(windows.CONVOLUTION, "remainder")
            | {
                "padding": (DEFAULT, 0, 1, (1, 2), ((0, 1), (1, 0)), ((2, 0), (0, 1)), ((4, 1), (0, 5))),
                "output_padding": (DEFAULT, 0, 1, (0, 1), (2, 0)),
                # The sizes of its input, which are the outputs of the convolution that it transposes.
                "outputs": ((1, 1), (2, 3), (3, 2), (3, 3), (1, 3), (4, 1)),
            },
            windows.conv_transpose2d,
            _TRANSPOSED,
        ),
        "max_pool2d": Space(
            dict(windows.POOL)
            | {
                "dilation": (DEFAULT, 1, 2, (1, 2), (3, 1)),
                "data": ("distinct", "uniform", "negative", "ties"),
            },
            windows.pool("max_pool2d", "dilation"),
            _POOL,
        ),
        "avg_pool2d": Space(
            dict(windows.POOL) | {"count_include_pad": (DEFAULT, True, False), "data": ARITHMETIC_DATA},
            windows.pool("avg_pool2d", "count_include_pad"),
            _POOL,
        ),
        "global_avg_pool2d": Space(
            {
                "shape": ((1, 1, 1, 1), (2, 3, 4, 5), (3, 2, 5, 1), (1, 2, 1, 7), (2, 1, 3, 3)),
                "dtype": DTYPES,
                "layout": LAYOUTS,
                "data": ARITHMETIC_DATA,
            },
            dense.shaped("global_avg_pool2d", "x"),
        ),
        "linear": Space(
            {
                "batch": (1, 2, 3, 5),
                "inputs": (1, 3, 4, 7),
                "outputs": (1, 2, 3, 6),
                "bias": (False, True),
                "dtype": DTYPES,
                "layout": LAYOUTS,
                "data": ARITHMETIC_DATA,
            },
            dense.linear,
        ),
        "relu": dense.pointwise("relu", "ties", "signed_zeros", "extremes"),
        "sigmoid": dense.pointwise("sigmoid", "confident", "large", "extremes"),
        "tanh": dense.pointwise("tanh", "confident", "large", "extremes"),
        "softmax": Space(
            {
                "shape": ((3,), (2, 3), (3, 1), (2, 3, 4), (2, 4, 3, 2), (4, 11)),
                "axis": (DEFAULT, -1, 0, 1, -2, 2, -3),
                "dtype": DTYPES,
                "layout": LAYOUTS,
                "data": ("uniform", "confident", "large", "shifted", "negative", "limits"),
            },
            dense.softmax,
            constrained=("shape", "axis"),
        ),
        "cross_entropy": Space(
            {
                "batch": (1, 2, 3, 5),
                "classes": (2, 3, 5, 10),
                "target": ("labels", "weights", "one_hot", "smoothed", "uint8_labels", "int32_labels"),
                "dtype": DTYPES,
                "layout": LAYOUTS,
                "data": ("uniform", "confident", "large", "shifted", "limits"),
            },
            dense.cross_entropy,
            constrained=("target", "data"),
        ),
        "batch_norm": Space(
            {
                "batch": (2, 1, 3, 8),
                "channels": (1, 3, 2),
                "image": ((), (2, 3), (1, 1), (3, 1), (3, 3)),
                "training": (True, False),
                "momentum": (DEFAULT, 0.1, 0.3, 1.0, 0.0),
                "eps": (DEFAULT, 1e-5, 1e-3, 0.5),
                "dtype": DTYPES,
                "layout": LAYOUTS,
                "data": ("uniform", "offset", "constant", "wide", "plain_gamma"),
            },
            dense.batch_norm,
            constrained=("batch", "image", "training"),
        ),
        "local_response_norm": Space(
            {
                "batch": (1, 2, 5),
                "channels": (1, 3, 5, 8),
                "image": ((1, 1), (2, 3), (3, 1), (3, 3)),
                "size": (1, 2, 3, 4, 5, 7),
                "alpha": (DEFAULT, 1e-4, 0.5, 2.0, 0.0),
                "beta": (DEFAULT, 0.75, 0.5, 1.5, 0.0),
                "k": (DEFAULT, 1.0, 2.0, 0.0),
                "dtype": DTYPES,
                "layout": LAYOUTS,
                "data": ("uniform", "confident"),
            },
            dense.local_response_norm,
            constrained=("alpha", "k"),
        ),
        "dropout": Space(
            {
                "shape": ((40,), (8, 5), (2, 3, 4, 5), (1, 64), (3, 17)),
                "p": (0.5, 0.25, 0.1, 0.8, 0.0),
                "training": (True, False),
                "seed": (0, 1, 12345),
                "dtype": DTYPES,
                "layout": LAYOUTS,
                "data": ("positive", "negative"),
            },
            dense.shaped("dropout", "x", attributes=("p", "training", "seed")),
        ),
        "sgd_update": Space(
            dense.UPDATED | {"data": ("uniform", "wide")},
            dense.shaped("sgd_update", "param", "grad", attributes=("lr",)),
        ),
        "momentum_update": Space(
            dense.UPDATED | {"momentum": (0.9, 0.5, 0.0), "data": ("uniform", "wide")},
            dense.shaped("momentum_update", "param", "grad", "velocity", attributes=("lr", "momentum")),
        ),
        "adam_update": Space(
            dense.UPDATED
            | {
                "step": (1, 2, 3, 10, 1000, 30_000),
                "beta1": (DEFAULT, 0.9, 0.5, 0.0),
                "beta2": (DEFAULT, 0.999, 0.9),
                "eps": (DEFAULT, 1e-8, 0.1, 0.0),
                "data": ("uniform", "zeros", "wide"),
            },
            dense.adam_update,
            constrained=("eps", "data"),
        ),
    }
)


def assemble(operator: str, row: Row) -> Case | None:
    """Return the case that a row of levels makes, or nothing where the levels exclude one another."""
    try:
        case = SPACES[operator].assemble(row)
        output_shape(case)
    except IllegalProblemError:
        return None
    return case


def legal_levels(operator: str) -> Legal:
    """Return which levels of an operator's factors go together."""
    space = SPACES[operator]
    if space.legal is not None:
        return space.legal(space.factors)
    first = {name: levels[0] for name, levels in space.factors.items()}
    constrained = [space.factors[name] for name in space.constrained]
    assembles = [
        assemble(operator, first | dict(zip(space.constrained, levels, strict=True))) is not None
        for levels in itertools.product(*constrained)
    ]
    return Legal(space.constrained, np.reshape(assembles, [len(levels) for levels in constrained]))
