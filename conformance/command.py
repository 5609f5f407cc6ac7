"""Where the command ``refcnn`` begins: what judges is on its way before this process has read its own code."""

from __future__ import annotations

import sys

from conformance.workers import start_importing


def main() -> None:
    """Run the command."""
    if sys.argv[1:2] == ["verify"]:
        start_importing()
    # To import what it is made of takes a second, in which the other processes do so too.
    from conformance.cli import main as run

    run()
