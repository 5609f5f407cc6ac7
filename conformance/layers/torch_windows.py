"""Convolutions and pools that are PyTorch modules, behind the contract's functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.layers.attributes import an_axis, parts
from conformance.layers.construction import by_name
from conformance.layers.torch_bridge import answer, gradients, loaded

Body = Callable[..., Any]


def convolution(name: str, made: type) -> Mapping[str, Body]:
    """Translate ``Conv2d(in_channels, out_channels, kernel_size, …)``, Conv1d or ConvTranspose2d."""

    def module(x: Any, weight: Any, bias: Any, *, has_bias: bool, **how: Any) -> Any:
        groups = how.get("groups", 1)
        outs, ins = weight.shape[0], weight.shape[1] * groups
        channels = (outs, weight.shape[1] * groups) if name == "conv_transpose2d" else (ins, outs)
        required = dict(zip(("in_channels", "out_channels"), channels, strict=True))
        optional = {"groups": (groups, 1), "bias": (has_bias, has_bias)}
        for attribute, plain in (("stride", 1), ("padding", 0), ("output_padding", 0), ("dilation", 1)):
            if attribute in how:
                # The two numbers of a signal's padding are the ends of its one axis.
                value = (how[attribute],) if name == "conv1d" and isinstance(how[attribute], tuple) else how[attribute]
                optional[attribute] = (an_axis(attribute, value), plain)
        convolved = by_name(made, required | {"kernel_size": an_axis("kernel_size", weight.shape[2:])}, optional)
        return loaded(convolved, x, weight=weight, bias=bias)

    def forward(x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
        return answer(module(x, weight, bias, has_bias=bias is not None, **how), x)

    def backward(grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
        convolved = module(x, weight, None, has_bias=True, **how)
        return gradients(convolved, x, grad_output, *_learnt(convolved))

    return {name: forward, f"{name}_backward": backward}


def linear(made: type) -> Mapping[str, Body]:
    """Translate ``Linear(in_features, out_features, bias)``."""

    def module(x: Any, weight: Any, bias: Any, has_bias: bool) -> Any:
        required = {"in_features": weight.shape[1], "out_features": weight.shape[0]}
        return loaded(by_name(made, required, {"bias": (has_bias, has_bias)}), x, weight=weight, bias=bias)

    def forward(x: Any, weight: Any, bias: Any = None) -> Any:
        return answer(module(x, weight, bias, bias is not None), x)

    def backward(grad_output: Any, x: Any, weight: Any) -> Any:
        mapped = module(x, weight, None, True)
        return gradients(mapped, x, grad_output, *_learnt(mapped))

    return {"linear": forward, "linear_backward": backward}


def _learnt(module: Any) -> tuple[str, str]:
    if "bias" not in dict(module.named_parameters()):
        raise NotImplementedError(f"{type(module).__name__} has no bias, whose gradient is asked for")
    return "weight", "bias"


def _reaches_far(how: Mapping[str, Any]) -> bool:
    """Return whether a dilated window can lie wholly in the padding or, in ceil_mode, beyond it."""
    dilated = set(parts(how.get("dilation", 1))) != {1}
    return dilated and (set(parts(how["padding"])) != {0} or bool(how["ceil_mode"]))


def pool(name: str, made: type, **plain: Any) -> Mapping[str, Body]:
    """Translate ``MaxPool2d(kernel_size, stride, padding, …)`` or AvgPool2d, with what it means to leave one out."""

    def module(kernel_size: Any, how: Mapping[str, Any]) -> Any:
        absent = {"stride": None, "padding": 0, **plain}
        spelt = {**absent, **how}
        if _reaches_far(spelt):
            raise NotImplementedError("PyTorch may write beyond an image of which a dilated window shows nothing")
        spelt |= {each: an_axis(each, spelt[each]) for each in ("stride", "padding", "dilation") if spelt.get(each)}
        optional = {each: (value, absent[each]) for each, value in spelt.items()}
        return by_name(made, {"kernel_size": an_axis("kernel_size", kernel_size)}, optional)

    def forward(x: Any, kernel_size: Any, **how: Any) -> Any:
        return answer(module(kernel_size, how), x)

    def backward(grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
        return gradients(module(kernel_size, how), x, grad_output)

    return {name: forward, f"{name}_backward": backward}
