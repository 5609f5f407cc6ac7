"""Archives of arrays whose bytes are the same wherever and whenever they are written: ``.npz``, stored as they are.

NumPy's own ``savez`` writes the time of day. Compression is left out, since its bytes depend on the library; so each
array also lies in one piece at a known offset, and a reader needs to know neither zip nor ``.npy``.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_EPOCH = (1980, 1, 1, 0, 0, 0)
# Fields of fixed size before the name of a member, by the zip format.
_LOCAL_HEADER = 30
_UNIX, _PERMISSIONS = 3, 0o644 << 16


def pack(path: Path, arrays: Mapping[str, Array]) -> dict[str, int]:
    """Write arrays in row-major order and little-endian; return at which byte the numbers of each begin."""
    offsets = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            plain = np.array(array, array.dtype.newbyteorder("<"), order="C")
            np.lib.format.write_array(content, plain, version=(1, 0), allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            member.create_system, member.external_attr = _UNIX, _PERMISSIONS
            archive.writestr(member, content.getvalue())
            before = member.header_offset + _LOCAL_HEADER + len(member.filename)
            offsets[name] = before + len(content.getvalue()) - plain.nbytes
    return offsets
