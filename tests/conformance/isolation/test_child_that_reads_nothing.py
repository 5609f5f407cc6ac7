"""A process that reads no more is heard out: what it says then, or its end, tells why."""

from __future__ import annotations

from conformance.isolation.child import Child
from conformance.isolation.limits import Limits


def test_an_answer_without_having_read_the_request_is_read() -> None:
    # The request is larger than a pipe holds, so that it is still being written when the pipe is closed.
    child = Child(["sh", "-c", "exec 0<&-; echo enough"], Limits(), own_pipes=False)
    try:
        child.send(b"x" * 2**20, 10.0)
        assert child.line(100) == b"enough"
        child.send(b"y" * 2**20, 10.0)
        while child._pending:
            child._write()
        assert not child._pending
    finally:
        child.kill()
