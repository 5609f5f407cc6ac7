"""Winograd's minimal filtering for 3×3 kernels, with tiles of any size.

Smaller kernels are filled up with zeros, and of the outputs of stride 1 those are taken that are wanted.

With the matrices A, B and G of F(m×m, 3×3), a tile d and a kernel g give Y = Aᵀ [(G g Gᵀ) ∘ (Bᵀ d B)] A. The gradients
are the transposed maps: B [(G g Gᵀ) ∘ (A y Aᵀ)] Bᵀ for the tile, and Gᵀ [(Bᵀ d B) ∘ (A y Aᵀ)] G for the kernel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from _door import Array, Convolutions, Pair, convolutions, kernel_of, pair, spanned


@dataclass(frozen=True)
class Winograd:
    """The transposed matrices Aᵀ (m, m + 2), Bᵀ (m + 2, m + 2) and G (m + 2, 3)."""

    output: Array
    tile: Array
    kernel: Array

    @property
    def m(self) -> int:
        return len(self.output)

    def functions(self) -> Convolutions:
        return convolutions(self.correlate, self.scatter, self.weigh)

    def correlate(self, image: Array, weight: Array, step: Pair, spread: Pair) -> Array:
        kernel = _supported(pair(weight.shape[2:]), spread)
        # a and b count the cells of a transformed tile, i and j tiles.
        products = np.einsum("ncijab,fcab->nfijab", self._tiles(image, kernel), self._kernels(weight))
        results = _both(self.output, products)
        N, F, rows, columns = results.shape[:4]
        y = results.transpose(0, 1, 2, 4, 3, 5).reshape(N, F, rows * self.m, columns * self.m)
        dense = image.shape[2] - kernel[0] + 1, image.shape[3] - kernel[1] + 1
        return y[:, :, : dense[0] : step[0], : dense[1] : step[1]]

    def scatter(self, slope: Array, weight: Array, step: Pair, spread: Pair) -> Array:
        kernel = _supported(pair(weight.shape[2:]), spread)
        products = np.einsum("nfijab,fcab->ncijab", self._slopes(slope, step), self._kernels(weight))
        spilt = _both(self.tile.T, products)
        N, C, rows, columns = spilt.shape[:4]
        image = np.zeros((N, C, rows * self.m + 2, columns * self.m + 2), slope.dtype)
        for i, j in np.ndindex(rows, columns):
            top, left = i * self.m, j * self.m
            image[:, :, top : top + self.m + 2, left : left + self.m + 2] += spilt[:, :, i, j]
        size = spanned(pair(slope.shape[2:]), kernel, step, spread)
        return image[:, :, : size[0], : size[1]]

    def weigh(self, image: Array, slope: Array, step: Pair, spread: Pair) -> Array:
        kernel = _supported(kernel_of(image, slope, step, spread), spread)
        tiles, slopes = self._tiles(image, kernel), self._slopes(slope, step)
        weight = _both(self.kernel.T, np.einsum("nfijab,ncijab->fcab", slopes, tiles))
        return weight[:, :, : kernel[0], : kernel[1]]

    def _tiles(self, image: Array, kernel: Pair) -> Array:
        """Cut an image into tiles that overlap by two pixels, Bᵀ d B each: (N, C, rows, columns, m + 2, m + 2)."""
        room = [(0, 3 - cells) for cells in kernel]
        missing = [
            (0, more - (size + more - 2) % -self.m) for size, (_, more) in zip(image.shape[2:], room, strict=True)
        ]
        whole = np.pad(image, ((0, 0), (0, 0), *missing))
        side = self.m + 2
        view = np.lib.stride_tricks.sliding_window_view(whole, (side, side), axis=(2, 3))
        return _both(self.tile, np.asarray(view[:, :, :: self.m, :: self.m]))

    def _slopes(self, slope: Array, step: Pair) -> Array:
        """Cut gradients, as far apart as the outputs are, into tiles of m×m, A y Aᵀ each."""
        rows, columns = ((size - 1) * gap + 1 for size, gap in zip(slope.shape[2:], step, strict=True))
        whole = np.zeros((*slope.shape[:2], rows + -rows % self.m, columns + -columns % self.m), slope.dtype)
        whole[:, :, : rows : step[0], : columns : step[1]] = slope
        N, F, H, W = whole.shape
        tiles = whole.reshape(N, F, H // self.m, self.m, W // self.m, self.m).transpose(0, 1, 2, 4, 3, 5)
        return _both(self.output.T, tiles)

    def _kernels(self, weight: Array) -> Array:
        """Fill kernels up to 3×3, G g Gᵀ each."""
        return _both(self.kernel, np.pad(weight, ((0, 0), (0, 0), *((0, 3 - cells) for cells in weight.shape[2:]))))


def _both(matrix: Array, tiles: Array) -> Array:
    """Transform the last two axes: M t Mᵀ."""
    rounded = matrix.astype(tiles.dtype)
    return np.asarray(rounded @ tiles @ rounded.T)


def _supported(kernel: Pair, spread: Pair) -> Pair:
    if max(kernel) > 3 or spread != (1, 1):
        raise NotImplementedError("Winograd's filtering is for kernels of up to 3x3 cells without dilation")
    return kernel
