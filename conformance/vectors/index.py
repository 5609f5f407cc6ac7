"""What a check relies on in an index: each part is there and of its kind, so that nothing has to be asked later."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from conformance.contract import FUNCTIONS

_KINDS: Mapping[str, type] = MappingProxyType({"a text": str, "a number": int, "a list": list, "an object": dict})
_INDEX = MappingProxyType(
    {
        "refcnn": "a text",
        "set": "a text",
        "seed": "a number",
        "conventions": "an object",
        "requirements": "an object",
        "vectors": "a list",
    }
)
_VECTOR = MappingProxyType(
    {
        "id": "a text",
        "function": "a text",
        "requirement": "a text",
        "rule": "a text",
        "note": "a text",
        "flags": "a list",
        "inputs": "an object",
        "results": "an object",
    }
)
_RESULT_DTYPES = ("float32", "float64")


def what_is_wrong(index: Mapping[str, Any]) -> str | None:
    """Return in words what an index lacks, or nothing where a check can rely on it.

    Examples
    --------
    >>> what_is_wrong({"refcnn": "0.1.0", "set": "small"})
    'without a number as seed'
    """
    if (lack := _lack(index, _INDEX)) is not None:
        return lack
    for entry in index["vectors"]:
        if not isinstance(entry, dict):
            return "with a vector that is no object"
        if (wrong := _wrong_vector(entry, index["requirements"])) is not None:
            return f"with a vector {entry.get('id')} {wrong}"
    return None


def _lack(plain: Mapping[str, Any], kinds: Mapping[str, str]) -> str | None:
    for name, kind in kinds.items():
        if not isinstance(plain.get(name), _KINDS[kind]):
            return f"without {kind} as {name}"
    return None


def _wrong_vector(entry: Mapping[str, Any], requirements: Mapping[str, Any]) -> str | None:
    if (lack := _lack(entry, _VECTOR)) is not None:
        return lack
    if entry["function"] not in FUNCTIONS:
        return "of no function"
    if not isinstance(requirements.get(entry["requirement"]), str):
        return "of no requirement"
    if not all(isinstance(flag, str) for flag in entry["flags"]):
        return "of flags that are no texts"
    wrong = [name for name, array in entry["inputs"].items() if not _has_shape(array)]
    wrong += [name for name, array in entry["results"].items() if not (_has_shape(array) and _is_result(array))]
    return f"whose {wrong[0]} is no array" if wrong else None


def _has_shape(array: Any) -> bool:
    shape = array.get("shape") if isinstance(array, dict) else None
    return isinstance(shape, list) and all(isinstance(size, int) and size >= 0 for size in shape)


def _is_result(result: Mapping[str, Any]) -> bool:
    offsets = (result.get("value"), result.get("allowed"))
    return result.get("dtype") in _RESULT_DTYPES and all(isinstance(each, int) and each >= 0 for each in offsets)
