"""Every rule of the contract broken once: what is bad stands in words beside what makes it so."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from conformance.case import Shape

Spoilt = dict[str, Any]


def _attributes(**attributes: Any) -> Spoilt:
    return {"attributes": attributes}


def _shapes(**shapes: Shape) -> Spoilt:
    return {"shapes": shapes}


_WINDOW: tuple[tuple[str, Spoilt], ...] = (
    ("a stride of 0", _attributes(stride=0)),
    ("a negative stride", _attributes(stride=-1)),
    ("a horizontal stride of 0", _attributes(stride=(1, 0))),
    ("negative padding", _attributes(padding=-1)),
    ("negative padding at the top", _attributes(padding=((-1, 1), (0, 0)))),
    ("negative padding at the bottom", _attributes(padding=((1, -1), (0, 0)))),
    ("negative padding on the left", _attributes(padding=((0, 0), (-1, 1)))),
    ("negative padding on the right", _attributes(padding=((0, 0), (1, -1)))),
)


_DILATION: tuple[tuple[str, Spoilt], ...] = (
    ("a dilation of 0", _attributes(dilation=0)),
    ("a negative dilation", _attributes(dilation=-1)),
    ("a vertical dilation of 0", _attributes(dilation=(0, 1))),
    ("a dilated kernel higher than the image", _attributes(dilation=(9, 1))),
)


_KERNEL: tuple[tuple[str, Spoilt], ...] = (
    ("a kernel size of 0", _attributes(kernel_size=0)),
    ("a negative kernel size", _attributes(kernel_size=(2, -1))),
    ("a kernel wider than the padded image", _attributes(kernel_size=(2, 6))),
    ("a kernel higher than the padded image", _attributes(kernel_size=(5, 2))),
)


# The good case's output has another shape, so a backward function would have two reasons to refuse the next two.
_WIDE_PADDING: tuple[tuple[str, Spoilt], ...] = (
    (
        "padding above half the kernel, with a grad_output of the output that it would give",
        _attributes(padding=(2, 0)) | _shapes(grad_output=(2, 2, 4, 1)),
    ),
    (
        "padding above half the kernel on the right, with a grad_output of the output that it would give",
        _attributes(padding=((0, 0), (0, 2))) | _shapes(grad_output=(2, 2, 2, 2)),
    ),
)


_POOL: tuple[tuple[str, Spoilt], ...] = (
    *_WIDE_PADDING,
    ("padding above half the kernel", _attributes(padding=(2, 0))),
    ("padding above half the kernel on the right", _attributes(padding=((0, 0), (0, 2)))),
    ("a kernel wider than the image, in ceil_mode", _attributes(kernel_size=(2, 6), ceil_mode=True)),
    (
        "a kernel higher than the image, in ceil_mode",
        _attributes(kernel_size=(6, 2), stride=3, ceil_mode=True),
    ),
)


_IMAGE: tuple[tuple[str, Spoilt], ...] = (("an image without a batch axis", _shapes(x=(2, 4, 5))),)


_GROUPS: tuple[tuple[str, Spoilt], ...] = (
    ("0 groups", _attributes(groups=0)),
    ("a negative number of groups", _attributes(groups=-2)),
)


SPOILT: Mapping[str, tuple[tuple[str, Spoilt], ...]] = MappingProxyType(
    {
        "im2col": (*_WINDOW, *_DILATION, *_KERNEL, *_IMAGE),
        "col2im": (
            *_WINDOW,
            *_DILATION,
            *_KERNEL,
            ("too few rows", _shapes(cols=(17, 12))),
            ("too many rows", _shapes(cols=(19, 12))),
            ("too few columns", _shapes(cols=(18, 11))),
            ("too many columns", _shapes(cols=(18, 13))),
            ("as many numbers in another shape", _shapes(cols=(12, 18))),
            ("rows and columns not laid out flat", _shapes(cols=(2, 9, 12))),
            ("an input_shape of three sizes", _attributes(input_shape=(2, 4, 5))),
        ),
        "conv1d": (
            ("a stride of 0", _attributes(stride=0)),
            ("a negative stride", _attributes(stride=-1)),
            ("negative padding", _attributes(padding=-1)),
            ("negative padding on the left", _attributes(padding=(-1, 1))),
            ("negative padding on the right", _attributes(padding=(1, -1))),
            ("a dilation of 0", _attributes(dilation=0)),
            ("a negative dilation", _attributes(dilation=-1)),
            *_GROUPS,
            ("a kernel longer than the padded signal", _shapes(weight=(6, 2, 7))),
            ("a dilated kernel longer than the signal", _attributes(dilation=3)),
            ("channels that do not fit the weight", _shapes(weight=(6, 3, 3))),
            ("channels that do not fit the weight, without groups", _attributes(groups=1)),
            ("channels that do not divide by groups", _shapes(x=(2, 5, 6))),
            ("filters that do not divide by groups", _shapes(weight=(5, 2, 3), bias=(5,))),
            ("a bias that does not fit the filters", _shapes(bias=(4,))),
            ("a bias of one number", _shapes(bias=(1,))),
            ("a bias of two axes", _shapes(bias=(6, 1))),
            ("a bias that is too long", _shapes(bias=(9,))),
            ("a signal without a batch axis", _shapes(x=(4, 6))),
            ("a weight of two axes", _shapes(weight=(6, 2))),
        ),
        "conv2d": (
            *_WINDOW,
            *_DILATION,
            *_GROUPS,
            ("a kernel wider than the padded image", _shapes(weight=(6, 2, 2, 8))),
            ("a kernel higher than the padded image", _shapes(weight=(6, 2, 6, 3))),
            ("channels that do not fit the weight", _shapes(weight=(6, 3, 2, 3))),
            ("a weight of one channel, which would broadcast", _shapes(weight=(6, 1, 2, 3))),
            ("an image of one channel a group, which would broadcast", _shapes(x=(2, 2, 5, 7))),
            ("channels that do not fit the weight, without groups", _attributes(groups=1)),
            ("channels that do not divide by groups", _shapes(x=(2, 5, 5, 7))),
            ("filters that do not divide by groups", _shapes(weight=(5, 2, 2, 3), bias=(5,))),
            ("a bias that does not fit the filters", _shapes(bias=(4,))),
            ("a bias of one number", _shapes(bias=(1,))),
            ("a bias of two axes", _shapes(bias=(6, 1))),
            ("a bias that is too long", _shapes(bias=(9,))),
            ("an image without a batch axis", _shapes(x=(4, 5, 7))),
            ("a weight of three axes", _shapes(weight=(6, 2, 3))),
        ),
        "conv_transpose2d": (
            *_WINDOW,
            *_DILATION[:3],
            *_GROUPS,
            ("an output_padding as large as the stride", _attributes(stride=2, output_padding=2)),
            ("an output_padding of 1 with stride and dilation 1", _attributes(output_padding=(0, 1))),
            ("an output_padding below the other stride alone", _attributes(stride=(3, 1), output_padding=(0, 2))),
            ("padding that leaves no output", _attributes(padding=(2, 0))),
            ("padding that leaves no column", _attributes(padding=((0, 0), (3, 3)))),
            ("channels that do not fit the weight", _shapes(weight=(6, 3, 2, 3))),
            ("a weight of one channel, which would broadcast", _shapes(weight=(1, 3, 2, 3))),
            ("channels that do not fit the weight, without groups", _attributes(groups=1) | _shapes(x=(2, 3, 3, 4))),
            ("channels that do not divide by groups", _shapes(x=(2, 5, 3, 4), weight=(5, 3, 2, 3))),
            ("a bias that does not fit the filters", _shapes(bias=(3,))),
            ("a bias of one number", _shapes(bias=(1,))),
            ("a bias of two axes", _shapes(bias=(6, 1))),
            ("a bias that is too long", _shapes(bias=(9,))),
            ("an image without a batch axis", _shapes(x=(4, 3, 4))),
            ("a weight of three axes", _shapes(weight=(4, 3, 2))),
        ),
        "max_pool2d": (*_WINDOW, *_DILATION, *_KERNEL, *_POOL, *_IMAGE),
        "avg_pool2d": (*_WINDOW, *_KERNEL, *_POOL, *_IMAGE),
        "global_avg_pool2d": _IMAGE,
        "linear": (
            ("features that do not fit the weight", _shapes(weight=(4, 2))),
            ("a weight that is transposed", _shapes(weight=(3, 4))),
            ("a bias that does not fit the outputs", _shapes(bias=(3,))),
            ("a bias of one number", _shapes(bias=(1,))),
            ("a bias that is too long", _shapes(bias=(9,))),
            ("a weight of one axis", _shapes(weight=(3,))),
            ("a bias for each sample", _shapes(bias=(2, 4))),
            ("a bias of two axes, which would broadcast", _shapes(bias=(1, 4))),
        ),
        "relu": (),
        "sigmoid": (),
        "tanh": (),
        "softmax": (
            ("an axis past the last", _attributes(axis=2)),
            ("an axis before the first", _attributes(axis=-3)),
        ),
        "cross_entropy": (
            ("a label as large as the number of classes", {"data": "labels_too_large"}),
            ("a negative label", {"data": "labels_negative"}),
            ("a label of -100, which some systems ignore", {"data": "labels_far_below"}),
            ("a label of 255, which some data sets have for no class", {"data": "labels_of_255"}),
            ("too few labels", _shapes(target=(2,))),
            ("too many labels", _shapes(target=(4,))),
            ("one label for a batch", _shapes(target=(1,))),
            *(
                (f"a {label}, in {dtype}", {"data": f"{dtype}_labels_{kind}"})
                for label, dtype, kind in (
                    ("negative label", "int8", "negative"),
                    ("negative label", "int32", "negative"),
                    ("label as large as the number of classes", "uint8", "too_large"),
                )
            ),
            ("labels that are floating numbers", {"data": "float64_labels"}),
            ("labels in a column", _shapes(target=(3, 1)) | {"data": "whole_weights"}),
            ("weights that are whole numbers by their type", _shapes(target=(3, 4)) | {"data": "whole_weights"}),
            ("weights for too few classes", _shapes(target=(3, 3))),
            ("weights of one class, which would broadcast", _shapes(target=(3, 1))),
            ("weights of one sample, which would broadcast", _shapes(target=(1, 4))),
            ("an empty batch", _shapes(logits=(0, 4), target=(0,))),
            ("an empty batch with weights", _shapes(logits=(0, 4), target=(0, 4))),
            ("logits of three axes", _shapes(logits=(3, 4, 2))),
        ),
        "batch_norm": (
            ("one value a channel in training", _shapes(x=(1, 3), grad_output=(1, 3))),
            ("one value a channel in training, as an image", _shapes(x=(1, 3, 1, 1), grad_output=(1, 3, 1, 1))),
            ("an empty batch in training", _shapes(x=(0, 3), grad_output=(0, 3))),
            ("a gamma that does not fit the channels", _shapes(gamma=(4,))),
            ("a beta that does not fit the channels", _shapes(beta=(2,))),
            ("a running_var that does not fit the channels", _shapes(running_var=(2,))),
            *(
                (f"a {name} of {count} for 3 channels", _shapes(**{name: (count,)}))
                for name in ("gamma", "beta", "running_mean", "running_var")
                for count in (1, 5)
            ),
            ("x of one axis", _shapes(x=(3,))),
        ),
        "local_response_norm": (),
        "dropout": (
            ("p of 1", _attributes(p=1.0)),
            ("p above 1", _attributes(p=1.5)),
            ("a negative p", _attributes(p=-0.1)),
            ("p of 1 outside training", _attributes(p=1.0, training=False)),
            ("a negative p outside training", _attributes(p=-0.1, training=False)),
        ),
        "sgd_update": (
            ("a grad of another shape", _shapes(grad=(3, 2))),
            ("a grad that would broadcast", _shapes(grad=(3,))),
            ("a grad of one number", _shapes(grad=(1,))),
            ("a param of one number", _shapes(param=(1, 1))),
        ),
        "momentum_update": (
            ("a grad of another shape", _shapes(grad=(3, 2))),
            ("a grad that would broadcast", _shapes(grad=(1, 3))),
            ("a velocity of another shape", _shapes(velocity=(3, 2))),
            ("a velocity of one number", _shapes(velocity=(1,))),
        ),
        "adam_update": (
            ("step 0", _attributes(step=0)),
            ("a negative step", _attributes(step=-1)),
            ("a grad of another shape", _shapes(grad=(3, 2))),
            ("a grad that would broadcast", _shapes(grad=(3,))),
            ("an m of another shape", _shapes(m=(3, 2))),
            ("a v of another shape", _shapes(v=(2, 2))),
            ("a grad of one number", _shapes(grad=(1, 1))),
            ("an m of one number", _shapes(m=(1,))),
            ("a v of one number", _shapes(v=(1, 1))),
        ),
    }
)
