"""The IDX format, in which MNIST is distributed.

A file is a magic number of four bytes (0, 0, the type of the elements, the number of axes), the length of each
axis as a big-endian unsigned 32-bit integer, and then the elements, the last axis running fastest. MNIST has
elements of one type, the unsigned byte: 8.

Source: LeCun, Cortes and Burges, The MNIST database of handwritten digits, "File formats for the MNIST database".
"""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from refcnn.mnist.error import refusal, require_data

Bytes: TypeAlias = NDArray[np.uint8]

GZIP_MAGIC = b"\x1f\x8b"
UNSIGNED_BYTE = 8
# 20 times the images of MNIST: the most memory that a header which claims too much can make us fill.
MOST_BYTES = 1 << 30
CHUNK = 1 << 20
ADVICE = "get the file again, or leave out the folder to have it downloaded"


def read_idx(path: Path, item_shape: tuple[int, ...]) -> Bytes:
    """Read an IDX file of unsigned bytes, compressed by gzip or not, whatever its name.

    Nothing that the header says is believed before the bytes are there, and no more bytes are decompressed
    than it says, plus one.

    Parameters
    ----------
    path : the file
    item_shape : the shape that each item must have: (28, 28) for images of MNIST, () for labels

    Returns
    -------
    (N, *item_shape), uint8

    Raises
    ------
    DataError
        No such file, one that cannot be decompressed, another magic number or item shape, and fewer or more
        bytes than the header says.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "labels")
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1]) + bytes([0, 0, 0, 3]) + bytes([7, 2, 1]))
    ...     read_idx(path, ()).tolist()
    [7, 2, 1]
    """
    try:
        with path.open("rb") as file:
            is_gzip = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            file.seek(0)
            if not is_gzip:
                return _parse(file, path, item_shape)
            with gzip.open(file) as unpacked:
                return _parse(unpacked, path, item_shape)
    except (OSError, EOFError, zlib.error) as error:  # gzip raises all three, for three kinds of damage
        got = f"{type(error).__name__}: {error}"
        raise refusal(path, "a readable file, plain or whole gzip", got, ADVICE) from error


def _parse(stream: BinaryIO | gzip.GzipFile, path: Path, item_shape: tuple[int, ...]) -> Bytes:
    """Read the header, then the elements that it announces, and not one byte more."""
    axes = 1 + len(item_shape)
    magic = _read_at_most(stream, 4)
    want = bytes([0, 0, UNSIGNED_BYTE, axes])
    rule = f"an IDX file of unsigned bytes with {axes} axes (magic number {want.hex()})"
    require_data(magic == want, path, rule, f"magic number {magic.hex() or 'of no bytes'}", ADVICE)
    sizes = _read_at_most(stream, 4 * axes)
    require_data(
        len(sizes) == 4 * axes, path, f"long enough for the sizes of {axes} axes", f"{4 + len(sizes)} bytes", ADVICE
    )
    count, *item = struct.unpack(f">{axes}I", sizes)
    require_data(tuple(item) == item_shape, path, f"a file of items of shape {item_shape}", tuple(item), ADVICE)
    length = count * math.prod(item_shape)
    claim = f"a header that claims {length} for {count} items"
    require_data(length <= MOST_BYTES, path, f"of at most {MOST_BYTES} bytes", claim, ADVICE)
    elements = _read_at_most(stream, length + 1)
    got = f"{len(elements)}" if len(elements) <= length else "more"
    require_data(len(elements) == length, path, f"of the {length} bytes after the header that it claims", got, ADVICE)
    return np.frombuffer(elements, np.uint8).reshape(count, *item_shape)


def _read_at_most(stream: BinaryIO | gzip.GzipFile, limit: int) -> bytearray:
    """Read up to `limit` bytes in pieces: asked for all at once, they would be allocated before they are there."""
    content = bytearray()
    while len(content) < limit and (piece := stream.read(min(CHUNK, limit - len(content)))):
        content += piece
    return content
