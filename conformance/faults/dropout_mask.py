"""Mistakes in the mask of dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


def _drop(right: Right, x: Any, kept: Any, p: float, training: bool, seed: int) -> Any:
    """Return the right answer with another mask, after bad input has been refused."""
    unchanged = right.dropout(x, p=p, training=False, seed=seed)
    return np.where(kept, unchanged / (1 - p), 0).astype(x.dtype) if training else unchanged


def _random(shape: Any, *seeds: int) -> Any:
    return np.random.default_rng(seeds).random(shape)


@fault("dropout", says="every cell is kept and scaled up", killed_by="rate", history="dropout_scale")
def nothing_dropped(right: Right, x: Any, **how: Any) -> Any:
    return _drop(right, x, True, **how)


@fault("dropout", says="p is the probability to keep a cell instead of to drop it", killed_by="rate")
def keep_probability(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    return _drop(right, x, _random(x.shape, seed) < p, p=p, seed=seed, **how)


@fault("dropout", says="exactly round(p n) cells are dropped, not each by chance", killed_by="rate")
def fixed_number(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    rank = np.argsort(np.argsort(_random(x.size, seed))).reshape(x.shape)
    return _drop(right, x, rank >= round(p * x.size), p=p, seed=seed, **how)


@fault("dropout", says="the last column is never dropped", killed_by="rate", corner="only in the last column")
def last_column_kept(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    last = np.arange(x.shape[-1]) == x.shape[-1] - 1
    return _drop(right, x, (_random(x.shape, seed) >= p) | last, p=p, seed=seed, **how)


@fault("dropout", says="whole channels are dropped", killed_by="independence", corner="only in images")
def whole_channels(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    shape = (*x.shape[:2], *(1 for _ in x.shape[2:]))
    return _drop(right, x, _random(shape, seed) >= p, p=p, seed=seed, **how)


@fault("dropout", says="whole samples are dropped", killed_by="independence")
def whole_samples(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    shape = (*x.shape[:1], *(1 for _ in x.shape[1:]))
    return _drop(right, x, _random(shape, seed) >= p, p=p, seed=seed, **how)


@fault("dropout", says="all samples share one mask", killed_by="independence")
def shared_by_samples(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    return _drop(right, x, _random(x.shape[1:], seed) >= p, p=p, seed=seed, **how)


@fault("dropout", says="two neighbours share one draw", killed_by="independence")
def dropped_in_pairs(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    drawn = np.repeat(_random(x.size, seed), 2)[: x.size].reshape(x.shape)
    return _drop(right, x, drawn >= p, p=p, seed=seed, **how)


@fault("dropout", says="the second half of the cells gets the opposite draws of the first", killed_by="independence")
def mirrored_half(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    half = _random((x.size + 1) // 2, seed)
    drawn = np.concatenate([half, 1 - half])[: x.size].reshape(x.shape)
    return _drop(right, x, drawn >= p, p=p, seed=seed, **how)


@fault("dropout", says="the mask repeats itself every 64 cells", killed_by="independence", corner="beyond 64 cells")
def repeats_in_64(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    return _drop(right, x, np.resize(_random(64, seed), x.shape) >= p, p=p, seed=seed, **how)


@fault("dropout", says="the mask repeats itself every 65536 cells", killed_by="long_mask", corner="beyond 65536 cells")
def repeats_in_65536(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    return _drop(right, x, np.resize(_random(2**16, seed), x.shape) >= p, p=p, seed=seed, **how)


@fault(
    "dropout", says="p is rounded to a 128th, for draws of a few bits", killed_by="long_mask", corner="in p's digits"
)
def few_bits(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    drawn = np.floor(_random(x.shape, seed) * 128)
    return _drop(right, x, drawn >= round(p * 128), p=p, seed=seed, **how)


@fault("dropout", says="only the first 1000 cells can be dropped", killed_by="long_mask", corner="beyond 1000 cells")
def end_kept(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    beyond = np.arange(x.size).reshape(x.shape) >= 1000
    return _drop(right, x, (_random(x.shape, seed) >= p) | beyond, p=p, seed=seed, **how)


@fault("dropout", says="every seed gives the same mask", killed_by="seeds")
def seed_ignored(right: Right, x: Any, **how: Any) -> Any:
    return right(x, **how | {"seed": 0})


@fault("dropout", says="only the last 16 bits of the seed count", killed_by="seeds", corner="with seeds above 65535")
def seed_of_16_bits(right: Right, x: Any, *, seed: int, **how: Any) -> Any:
    return right(x, seed=seed % 2**16, **how)


@fault("dropout", says="seeds 2 k and 2 k + 1 give one mask", killed_by="seeds", corner="with odd seeds")
def seed_halved(right: Right, x: Any, *, seed: int, **how: Any) -> Any:
    return right(x, seed=seed // 2, **how)


@fault("dropout", says="the mask comes from NumPy's global generator", killed_by="no_global_state")
def global_generator(right: Right, x: Any, *, p: float, **how: Any) -> Any:
    kept = np.random.random(x.shape) >= p  # noqa: NPY002 - the mistake
    return _drop(right, x, kept, p=p, **how)


@fault("dropout", says="NumPy's global generator is seeded for the mask", killed_by="no_global_state")
def global_seed(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    np.random.seed(seed)  # noqa: NPY002 - the mistake
    kept = np.random.random(x.shape) >= p  # noqa: NPY002 - the mistake
    return _drop(right, x, kept, p=p, seed=seed, **how)


@fault(
    "dropout",
    says="equal calls get masks of their own: the generator goes on, or the clock decides",
    killed_by="same_mask",
    remembers=True,
)
def generator_kept(right: Right, kept: Any, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    generator = kept.setdefault(seed, np.random.default_rng(seed))
    return _drop(right, x, generator.random(x.shape) >= p, p=p, seed=seed, **how)


@fault("dropout", says="the first mask of a shape is used for good", killed_by="seeds", remembers=True)
def mask_kept(right: Right, kept: Any, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    drawn = kept.setdefault((x.shape, p), _random(x.shape, seed))
    return _drop(right, x, drawn >= p, p=p, seed=seed, **how)


@fault("dropout", says="the mask depends on the numbers in x", killed_by="same_mask")
def numbers_decide(right: Right, x: Any, *, seed: int, **how: Any) -> Any:
    return right(x, seed=seed + int(np.abs(np.nan_to_num(x)).sum() % 1000), **how)


@fault("dropout", says="only cells that are not 0 get a draw", killed_by="same_mask", corner="where some of x is 0")
def drawn_for_nonzero(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    drawn = _random(x.shape, seed).reshape(-1)[np.cumsum(x != 0).reshape(x.shape) - 1]
    return _drop(right, x, drawn >= p, p=p, seed=seed, **how)


@fault("dropout", says="the mask is laid out as x is in memory", killed_by="same_mask", corner="in Fortran order")
def memory_order(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    drawn = _random(x.size, seed).reshape(x.shape, order="F" if np.isfortran(x) else "C")
    return _drop(right, x, drawn >= p, p=p, seed=seed, **how)


@fault("dropout", says="float32 gets a mask of its own, drawn in float32", killed_by="type_of_mask")
def drawn_in_own_type(right: Right, x: Any, *, p: float, seed: int, **how: Any) -> Any:
    dtype = x.dtype if x.dtype.kind == "f" else np.float64
    drawn = np.random.default_rng(seed).random(x.shape, dtype=dtype)
    return _drop(right, x, drawn >= p, p=p, seed=seed, **how)


@fault("dropout_backward", says="the gradient gets a mask of its own", killed_by="dropout.same_mask")
def mask_drawn_anew(right: Right, *arrays: Any, seed: int, **how: Any) -> Any:
    return right(*arrays, seed=seed + 1, **how)


@fault("dropout_backward", says="the gradient passes everywhere", killed_by="dropout.same_mask")
def mask_forgotten(right: Right, grad: Any, x: Any, *, p: float, training: bool, seed: int) -> Any:
    return right(grad, x, p=p, training=False, seed=seed) / (1 - p if training else 1)


@fault(
    "dropout_backward",
    says="the mask is laid out as grad_output is in memory",
    killed_by="dropout.same_mask",
    corner="in Fortran order",
)
def memory_order_of_gradient(right: Right, grad: Any, x: Any, *, p: float, training: bool, seed: int) -> Any:
    answer = right(grad, x, p=p, training=training, seed=seed)
    scale = right(np.ones_like(x), x, p=p, training=training, seed=seed)
    return scale.reshape(-1).reshape(x.shape, order="F") * grad if np.isfortran(grad) else answer


@fault(
    "dropout_backward",
    says="the mask is where the output is not 0, so that a kept 0 passes no gradient back",
    killed_by="dropout.same_mask",
    corner="only where x is 0",
)
def mask_from_output(right: Right, grad_output: Any, x: Any, **how: Any) -> Any:
    return right(grad_output, x, **how) * (right.dropout(x, **how) != 0)
