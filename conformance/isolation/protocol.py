"""The protocol of ``PROCESS.md``: calls and answers as lines of JSON, with arrays in base64."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from conformance.contract import FUNCTIONS, REQUIRED
from conformance.implementation import CallError, NotSupportedError

Array = NDArray[Any]

VERSION = 1
# The element types that an array of the protocol may have, all of them little-endian.
DTYPES = ("float32", "float64", "int64")
# The exceptions that a refusal stands for.
_KINDS: Mapping[str, type[Exception]] = {"value": ValueError, "type": TypeError}
# Brackets and commas that an answer may have; as objects of Python they take a hundred times the memory.
_MOST_PARTS = 10_000
# What NumPy can make an array of.
_MOST_AXES, _LONGEST_AXIS = 64, 2**63 - 1
_PAIRS = ("kernel_size", "stride", "dilation", "output_padding")


def encoded(array: Array) -> dict[str, Any]:
    """Write an array as JSON; integers of any width become int64.

    Examples
    --------
    >>> encoded(np.array([[1.0], [-2.0]], np.float32))
    {'dtype': 'float32', 'shape': [2, 1], 'data': 'AACAPwAAAMA='}
    """
    dtype = np.dtype(np.int64) if array.dtype.kind in "iu" else array.dtype
    plain = np.asarray(array, dtype.newbyteorder("<"), order="C")
    name = plain.dtype.newbyteorder("=").name
    return {"dtype": name, "shape": list(plain.shape), "data": base64.b64encode(plain.tobytes()).decode()}


def decoded(name: str, given: Any) -> Array:
    """Read an array, or raise a CallError that says what is wrong with it."""
    if not isinstance(given, dict) or set(given) != {"dtype", "shape", "data"}:
        raise CallError(f"answered {name} as {_short(given)}, want an object of dtype, shape and data")
    dtype, shape, data = given["dtype"], given["shape"], given["data"]
    if dtype not in DTYPES:
        raise CallError(f"answered {name} of dtype {_short(dtype)}, want one of {', '.join(DTYPES)}")
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise CallError(f"answered {name} of shape {_short(shape)}, want a list of sizes")
    if len(shape) > _MOST_AXES or any(size > _LONGEST_AXIS for size in shape):
        raise CallError(f"answered {name} of shape {_short(shape)}, which no array can have")
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise CallError(f"answered {name} with data that is no base64 ({error})") from error
    little = np.dtype(dtype).newbyteorder("<")
    if math.prod(shape) * little.itemsize != len(content):
        wanted = math.prod(shape) * little.itemsize
        raise CallError(f"answered {name} with {len(content)} bytes, want {wanted} for {dtype} of shape {tuple(shape)}")
    try:
        return np.ndarray(tuple(shape), little, bytearray(content)).astype(dtype)
    except ValueError as error:  # an empty array has limits too, which are NumPy's own
        raise CallError(f"answered {name} of shape {_short(shape)}, which no array can have") from error


def call_of(function: str, positional: Sequence[Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request of a call: arrays and attributes by name, the attributes complete and written out.

    Examples
    --------
    >>> call_of("max_pool2d", [np.zeros((0,)), 2], {"padding": (1, 0)})["attributes"]
    {'stride': [2, 2], 'padding': [[1, 1], [0, 0]], 'dilation': [1, 1], 'ceil_mode': False, 'kernel_size': [2, 2]}
    """
    contract = FUNCTIONS[function]
    arguments = dict(zip(contract.arguments, positional, strict=False))
    arrays = {name: value for name, value in arguments.items() if isinstance(value, np.ndarray | np.generic)}
    defaults = {name: default for name, default in contract.attributes.items() if default is not REQUIRED}
    plain = {name: value for name, value in arguments.items() if name not in arrays}
    given = {**defaults, **attributes, **plain}
    if given.get("stride", 0) is None:
        given["stride"] = given["kernel_size"]
    return {
        "command": "call",
        "function": function,
        "arrays": {name: encoded(np.asarray(array)) for name, array in arrays.items()},
        "attributes": {name: _written_out(name, value, _axes(function)) for name, value in given.items()},
    }


def _axes(function: str) -> int:
    return 1 if function.startswith("conv1d") else 2


def _written_out(name: str, value: Any, axes: int) -> Any:
    """Spell out for each axis what an integer says for all; padding has two numbers an axis."""
    if name in _PAIRS:
        return list(value) if isinstance(value, tuple) else value if axes == 1 else [value, value]
    if name == "padding":
        if axes == 1:
            return list(value) if isinstance(value, tuple) else [value, value]
        rows = value if isinstance(value, tuple) else (value, value)
        return [list(row) if isinstance(row, tuple) else [row, row] for row in rows]
    return list(value) if isinstance(value, tuple) else value


def plain_json(line: bytes) -> Any:
    """Read a line of JSON as the standard has it; raise a ValueError for anything else, NaN included, or too much."""
    if sum(map(line.count, (b"[", b"{", b","))) > _MOST_PARTS:
        raise ValueError(f"more than {_MOST_PARTS:,} brackets and commas")
    try:
        return json.loads(line, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def outcome(function: str, answer: Mapping[str, Any]) -> tuple[Array, ...] | CallError | NotSupportedError:
    """Return what an answer says became of a call."""
    if "not_supported" in answer:
        return NotSupportedError(str(answer["not_supported"]))
    try:
        if "error" in answer:
            return _refusal(answer["error"])
        names, results = FUNCTIONS[function].results, answer.get("results")
        if not isinstance(results, list) or len(results) != len(names):
            count = f"{len(results)} results" if isinstance(results, list) else f"results {_short(results)}"
            raise CallError(f"answered with {count}, want a list of {len(names)}: {', '.join(names)}")
        return tuple(map(decoded, names, results))
    except CallError as error:
        return error


def _refusal(error: Any) -> CallError:
    if not isinstance(error, dict) or error.get("kind") not in list(_KINDS):
        raise CallError(f"answered with the error {_short(error)}, want kind {' or '.join(_KINDS)}, and a message")
    raised = _KINDS[error["kind"]](str(error.get("message", "")))
    return CallError(f"raised {type(raised).__name__}: {raised}", raised)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
