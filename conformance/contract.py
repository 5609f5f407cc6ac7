"""The contract as a table: one frozen record a function, read from the signature a user would write.

Everything that iterates over operators, arguments or defaults iterates over this table; ``CONTRACT.md`` says
the same in words, and a test compares the two.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


class _Required:
    """The default of an attribute that a caller always has to give."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


@dataclass(frozen=True)
class Function:
    """One function of the contract.

    ``arguments`` are passed by position and ``attributes`` by name; ``results`` has one name a returned array.
    """

    name: str
    arguments: tuple[str, ...]
    optional: frozenset[str]
    attributes: Mapping[str, object]
    results: tuple[str, ...]

    @property
    def signature(self) -> inspect.Signature:
        """The signature as Python would report it."""
        positional = [
            inspect.Parameter(
                name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=None if name in self.optional else inspect.Parameter.empty,
            )
            for name in self.arguments
        ]
        keyword = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if default is REQUIRED else default,
            )
            for name, default in self.attributes.items()
        ]
        return inspect.Signature([*positional, *keyword])


@dataclass(frozen=True)
class Operator:
    """A forward function with its backward function, if it has one; the unit of the report."""

    name: str
    forward: Function
    backward: Function | None

    @property
    def functions(self) -> tuple[Function, ...]:
        """The functions that an implementation provides for this operator."""
        return (self.forward,) if self.backward is None else (self.forward, self.backward)


_SIGNATURES = """
im2col(x, kernel_size, *, stride=1, padding=0, dilation=1) -> cols
col2im(cols, input_shape, kernel_size, *, stride=1, padding=0, dilation=1) -> x

conv1d(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1) -> y
conv1d_backward(grad_output, x, weight, *, stride, padding, dilation, groups) -> grad_x, grad_weight, grad_bias
conv2d(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1) -> y
conv2d_backward(grad_output, x, weight, *, stride, padding, dilation, groups) -> grad_x, grad_weight, grad_bias
conv_transpose2d(x, weight, bias=None, *, stride=1, padding=0, output_padding=0, dilation=1, groups=1) -> y
conv_transpose2d_backward(grad_output, x, weight, *, stride, padding, output_padding, dilation, groups) \
-> grad_x, grad_weight, grad_bias

max_pool2d(x, kernel_size, *, stride=None, padding=0, dilation=1, ceil_mode=False) -> y
max_pool2d_backward(grad_output, x, kernel_size, *, stride, padding, dilation, ceil_mode) -> grad_x
avg_pool2d(x, kernel_size, *, stride=None, padding=0, ceil_mode=False, count_include_pad=True) -> y
avg_pool2d_backward(grad_output, x, kernel_size, *, stride, padding, ceil_mode, count_include_pad) -> grad_x
global_avg_pool2d(x) -> y
global_avg_pool2d_backward(grad_output, x) -> grad_x

linear(x, weight, bias=None) -> y
linear_backward(grad_output, x, weight) -> grad_x, grad_weight, grad_bias

relu(x) -> y
relu_backward(grad_output, x) -> grad_x
sigmoid(x) -> y
sigmoid_backward(grad_output, x) -> grad_x
tanh(x) -> y
tanh_backward(grad_output, x) -> grad_x
softmax(x, *, axis=-1) -> y
softmax_backward(grad_output, x, *, axis=-1) -> grad_x
cross_entropy(logits, target) -> loss
cross_entropy_backward(logits, target) -> grad_logits

batch_norm(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5) \
-> y, running_mean, running_var
batch_norm_backward(grad_output, x, gamma, running_mean, running_var, *, training, eps) \
-> grad_x, grad_gamma, grad_beta
local_response_norm(x, *, size, alpha=1e-4, beta=0.75, k=1.0) -> y
local_response_norm_backward(grad_output, x, *, size, alpha, beta, k) -> grad_x

dropout(x, *, p, training, seed) -> y
dropout_backward(grad_output, x, *, p, training, seed) -> grad_x

sgd_update(param, grad, *, lr) -> param
momentum_update(param, grad, velocity, *, lr, momentum) -> param, velocity
adam_update(param, grad, m, v, *, step, lr, beta1=0.9, beta2=0.999, eps=1e-8) -> param, m, v
"""

_DEFAULTS: Mapping[str, object] = MappingProxyType({"None": None, "True": True, "False": False})


def parse(signature: str) -> Function:
    """Read one line of the table, such as ``"linear(x, weight, bias=None) -> y"``.

    Examples
    --------
    >>> parse("softmax(x, *, axis=-1) -> y").attributes
    mappingproxy({'axis': -1})
    """
    matched = re.fullmatch(r"(\w+)\((.*)\) -> (.+)", signature)
    if matched is None:
        raise ValueError(f"signature must look like 'name(arguments) -> results', got {signature!r}")
    name, inside, results = matched.groups()
    positional, _, keyword = inside.partition("*, ")
    arguments = [part.strip() for part in positional.split(",") if part.strip()]
    return Function(
        name=name,
        arguments=tuple(argument.partition("=")[0] for argument in arguments),
        optional=frozenset(argument.partition("=")[0] for argument in arguments if "=" in argument),
        attributes=MappingProxyType(dict(_attribute(part.strip()) for part in keyword.split(",") if part.strip())),
        results=tuple(result.strip() for result in results.split(",")),
    )


def _attribute(text: str) -> tuple[str, object]:
    name, equals, default = text.partition("=")
    if not equals:
        return name, REQUIRED
    if default in _DEFAULTS:
        return name, _DEFAULTS[default]
    return name, int(default) if re.fullmatch(r"-?\d+", default) else float(default)


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        function.name: function
        for function in (parse(line) for line in _SIGNATURES.replace("\\\n", "").splitlines() if line)
    }
)

OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        name: Operator(name, function, FUNCTIONS.get(f"{name}_backward"))
        for name, function in FUNCTIONS.items()
        if not name.endswith("_backward")
    }
)

CONVOLUTIONS = ("conv1d", "conv2d", "conv_transpose2d")

# What divides by a count. Whoever multiplies by the count's rounded reciprocal is off even where the mean is whole.
AVERAGES = ("avg_pool2d", "global_avg_pool2d")

# The answers that a correct system may give where systems differ; the first of each is the reference's.
CONVENTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "max_pool2d.ties": ("first", "any"),
        "batch_norm.running_var": ("unbiased", "biased"),
        **{f"{name}.accuracy": ("componentwise", "normwise") for name in CONVOLUTIONS},
    }
)


def operator_of(name: str) -> Operator:
    """Return the operator to which a function of the contract belongs."""
    return OPERATORS[name.removesuffix("_backward")]
