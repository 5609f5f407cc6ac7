"""Classes instead of functions: layers of textbooks and modules of PyTorch, judged by what their classes compute.

``LAYERS.md`` says what is recognised, how it is translated into the contract, and what cannot be expressed.
"""

from __future__ import annotations

from conformance.layers.modules import AmbiguousError, modules
from conformance.layers.recognised import Recognised
from conformance.layers.textbook import textbook

__all__ = ["AmbiguousError", "Recognised", "recognise"]


def recognise(namespace: object) -> Recognised | None:
    """Return what stands for the classes of a namespace, or nothing if it has none that are known.

    A namespace with functions of the contract is judged by these alone.

    Raises
    ------
    AmbiguousError
        where several classes could be meant

    Examples
    --------
    >>> class Sigmoid:
    ...     def forward(self, x): ...
    ...     def backward(self, dout): ...
    >>> sorted(recognise(Sigmoid).functions)
    ['sigmoid', 'sigmoid_backward']
    """
    return textbook(namespace) or modules(namespace)
