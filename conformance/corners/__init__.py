"""Corners of the configuration space, written by hand, each with the reason why it is there.

``SIZES`` holds sizes at which implementations change their code path and layers of published networks, ``SPECIAL``
values that arithmetic treats in its own way, ``SHAPES`` problems that a formula easily gets wrong, ``ROUTING`` the ties
and orders of a max pool, ``LARGE`` more than 4096 numbers for each operator, ``HUGE`` more than 65,536, ``PATHS``
what the values alone are judged on: rows of every remainder, attributes in turn, hard numbers in arrays that are not
small, and a second call with the largest.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from conformance.case import Case
from conformance.contract import CONVOLUTIONS, OPERATORS
from conformance.corners import convolution, dense, networks, pooling
from conformance.corners.hard import hard
from conformance.corners.images import BLOCKS, EVERY_MAGNITUDE, PAST_16_BITS, images
from conformance.corners.large import large
from conformance.corners.siblings import siblings
from conformance.corners.tails import tails

__all__ = ["HUGE", "LARGE", "PATHS", "ROUTING", "SHAPES", "SIZES", "SPECIAL"]

Corners = Mapping[str, tuple[Case, ...]]


SIZES: Corners = MappingProxyType(
    {
        **{
            name: (*convolution.convolution_sizes(name), *networks.convolutions_of_networks(name))
            for name in CONVOLUTIONS
        },
        "im2col": tuple(convolution.im2col_sizes("im2col")),
        "col2im": tuple(convolution.im2col_sizes("col2im")),
        **{
            name: (*pooling.pool_sizes(name, data), *networks.pools_of_networks(name, data))
            for name, data in (("max_pool2d", "distinct"), ("avg_pool2d", "uniform"))
        },
        "global_avg_pool2d": tuple(
            case
            for shape, note in (
                *BLOCKS.values(),
                PAST_16_BITS,
                ((1, 1, 24, 23), "more than 512 pixels"),
                ((2, 3, 7, 7), "all of 7×7, as in ResNet's last"),
                ((52, 2, 2, 3), EVERY_MAGNITUDE),
            )
            for case in images("global_avg_pool2d", note, shape, "octaves" if note == EVERY_MAGNITUDE else "uniform")
        ),
        "linear": tuple(dense.linear_sizes()),
        **{name: tuple(dense.pointwise_sizes(name)) for name in ("relu", "sigmoid", "tanh")},
        "softmax": tuple(dense.softmax_sizes()),
        "cross_entropy": tuple(dense.cross_entropy_sizes()),
        "batch_norm": tuple(dense.batch_norm_sizes()),
        "local_response_norm": tuple(dense.local_response_norm_sizes()),
        "dropout": tuple(dense.dropout_sizes()),
        **{name: tuple(dense.update_sizes(name)) for name in ("sgd_update", "momentum_update", "adam_update")},
    }
)

SHAPES: Corners = MappingProxyType(
    {
        **{name: tuple(convolution.convolution_shapes(name)) for name in CONVOLUTIONS},
        "max_pool2d": tuple(pooling.max_pool_shapes()),
        "avg_pool2d": tuple(pooling.pool_shapes("avg_pool2d", "uniform")),
    }
)

SPECIAL: Corners = MappingProxyType(
    {
        "max_pool2d": tuple(pooling.special_max_pool()),
        **{name: tuple(dense.special_activation(name)) for name in ("relu", "sigmoid", "tanh")},
        "softmax": tuple(
            case
            for data in ("large", "shifted", "limits", "negative", "confident")
            for case in images("softmax", f"{data} logits", (3, 5), data)
        ),
        "cross_entropy": tuple(dense.special_cross_entropy()),
        "batch_norm": tuple(dense.special_batch_norm()),
    }
)

HUGE: Corners = MappingProxyType(
    {
        name: tuple(case for case in SIZES[name] if "past 16 bits" in case.note and case.dtype == "float64")
        for name in OPERATORS
    }
)

PATHS: Corners = MappingProxyType(
    {
        name: (
            *tails(name),
            *siblings(name),
            *hard(name),
            *(case.but(seed=1, note="other numbers, and as many as before") for case in HUGE[name]),
        )
        for name in OPERATORS
    }
)

LARGE: Corners = MappingProxyType({name: tuple(large(name)) for name in OPERATORS})

ROUTING: tuple[Case, ...] = tuple(pooling.routing())
