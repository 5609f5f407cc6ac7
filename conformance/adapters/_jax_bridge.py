"""What every JAX operator here needs: compiled functions, arrays in and out, and gradients by vjp."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from conformance.adapters._arguments import Array, cotangent

# Without it JAX makes float32 of float64, and int32 of int64.
jax.config.update("jax_enable_x64", True)

# The judge's problems are small and of ever new shapes, and XLA compiles for each of them. The gradient of a
# convolution takes it 0.56 s of a core, nearly all of it in LLVM, whose code is to be fast; these make that 0.03 s.
_QUICKLY_COMPILED = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
}

Function = Callable[..., Any]


def known(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of XLA's options that the installed one has: each release may drop some, and then refuses to compile."""
    return {name: value for name, value in options.items() if _compiles({name: value})}


def _compiles(options: dict[str, Any]) -> bool:
    try:
        jax.jit(lambda: 0, compiler_options=options)()
    except jax.errors.JaxRuntimeError:
        return False
    return True


_OPTIONS = known(_QUICKLY_COMPILED)


@partial(jax.jit, static_argnums=(0, 1), compiler_options=_OPTIONS)
def _call(function: Function, how: tuple[Any, ...], arrays: Sequence[Any]) -> Any:
    return function(*arrays, *how)


@partial(jax.jit, static_argnums=(0, 1), compiler_options=_OPTIONS)
def _pull(function: Function, how: tuple[Any, ...], arrays: Sequence[Any], rest: Sequence[Any], slope: Any) -> Any:
    _, pull = jax.vjp(lambda *leaves: function(*leaves, *rest, *how), *arrays)
    return pull(slope)


def call(function: Function, *arrays: Any, how: tuple[Any, ...] = ()) -> Any:
    """Compile `function(*arrays, *how)` for these shapes and this `how`, run it, and copy what comes of it."""
    return jax.tree.map(np.array, _call(function, how, arrays))


def gradients(
    operator: str,
    function: Function,
    arrays: Sequence[Array],
    grad_output: npt.ArrayLike,
    output: Sequence[int],
    *,
    rest: Sequence[Any] = (),
    how: tuple[Any, ...] = (),
) -> tuple[Array, ...]:
    """Differentiate `function(*arrays, *rest, *how)` with respect to `arrays`."""
    slope = cotangent(operator, grad_output, arrays[0].dtype, output)
    return tuple(np.array(grad) for grad in _pull(function, how, tuple(arrays), tuple(rest), slope))
