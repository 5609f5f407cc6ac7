"""Downloads from a server of our own, which fails in every way that we know."""

import hashlib
import importlib
import io
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from refcnn.mnist import DataError, download
from refcnn.mnist.download import download_files

CONTENT = {name: name.encode() * 20_000 for name in ("images", "labels")}
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}
ADVICE = "; mend that, name a folder that holds the files, or load the source 'digits', which needs no network"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
Answer = Callable[["Handler", bytes], object]


class Handler(BaseHTTPRequestHandler):
    """Answers /way/name in that way with the content of that name, and writes down what it was asked."""

    server: "Server"

    def do_GET(self) -> None:
        _, way, name = self.path.split("/")
        self.server.asked.append(f"{way}/{name}")
        WAYS[way](self, CONTENT[name])

    def begin(self, length: object) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Keep the output of the tests clean."""


def whole(handler: Handler, content: bytes) -> None:
    handler.begin(len(content))
    handler.wfile.write(content)


def without_length(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(content)


def cut(handler: Handler, content: bytes) -> None:
    handler.begin(len(content))
    handler.wfile.write(content[: len(content) // 2])


def longer(handler: Handler, content: bytes) -> None:
    handler.begin(len(content) + 1)
    handler.wfile.write(content)


def stalled(handler: Handler, content: bytes) -> None:
    cut(handler, content)
    handler.server.over.wait(60)


def only(name: str) -> Answer:
    return lambda handler, content: (whole if content == CONTENT[name] else WAYS["absent"])(handler, content)


WAYS: dict[str, Answer] = {
    "whole": whole,
    "without_length": without_length,
    "wrong": lambda handler, content: whole(handler, content[:-1] + b"?"),
    "half": lambda handler, content: whole(handler, content[: len(content) // 2]),
    "cut": cut,
    "longer": longer,
    "stalled": stalled,
    "silent": lambda handler, _: handler.server.over.wait(60),
    "curt": lambda _, __: None,
    "absent": lambda handler, _: handler.send_error(404),
    "broken": lambda handler, _: handler.send_error(500),
    "labels_only": only("labels"),
    "images_only": only("images"),
}
FAULTS = {
    "wrong": "ValueError: SHA256 hash of downloaded file (images) does not match the known hash",
    "half": "ValueError: SHA256 hash of downloaded file (images) does not match the known hash",
    "cut": "IncompleteRead(60000 bytes read, 60000 more expected)",
    "longer": "IncompleteRead(120000 bytes read, 1 more expected)",
    "stalled": "Read timed out",
    "silent": "Read timed out. (read timeout=0.5)",
    "curt": "Remote end closed connection without response",
    "absent": "HTTPError: 404 Client Error",
    "broken": "HTTPError: 500 Server Error",
}


class Server(ThreadingHTTPServer):
    """A server that knows its mirrors and what was asked of them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.over: threading.Event = threading.Event()

    def mirror(self, way: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{way}/"


class Terminal(io.StringIO):
    """An output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def terminal_of(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    shown = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stderr", shown)
    return shown


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        served.over.set()
        served.shutdown()
        thread.join()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refusal_of(folder: Path, *mirrors: str) -> str:
    with pytest.raises(DataError) as refusal:
        download_files(folder, mirrors, SHA256, timeout=0.5)
    return str(refusal.value)


@pytest.mark.parametrize("way", ["whole", "without_length"])
def test_files_are_downloaded_once(tmp_path: Path, server: Server, way: str) -> None:
    folder = tmp_path / "made" / "here"
    for _ in range(2):
        assert download_files(folder, [server.mirror(way)], SHA256) == [folder / "images", folder / "labels"]
        assert contents(folder) == CONTENT
    assert server.asked == [f"{way}/images", f"{way}/labels"]


@pytest.mark.parametrize(("way", "reason"), FAULTS.items())
def test_a_failed_download_says_why_and_leaves_nothing(tmp_path: Path, server: Server, way: str, reason: str) -> None:
    message = refusal_of(tmp_path, server.mirror(way))
    assert message.startswith(
        f"refcnn.mnist: images must be on one of the mirrors, got nothing from {server.mirror(way)} ("
    )
    assert reason in message
    assert message.endswith(f"){ADVICE}")
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("way", FAULTS)
def test_the_second_mirror_is_tried_and_then_preferred(tmp_path: Path, server: Server, way: str) -> None:
    mirrors = [server.mirror(way), server.mirror("whole")]
    download_files(tmp_path, mirrors, SHA256, timeout=0.5)
    assert contents(tmp_path) == CONTENT
    assert server.asked == [f"{way}/images", "whole/images", "whole/labels"]


def test_the_files_may_come_from_different_mirrors(tmp_path: Path, server: Server) -> None:
    download_files(tmp_path, [server.mirror("labels_only"), server.mirror("images_only")], SHA256)
    assert contents(tmp_path) == CONTENT


def test_the_refusal_names_every_mirror_with_its_reason(tmp_path: Path, server: Server) -> None:
    message = refusal_of(tmp_path, server.mirror("absent"), server.mirror("cut"))
    first, second = message.split(" and nothing from ")
    assert f"{server.mirror('absent')} (HTTPError: 404" in first
    assert f"{server.mirror('cut')} (ChunkedEncodingError: " in second


def test_without_a_network_every_mirror_is_named(tmp_path: Path, server: Server) -> None:
    mirror = server.mirror("whole")
    server.server_close()  # from here on, nothing listens
    message = refusal_of(tmp_path, mirror)
    assert f"{mirror} (ConnectionError: " in message
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("way", FAULTS)
def test_after_a_failed_download_the_next_call_downloads_again(tmp_path: Path, server: Server, way: str) -> None:
    refusal_of(tmp_path, server.mirror(way))
    download_files(tmp_path, [server.mirror("whole")], SHA256)
    assert contents(tmp_path) == CONTENT


@pytest.mark.parametrize("content", [b"", CONTENT["images"][:-1], CONTENT["images"] + b"?", CONTENT["labels"]])
def test_a_damaged_file_in_the_cache_is_downloaded_again(tmp_path: Path, server: Server, content: bytes) -> None:
    (tmp_path / "images").write_bytes(content)
    (tmp_path / "labels").write_bytes(CONTENT["labels"])
    download_files(tmp_path, [server.mirror("whole")], SHA256)
    assert contents(tmp_path) == CONTENT
    assert server.asked == ["whole/images"]


def test_a_damaged_file_in_the_cache_is_not_used_without_a_mirror(tmp_path: Path, server: Server) -> None:
    (tmp_path / "images").write_bytes(CONTENT["images"][:-1])
    assert "images must be on one of the mirrors" in refusal_of(tmp_path, server.mirror("absent"))


def test_an_interrupted_download_leaves_nothing(tmp_path: Path, server: Server, monkeypatch: Any) -> None:
    terminal = terminal_of(monkeypatch)

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(download._Bar, "update", interrupt)
    with pytest.raises(KeyboardInterrupt):
        download_files(tmp_path, [server.mirror("whole")], SHA256)
    assert contents(tmp_path) == {}
    assert terminal.getvalue().endswith(SHOW_CURSOR)


def test_a_cache_that_cannot_be_made_is_refused_without_asking_a_mirror(tmp_path: Path, server: Server) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "cache"
    message = refusal_of(folder, server.mirror("whole"), server.mirror("whole"))
    rule = "a folder whose files can be read and written"
    assert message.startswith(f"refcnn.mnist: the cache must be {rule}, got {folder} (")
    assert message.endswith(f"){ADVICE}")
    assert server.asked == []


def test_a_cache_that_cannot_be_written_to_is_refused(tmp_path: Path, server: Server, monkeypatch: Any) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    # An administrator, and so a container, may write to any folder: a mode of 0o500 would not show it there.
    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    message = refusal_of(tmp_path, server.mirror("whole"))
    assert f"got {tmp_path} (PermissionError: " in message
    assert server.asked == []


def test_a_full_cache_is_only_read(tmp_path: Path, server: Server, monkeypatch: Any) -> None:
    download_files(tmp_path, [server.mirror("whole")], SHA256)
    server.asked.clear()
    monkeypatch.setattr("tempfile.NamedTemporaryFile", None)
    assert download_files(tmp_path, [server.mirror("absent")], SHA256) == [tmp_path / "images", tmp_path / "labels"]
    assert server.asked == []


@pytest.mark.parametrize("way", ["whole", "without_length"])
def test_a_terminal_shows_a_bar_for_each_file(tmp_path: Path, server: Server, monkeypatch: Any, way: str) -> None:
    terminal = terminal_of(monkeypatch)
    download_files(tmp_path, [server.mirror(way)], SHA256)
    shown = terminal.getvalue()
    assert "images" in shown
    assert "labels" in shown
    assert ("120.0/120.0 kB" in shown, "/? bytes" in shown) == (way == "whole", way == "without_length")
    assert shown.count(HIDE_CURSOR) == shown.count(SHOW_CURSOR) == 2


def test_a_terminal_shows_no_bar_for_what_is_there(tmp_path: Path, server: Server, monkeypatch: Any) -> None:
    terminal = terminal_of(monkeypatch)
    for name, content in CONTENT.items():
        (tmp_path / name).write_bytes(content)
    download_files(tmp_path, [server.mirror("whole")], SHA256)
    assert terminal.getvalue() == ""


def test_a_failed_download_gives_the_terminal_back(tmp_path: Path, server: Server, monkeypatch: Any) -> None:
    terminal = terminal_of(monkeypatch)
    refusal_of(tmp_path, server.mirror("cut"))
    assert terminal.getvalue().count(HIDE_CURSOR) == terminal.getvalue().count(SHOW_CURSOR) == 1


def test_no_terminal_shows_no_bar(tmp_path: Path, server: Server, monkeypatch: Any) -> None:
    monkeypatch.setattr(download, "_Bar", None)
    download_files(tmp_path, [server.mirror("whole")], SHA256)
    assert contents(tmp_path) == CONTENT


def test_the_cache_is_the_one_of_the_system() -> None:
    assert download.cache_folder() == importlib.import_module("pooch").os_cache("refcnn")


def test_the_table_of_hashes_has_the_names_of_the_files_in_their_order() -> None:
    assert list(download.SHA256) == [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ]
    assert {len(bytes.fromhex(digest)) for digest in download.SHA256.values()} == {32}
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in download.MIRRORS)
