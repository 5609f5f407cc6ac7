"""The worst that is legal: sums that lose every term but one, and elementary functions as far off as is assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sharpness_measure import calls, parts_of

from conformance.calling import Call
from conformance.contract import FUNCTIONS
from conformance.implementation import Implementation, from_namespace, load
from conformance.oracle.bounds import ELEMENTARY
from conformance.plan import Plan

Array = NDArray[Any]

# The root of u in float32. In float64, where u is no square, 2**-26 makes products with the spike exact.
_H = MappingProxyType({"float32": 2.0**-12, "float64": 2.0**-26})
_RIGHT = Path(__file__).parents[1] / "tests" / "implementations" / "right"


def sequential() -> Implementation:
    """Return sums in the worst legal order: one running sum in the type of the inputs, largest term first.

    Sums that are only a part of a function run term after term, as its loops come by them.
    """
    sorted_sums, loops = (load(str(_RIGHT / name)) for name in ("largest_first_sum.py", "plain_loops.py"))
    chosen = {
        name: getattr((sorted_sums if sorted_sums.provides(name) else loops).namespace, name) for name in FUNCTIONS
    }
    return from_namespace("sequential sum", SimpleNamespace(**chosen))


def spikes(call: Call) -> Iterator[Call]:
    """Yield the call with each of its arrays in turn as a spike, at several places, and all others constant.

    A product with the spike is (1 + h)², whose h² = u is lost in rounding it to 1 + 2 h; every other product
    is just under u, less than half a unit in the last place of that, and is lost when it is added. So n products lose
    nearly n u of their sum, which is about as much as n roundings can.
    """
    h, u = _H[call.case.dtype], float(np.finfo(call.case.dtype).eps) / 2
    numbers = {name: array for name, array in call.arrays.items() if array.dtype == np.dtype(call.case.dtype)}
    for name, array in numbers.items():
        # First, in the middle, and where the first row ends: in columns, that cell is read by the most windows.
        row = array.shape[-1] if array.ndim else 1
        for place in sorted({0, array.size // 2, row - 1} & set(range(array.size))):
            made = {other: np.full(each.shape, 1 + h, each.dtype) for other, each in numbers.items()}
            made[name][...] = u * (1 - h)
            made[name].reshape(-1)[place] = 1 + h
            if "bias" in made:
                made["bias"][...] = 0
            yield call.but(**made)


def worst_part(function: str, dtype: str, plan: Plan) -> float:
    """Return the largest error, as a part of what is allowed, that worst data or a worst library brings."""
    summing = sequential()
    library = from_namespace("worst library", SimpleNamespace(**LIBRARY))
    worst = 0.0
    for call in calls(function, dtype, plan):
        found = parts_of(library, call, call.answers(library)) if function in LIBRARY else []
        if call.case.data == "uniform":
            for spike in spikes(call):
                found += parts_of(summing, spike, spike.answers(summing))
        # A spike may overflow where the suite's own data do not; that is no matter of rounding.
        worst = max([worst, *(float(np.max(numbers, initial=0.0, where=np.isfinite(numbers))) for numbers in found)])
    return worst


def _off(value: Array) -> Array:
    """Return what a library gives that is off by as many units as the bounds assume of elementary functions."""
    u = np.finfo(value.dtype).eps / 2
    return np.asarray(value * value.dtype.type(1 + ELEMENTARY * u))


def _sigmoid_from_softplus(x: Array) -> Array:
    return _off(np.exp(-_off(np.logaddexp(0, -x).astype(x.dtype))))


def _library_sigmoid(x: Array) -> Array:
    return _off(_exact_sigmoid(x))


def _exact_sigmoid(x: Array) -> Array:
    small = np.exp(-np.abs(x.astype(np.float64)))
    return np.asarray(np.where(x < 0, small, 1) / (1 + small)).astype(x.dtype)


def _tanh_from_sigmoid(x: Array) -> Array:
    return np.asarray(2 * _library_sigmoid(2 * x) - 1)


def _sigmoid_backward(grad: Array, x: Array) -> Array:
    s = _sigmoid_from_softplus(x)
    return np.asarray(grad * (s * (1 - s)))


def _tanh_backward(grad: Array, x: Array) -> Array:
    t = _tanh_from_sigmoid(x)
    return np.asarray(grad * (1 - t * t))


def _global_avg_pool2d_backward(grad: Array, x: Array) -> Array:
    share = x.dtype.type(1) / x.dtype.type(x.shape[2] * x.shape[3])
    return np.broadcast_to(grad * share, x.shape).copy()


# Legal formulas that make the most of what their elementary functions are off by.
LIBRARY: dict[str, Callable[..., Array]] = {
    "sigmoid": _sigmoid_from_softplus,
    "sigmoid_backward": _sigmoid_backward,
    "tanh": _tanh_from_sigmoid,
    "tanh_backward": _tanh_backward,
    "global_avg_pool2d_backward": _global_avg_pool2d_backward,
}
