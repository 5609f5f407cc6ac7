"""Leave the adapters of packages that are not installed out of the doctests."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["torch.py", "_torch_*.py"]
