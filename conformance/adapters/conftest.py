"""Leave the adapters of packages that are not installed out of the doctests."""

from importlib.util import find_spec

_NEEDS = {"torch": ("torch",), "jax": ("jax",), "onnx": ("onnx", "onnxruntime"), "scipy": ("scipy",)}
_ADAPTERS = {"onnx": "onnxruntime.py"}

collect_ignore_glob = [
    file
    for prefix, packages in _NEEDS.items()
    if not all(map(find_spec, packages))
    for file in (_ADAPTERS.get(prefix, f"{prefix}.py"), f"_{prefix}_*.py")
]
