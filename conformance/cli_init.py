"""The command ``refcnn init``: a file with every function of the contract, none of them written yet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance.console import make_console, refuse
from conformance.skeleton import skeleton


def init(path: Annotated[Path, typer.Argument(help="The file to write, such as mine.py.")]) -> None:
    """Write a file with every function of the contract, its signature and its definition, to be filled in.

    Each function raises NotImplementedError, which counts as not supported: the file can be judged from the first
    function on that is written.
    """
    if path.suffix != ".py":
        refuse(f"the file must end in .py, got {path}")
    if not path.parent.is_dir():
        refuse(f"the file must be in an existing folder, got {path}")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(skeleton())
    except FileExistsError:
        refuse(f"{path} exists, and is not overwritten")
    except OSError as error:
        refuse(f"{path} cannot be written: {error.strerror}")
    make_console().print(f"{path} is written; judge it by: refcnn verify {path}", soft_wrap=True, markup=False)
