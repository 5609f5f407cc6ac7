"""The contract as a file to fill in: signatures from the table, definitions from ``CONTRACT.md``."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType

from conformance.contract import FUNCTIONS, Function

_WIDTH = 116  # of a docstring's line, in lines of 120

_HEAD = '''"""My convolutional network, function by function; the contract says what each must do.

Images are (N, C, H, W): batch, channels, height, width; signals (N, C, L). F counts filters, KH and KW measure the
kernel, OH and OW the output. Arguments stay as they are, and results are arrays of their own, of the inputs' type.
Bad input is refused with ValueError, or TypeError for a wrong type. What is not written yet raises
NotImplementedError, which is reported as not supported.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
# One integer for both axes, or (vertical, horizontal).
Pair: TypeAlias = int | tuple[int, int]
# A pair, or ((top, bottom), (left, right)).
Padding: TypeAlias = int | tuple[int, int] | tuple[tuple[int, int], tuple[int, int]]
'''

_TYPES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("kernel_size", "stride", "dilation", "output_padding"), "Pair"),
        **dict.fromkeys(("axis", "groups", "seed", "size", "step"), "int"),
        **dict.fromkeys(("ceil_mode", "count_include_pad", "training"), "bool"),
        **dict.fromkeys(("alpha", "beta", "beta1", "beta2", "eps", "k", "lr", "momentum", "p"), "float"),
        "input_shape": "tuple[int, int, int, int]",
        "padding": "Padding",
    }
)


def skeleton() -> str:
    """Return the source of a module in which every function of the contract raises NotImplementedError.

    Examples
    --------
    >>> print(skeleton().partition("def relu(")[2].partition("def ")[0].strip())
    x: Array) -> Array:
        \"\"\"Return y.
    <BLANKLINE>
        The activations take arrays of any shape; each backward function returns `grad_x`. No finite `x` may overflow,
        and NaN stays NaN. `relu(x)` and `relu_backward(grad_output, x)`: max(x, 0), where NaN stays NaN; the derivative
        at 0 is 0; at NaN nothing is required of it.
        \"\"\"
        raise NotImplementedError
    """
    return _HEAD + "".join(f"\n\n{_definition(function)}" for function in FUNCTIONS.values())


def _definition(function: Function) -> str:
    results = ", ".join(function.results)
    words = _wrapped(definition(function.name))
    return f'{_signature(function)}\n    """Return {results}.\n\n{words}\n    """\n    raise NotImplementedError\n'


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)


def _signature(function: Function) -> str:
    """Return the line that defines a function, or as many lines as it has parameters where one is too long."""
    returned = ", ".join("Array" for _ in function.results)
    returned = f"tuple[{returned}]" if len(function.results) > 1 else returned
    parameters = [_parameter(function, each) for each in function.signature.parameters.values()]
    keyword = len(function.arguments)
    parameters = [*parameters[:keyword], *["*"] * (keyword < len(parameters)), *parameters[keyword:]]
    line = f"def {function.name}({', '.join(parameters)}) -> {returned}:"
    if len(line) <= 120:
        return line
    return "\n".join([f"def {function.name}(", *(f"    {each}," for each in parameters), f") -> {returned}:"])


def _parameter(function: Function, parameter: inspect.Parameter) -> str:
    kind = _type(function, parameter)
    default = "" if parameter.default is inspect.Parameter.empty else f" = {parameter.default!r}"
    optional = " | None" if parameter.default is None else ""
    return f"{parameter.name}: {kind}{optional}{default}"


def _type(function: Function, parameter: inspect.Parameter) -> str:
    is_array = parameter.name in function.arguments and parameter.name not in ("kernel_size", "input_shape")
    if is_array:
        return "Array"
    if function.name.startswith("conv1d") and parameter.name != "groups":
        return "int | tuple[int, int]" if parameter.name == "padding" else "int"
    return _TYPES[parameter.name]


def definition(name: str) -> str:
    """Return what ``CONTRACT.md`` says about a function, in one paragraph.

    Examples
    --------
    >>> definition("sgd_update")
    '`param − lr·grad`.'
    """
    paragraphs = _paragraphs()
    for before, paragraph in zip(["", *paragraphs], paragraphs, strict=False):
        signature = f"`{name}("
        if paragraph.startswith(signature):
            return _one_line(paragraph.partition("\n: ")[2])
        bullet = next((each for each in _bullets(paragraph) if signature in each), "")
        if bullet:
            return f"{_one_line(before)} {_one_line(bullet)}".removesuffix(".") + "."
    raise KeyError(name)


def _paragraphs() -> list[str]:
    text = (files("conformance") / "CONTRACT.md").read_text(encoding="utf-8")
    return re.split(r"\n\n+", text)


def _bullets(paragraph: str) -> Iterator[str]:
    if paragraph.startswith("- "):
        yield from paragraph.removeprefix("- ").split("\n- ")


def _one_line(text: str) -> str:
    return " ".join(text.split())
