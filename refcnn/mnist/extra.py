"""The libraries that only loading digits takes are imported when digits are loaded."""

import importlib
from types import ModuleType


def import_extra(name: str) -> ModuleType:
    """Import a module of the extra `mnist`, or say how that extra is installed.

    Examples
    --------
    >>> import_extra("no_such_library")
    Traceback (most recent call last):
        ...
    ModuleNotFoundError: refcnn.mnist: no_such_library must be installed, got No module named 'no_such_library'; \
run: pip install 'refcnn[mnist]'
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        message = f"refcnn.mnist: {name} must be installed, got {error}; run: pip install 'refcnn[mnist]'"
        raise ModuleNotFoundError(message, name=error.name) from error
