"""Where the command ``refcnn`` begins: what judges is on its way before this process has read its own code."""

from __future__ import annotations

import sys

from conformance.workers import start_importing

# With these one process may do, and those that judge begin when it is known that they are needed.
_PERHAPS_ALONE = frozenset({"--help", "--replay", "--op", "--jobs", "-n"})


def main() -> None:
    """Run the command."""
    words = sys.argv[1:]
    if words[:1] == ["verify"] and _PERHAPS_ALONE.isdisjoint(words):
        start_importing()
    # To import what it is made of takes a second, in which the other processes do so too.
    from conformance.cli import main as run

    run()
