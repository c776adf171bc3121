"""Where the zeros of weights lie: n of m, and blocks, against what the same number of zeros would make by chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..ragged import Array

# Blocks of [output channels, all the rest], the largest first: a larger block explains the smaller ones in it.
BLOCKS = ((1, 16), (16, 1), (4, 4), (8, 1), (1, 4), (4, 1), (2, 2))
GROUPS = ((2, 4), (4, 8))  # at most so many of so many along the last axis are not zero
# Zeros lie in blocks when so large a part of them does, and so many times more than by chance.
_MOST_OF_ZEROS, _ABOVE_CHANCE = 0.8, 1.5


@dataclass(frozen=True)
class Pattern:
    """A regularity of zeros.

    Attributes:
        name: ``2:4``, ``blocks 1x16``.
        share: of groups or blocks that keep to it: groups with few enough values, blocks of nothing but zero.
        chance: the share that independent zeros would give.
    """

    name: str
    share: float
    chance: float


def pattern(values: Array, axis: int, zero: int) -> Pattern | None:
    """The regularity of a tensor's zeros, None where there is none.

    Args:
        values: the tensor.
        axis: of the output channels.
        zero: the value that stands for 0.
    """
    there = values != zero
    share = 1 - float(np.count_nonzero(there)) / values.size
    if not 0 < share < 1:
        return None
    for most, size in GROUPS:
        found = _groups(there, most, size, share)
        if found is not None:
            return found
    matrix = np.moveaxis(there, axis, 0).reshape(values.shape[axis], -1)
    for rows, columns in BLOCKS:
        of_blocks = _empty_blocks(matrix, rows, columns)
        chance = share ** (rows * columns)
        if of_blocks is not None and of_blocks > max(_MOST_OF_ZEROS * share, _ABOVE_CHANCE * chance):
            return Pattern(f"blocks {rows}x{columns}", of_blocks, chance)
    return None


def _groups(there: Array, most: int, size: int, share: float) -> Pattern | None:
    """Whether every group along the last axis keeps few enough values; zeros by chance would not do that."""
    if there.shape[-1] % size:
        return None
    counts = there.reshape(-1, size).view(np.uint8)
    kept = counts[:, 0].copy()
    for place in range(1, size):
        kept += counts[:, place]
    if int(kept.max()) > most:
        return None
    chance = sum(math.comb(size, n) * (1 - share) ** n * share ** (size - n) for n in range(most + 1))
    # Few values keep to any pattern; many groups that all do so by chance are what is unlikely.
    return Pattern(f"{most}:{size}", 1.0, chance) if chance ** len(kept) < 0.01 else None


def _empty_blocks(matrix: Array, rows: int, columns: int) -> float | None:
    """The share of blocks that are all zero; edges that make no whole block are left out."""
    height, width = matrix.shape[0] // rows * rows, matrix.shape[1] // columns * columns
    if not height or not width:
        return None
    blocks = matrix[:height, :width].reshape(height // rows, rows, width // columns, columns)
    return 1 - float(np.count_nonzero(blocks.any(axis=(1, 3)))) / (blocks.shape[0] * blocks.shape[2])
