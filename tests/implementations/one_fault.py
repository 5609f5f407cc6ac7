"""A wrong implementation of the catalogue as a target: ``one_fault.py:relu__doubled`` has the fault relu.doubled."""

from __future__ import annotations

import refcnn
from conformance.faults import CATALOGUE

_BY_NAME = {fault.id.replace(".", "__"): fault for fault in CATALOGUE}


def __getattr__(name: str) -> object:
    if name not in _BY_NAME:
        raise AttributeError(name)
    return _BY_NAME[name].implementation(refcnn).namespace
