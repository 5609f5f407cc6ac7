"""Convolutions of two samples at a time, in threads; the gradients of the weight are added up over the blocks.

Unusual: threads, and a batch whose last block is smaller.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from _door import Array, Core, Pair, cell, convolutions, kernel_of, outputs, pair, spanned

THREADS = ThreadPoolExecutor(2)


def blocks(*arrays: Array) -> list[tuple[Array, ...]]:
    """Cut the batch into blocks, of which an empty batch has one."""
    starts = range(0, max(1, len(arrays[0])), 2)
    return [tuple(array[start : start + 2] for array in arrays) for start in starts]


def by_blocks(one: Core) -> Core:
    def all_of(batch: Array, weight: Array, step: Pair, spread: Pair) -> Array:
        return np.concatenate(list(THREADS.map(lambda part: one(part[0], weight, step, spread), blocks(batch))))

    return all_of


@by_blocks
def correlate(image: Array, weight: Array, step: Pair, spread: Pair) -> Array:
    kernel = pair(weight.shape[2:])
    out = outputs(image, kernel, step, spread)
    cells = [image[cell(pair(place), out, step, spread)] for place in np.ndindex(*kernel)]
    # (cell, n, c, o, p) and (f, c, cell) meet in cell and c: (n, o, p, f)
    flat = weight.reshape(*weight.shape[:2], len(cells))
    return np.tensordot(np.stack(cells), flat, axes=((0, 2), (2, 1))).transpose(0, 3, 1, 2)


@by_blocks
def scatter(slope: Array, weight: Array, step: Pair, spread: Pair) -> Array:
    out, kernel = pair(slope.shape[2:]), pair(weight.shape[2:])
    image = np.zeros((len(slope), weight.shape[1], *spanned(out, kernel, step, spread)), slope.dtype)
    for place in np.ndindex(*kernel):
        # (f, c) against (n, f, o, p)
        spilt = np.tensordot(weight[:, :, *place], slope, axes=(0, 1)).swapaxes(0, 1)
        image[cell(pair(place), out, step, spread)] += spilt
    return image


def weigh(image: Array, slope: Array, step: Pair, spread: Pair) -> Array:
    kernel, out = kernel_of(image, slope, step, spread), pair(slope.shape[2:])

    def of_block(block: tuple[Array, ...]) -> Array:
        seen = [block[0][cell(pair(place), out, step, spread)] for place in np.ndindex(*kernel)]
        # (n, f, o, p) and (cell, n, c, o, p) meet in n, o, p: (f, cell, c)
        found = np.tensordot(block[1], np.stack(seen), axes=((0, 2, 3), (1, 3, 4)))
        return found.transpose(0, 2, 1).reshape(slope.shape[1], image.shape[1], *kernel)

    return sum(THREADS.map(of_block, blocks(image, slope)), start=np.zeros((), image.dtype))


def total(slope: Array) -> Array:
    return sum((block[0].sum(axis=(0, 2, 3)) for block in blocks(slope)), start=np.zeros((), slope.dtype))


conv1d, conv1d_backward, conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward = convolutions(
    correlate, scatter, weigh, total
)
