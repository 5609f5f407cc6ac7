"""What every PyTorch operator here needs: arrays in and out, refusals, gradients by autograd."""

from __future__ import annotations

import operator as op
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

# The judge's problems are small: threads that wait for one another on a busy machine cost ten times what they save.
torch.set_num_threads(1)

Array: TypeAlias = npt.NDArray[Any]
Sides: TypeAlias = tuple[tuple[int, int], ...]


def require(fact: bool, operator: str, argument: str, rule: str, got: object) -> None:
    """Refuse a call unless `fact` holds."""
    if not fact:
        raise ValueError(f"{operator}: {argument} must be {rule}, got {got}")


def tensor(operator: str, argument: str, value: npt.ArrayLike) -> Tensor:
    """Copy an array into a contiguous tensor, for PyTorch wants writable memory and no negative stride."""
    array = np.asarray(value)
    if array.dtype == np.float16:
        raise NotImplementedError(f"{operator}: {argument}: PyTorch's CPU kernels leave gaps in float16")
    if array.dtype.type not in (np.float32, np.float64):
        raise TypeError(f"{operator}: {argument} must be of a floating dtype, got {array.dtype}")
    # dtype.type drops a foreign byte order
    return torch.from_numpy(np.array(array, dtype=array.dtype.type, order="C"))


def tensors(operator: str, **arrays: npt.ArrayLike) -> list[Tensor]:
    """Copy arrays that must share one dtype."""
    copies = [tensor(operator, name, array) for name, array in arrays.items()]
    dtypes = [str(copy.dtype) for copy in copies]
    if len(set(dtypes)) > 1:
        raise TypeError(f"{operator}: {', '.join(arrays)} must be of one dtype, got {', '.join(dtypes)}")
    return copies


def array(result: Tensor) -> Array:
    """Copy a tensor out, for PyTorch may answer with a view or an expanded tensor."""
    return np.array(result.detach().numpy(), order="C")


def rank(operator: str, argument: str, value: Tensor, *ranks: int) -> None:
    """Require one of the ranks."""
    allowed = " or ".join(f"{n}-D" for n in ranks)
    require(value.ndim in ranks, operator, argument, allowed, f"shape {tuple(value.shape)}")


def shape(operator: str, argument: str, value: Tensor, wanted: Sequence[int]) -> None:
    """Require one shape."""
    require(
        tuple(value.shape) == tuple(wanted),
        operator,
        argument,
        f"of shape {tuple(wanted)}",
        f"shape {tuple(value.shape)}",
    )


def integer(operator: str, argument: str, value: object, least: int) -> int:
    """Require an integer of at least `least`."""
    try:
        number = op.index(value)  # type: ignore[arg-type]  # whether it is an integer is the question
    except TypeError:
        raise TypeError(f"{operator}: {argument} must be made of integers, got {value!r}") from None
    require(number >= least, operator, argument, f"at least {least}", number)
    return number


def per_axis(operator: str, argument: str, value: object, axes: int, least: int) -> tuple[int, ...]:
    """Spell an attribute out, one integer an axis."""
    parts = tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes
    require(len(parts) == axes, operator, argument, f"one int or {axes} of them", value)
    return tuple(integer(operator, argument, part, least) for part in parts)


def sides(operator: str, value: object, axes: int) -> Sides:
    """Spell `padding` out as (before, after) along each axis."""
    rows: Sequence[object] = (value,) * axes
    if isinstance(value, (tuple, list)):
        rows = value if axes > 1 else (value,)
    require(len(rows) == axes, operator, "padding", f"given for {axes} axes", value)
    pairs = [per_axis(operator, "padding", row, 2, 0) for row in rows]
    return tuple((before, after) for before, after in pairs)


def symmetric(padding: Sides) -> bool:
    """Whether PyTorch's kernels can pad by themselves."""
    return all(before == after for before, after in padding)


def befores(padding: Sides) -> list[int]:
    """Top and left, which is all that PyTorch's kernels take."""
    return [before for before, _ in padding]


def last_axis_first(padding: Sides) -> list[int]:
    """Order padding as torch.nn.functional.pad wants it."""
    return [side for pair in reversed(padding) for side in pair]


def gradients(
    operator: str, forward: Callable[..., Tensor], inputs: Sequence[Tensor], grad_output: npt.ArrayLike
) -> tuple[Array, ...]:
    """Differentiate `forward` with respect to all of its inputs."""
    cotangent = tensor(operator, "grad_output", grad_output)
    with torch.enable_grad():
        leaves = [value.requires_grad_() for value in inputs]
        output = forward(*leaves)
        shape(operator, "grad_output", cotangent, output.shape)
        if cotangent.dtype != output.dtype:
            raise TypeError(f"{operator}: grad_output must be of dtype {output.dtype}, got {cotangent.dtype}")
        return tuple(array(grad) for grad in torch.autograd.grad(output, leaves, cotangent))
