"""Leave out of the doctests what needs a library to be built first."""

collect_ignore_glob = ["relu_library.py"]
