"""Where a target computes: a device that it names itself, handed on to the processes that judge it."""

from __future__ import annotations

import os

from conformance.implementation import Implementation, TargetError, load
from conformance.isolation.source import Source, opened

# An environment variable reaches a worker process before it imports the target.
VARIABLE = "REFCNN_DEVICE"


def load_on(target: str, device: str | None, source: Source | None = None) -> Implementation:
    """Load a target, for a device if one is named, in this process and those that it starts.

    With a source the target is not loaded here, but has a process of its own.

    A target that can choose has a sequence ``DEVICES`` of those that are there, and computes on the one that the
    variable names.

    Raises
    ------
    TargetError
        also if the target cannot choose, or has no such device

    Examples
    --------
    >>> load_on("refcnn", None).provides("conv2d")
    True
    """
    if device is None:
        return load(target) if source is None else opened(source)
    os.environ[VARIABLE] = device
    implementation = load(target) if source is None else opened(source)
    devices = getattr(implementation.namespace, "DEVICES", None)
    if devices is None:
        raise TargetError(f"--device: target {target!r} cannot choose a device, got {device!r}")
    if device not in devices:
        raise TargetError(f"--device must be one of {', '.join(devices)} for target {target!r}, got {device!r}")
    return implementation
