"""The four files of MNIST, downloaded once from the first mirror that has them.

A file counts only when its SHA-256 is the known one: it is downloaded under another name, checked, and moved. So one
that was cut off, or damaged since, is downloaded again.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from refcnn.mnist.error import refusal
from refcnn.mnist.extra import import_extra
from refcnn.mnist.files import NAMES

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
# In the order of `NAMES`; the mirrors hold the same bytes.
SHA256 = dict(
    zip(
        [f"{name}.gz" for name in NAMES],
        [
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ],
        strict=True,
    )
)
CHUNK = 1 << 16
ADVICE = "mend that, name a folder that holds the files, or load the source 'digits', which needs no network"


def cache_folder() -> Path:
    """Return the folder in which the user's system keeps what can be downloaded again."""
    return Path(import_extra("pooch").os_cache("refcnn"))


def download_files(
    folder: Path, mirrors: Sequence[str], sha256: Mapping[str, str], *, timeout: float = 30.0
) -> list[Path]:
    """Return the paths of the files in `folder`, having downloaded those that are not there or not whole.

    Parameters
    ----------
    folder : where the files are kept; made if need be, and written to only if something is to be downloaded
    mirrors : the addresses that the names are appended to, in the order in which they are tried
    sha256 : the hash of each file, by name
    timeout : float, the seconds after which a mirror that sends nothing has failed

    Raises
    ------
    ModuleNotFoundError
        pooch is not installed.
    DataError
        No mirror has a file, with what each answered; or the folder cannot be written to.

    Examples
    --------
    >>> import hashlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "digits").write_bytes(b"0123")  # it is there: no mirror is asked
    ...     paths = download_files(Path(folder), MIRRORS, {"digits": hashlib.sha256(b"0123").hexdigest()})
    >>> [path.name for path in paths]
    ['digits']
    """
    paths = []
    for name, digest in sha256.items():
        mirror, path = _download_from_any(mirrors, name, digest, folder, timeout)
        paths.append(path)
        mirrors = [mirror, *(other for other in mirrors if other != mirror)]  # do not wait for a dead one again
    return paths


def _download_from_any(
    mirrors: Sequence[str], name: str, digest: str, folder: Path, timeout: float
) -> tuple[str, Path]:
    """Download a file from the first mirror that has it; return the mirror, and the path."""
    request_error = import_extra("requests").RequestException  # an OSError, but not the folder's
    reasons = []
    for mirror in mirrors:
        try:
            return mirror, _download(mirror + name, name, digest, folder, timeout)
        except (request_error, ValueError) as error:  # ValueError: pooch's for a wrong hash
            reasons.append(f"{mirror} ({type(error).__name__}: {error})")
        except OSError as error:
            got = f"{folder} ({type(error).__name__}: {error})"
            raise refusal("the cache", "a folder whose files can be read and written", got, ADVICE) from error
    raise refusal(name, "on one of the mirrors", f"nothing from {' and nothing from '.join(reasons)}", ADVICE)


def _download(url: str, name: str, digest: str, folder: Path, timeout: float) -> Path:
    """Return the path of a file with this hash, having downloaded it if there is none."""
    pooch = import_extra("pooch")
    with contextlib.closing(_Bar(name)) if sys.stderr.isatty() else contextlib.nullcontext() as bar:
        downloader = pooch.HTTPDownloader(progressbar=bar or False, chunk_size=CHUNK, timeout=timeout)
        return Path(pooch.retrieve(url, digest, name, folder, downloader=downloader))


class _Bar:
    """A bar of rich, as pooch drives one: it sets `total`, calls `update` for each piece, `reset` and `close`."""

    def __init__(self, name: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

        columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task(name, total=None)

    def _start(self, size: int) -> None:
        self._progress.update(self._task, total=size or None)
        self._progress.start()  # not before: what is in the cache, or not on the mirror, shows no bar

    total = property(fset=_start, doc="How many bytes are to come, 0 if the server does not say.")

    def update(self, size: int) -> None:
        """Advance by so many bytes."""
        self._progress.update(self._task, advance=size)

    def reset(self) -> None:
        """Go back to the beginning, as pooch does before it fills the bar."""
        self._progress.reset(self._task)

    def close(self) -> None:
        """Leave the bar as it is; it may be closed again."""
        self._progress.stop()
