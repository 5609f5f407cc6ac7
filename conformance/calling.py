"""From a case to a call: which arrays go where, and which attributes are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.case import Case
from conformance.contract import FUNCTIONS
from conformance.data import arrays
from conformance.implementation import CallError, Implementation
from conformance.oracle import Answer, answers, output_shape

Array = NDArray[Any]


@dataclass(frozen=True)
class Call:
    """A function of the contract with everything that it is passed."""

    function: str
    case: Case
    arrays: Mapping[str, Array]

    @property
    def positional(self) -> list[Any]:
        """Arrays, ``kernel_size`` and ``input_shape``, in the contract's order; an absent bias is left out."""
        given = {**self.arrays, **self.case.attributes}
        return [given[name] for name in FUNCTIONS[self.function].arguments if name in given]

    @property
    def attributes(self) -> dict[str, Any]:
        """What is passed by name: a backward function gets all of its attributes, a forward one those given."""
        names = FUNCTIONS[self.function].attributes
        is_backward = self.function.endswith("_backward")
        given = self.case.all_attributes if is_backward else self.case.attributes
        return {name: value for name, value in given.items() if name in names}

    def run(self, implementation: Implementation) -> tuple[Array, ...]:
        """Call the implementation.

        What changes the form of an argument has failed whatever it is asked: nothing after it could be checked.
        """
        forms = {name: (array.shape, array.dtype) for name, array in self.arrays.items()}
        results = implementation.call(self.function, self.positional, self.attributes)
        for name, array in self.arrays.items():
            if (array.shape, array.dtype) != forms[name]:
                shape, dtype = forms[name]
                raise CallError(f"made {name}, {dtype} of shape {shape}, into {array.dtype} of shape {array.shape}")
        return results

    def answers(self, implementation: Implementation) -> tuple[Answer, ...]:
        """Return the oracle's answers under the implementation's conventions."""
        return answers(self.function, self.case, self.arrays, implementation.conventions)

    def but(self, **changed: Array) -> Call:
        """Return this call with some arrays replaced."""
        return Call(self.function, self.case, {**self.arrays, **changed})


def forward(case: Case) -> Call:
    """Return the call of the operator itself."""
    made = arrays(case)
    made.pop("grad_output", None)
    return Call(case.operator, case, made)


def backward(case: Case) -> Call:
    """Return the call of the operator's backward function."""
    if case.operator == "cross_entropy":
        return Call("cross_entropy_backward", case, arrays(case))
    if "grad_output" in case.shapes:
        return Call(f"{case.operator}_backward", case, arrays(case))
    return Call(f"{case.operator}_backward", case, arrays(case, grad_output=output_shape(case)))


def snapshot(call: Call) -> dict[str, Array]:
    """Copy the arrays of a call, to compare with afterwards."""
    return {name: np.array(array, copy=True) for name, array in call.arrays.items()}
