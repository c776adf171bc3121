"""Statistics of many small tensors of one type and shape at once: the same as :func:`statistics` has of each.

A model has tens of thousands of small tensors, and one of them costs as many calls of numpy as a large one. Equal
values lie together when rows are sorted: what histograms tell of follows from the lengths of these runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..ragged import Array, Ragged, kinds_of, offsets_of
from .statistics import LARGE, MOST_CHANNELS, RUN, Statistics, huffman_bytes, of_moments, of_powers

# Elements of a small tensor. Sums of no more than 8,192 floats in rows are added up in the order of single sums.
SMALL = 1 << 12


def together(rows: Array, shape: tuple[int, ...], axis: int, zeros: Array) -> list[Statistics | None]:
    """The statistics of small tensors; None for those that are to be looked at alone: numbers that are none, or huge.

    Args:
        rows: [tensors, elements] of at most ``SMALL`` elements each.
        shape: of every tensor.
        axis: of the output channels, -1 for none.
        zeros: int64 per tensor, the stored value that stands for 0.
    """
    if rows.dtype.kind in "iu" and rows.dtype.itemsize == 1:
        return list(_of_bytes(rows, shape, axis, zeros))
    if rows.dtype.kind == "f":
        return _of_floats(rows, shape, axis)
    if rows.dtype == np.uint64:  # which no type of numpy compares with zero points
        return [None] * len(rows)
    return list(_of_integers(rows, zeros))


def _of_bytes(rows: Array, shape: tuple[int, ...], axis: int, zeros: Array) -> Iterator[Statistics]:
    raw, zero = rows.view(np.uint8), (zeros % 256).astype(np.uint8)[:, None]
    ordered = np.sort(raw, axis=1)
    runs = _runs(ordered)
    levels = ordered.view(rows.dtype).reshape(-1)[_starts(ordered)].astype(np.float64)
    low, high, moments = np.empty(len(rows)), np.empty(len(rows)), np.empty((3, len(rows)))
    for some, counts, of in _by_length(runs, levels):
        low[some], high[some] = of.min(1), of.max(1)
        mean = (counts * of).sum(1) / rows.shape[1]
        off = of - mean[:, None]
        moments[:, some] = mean, *((counts * off**power).sum(1) / rows.shape[1] for power in (2, 4))
    channels = _channels(raw, shape, axis, zero)
    figures = zip((raw == zero).sum(1).tolist(), low.tolist(), high.tolist(), *moments.tolist(), strict=True)
    for figure, distinct, of_channels in zip(figures, _distinct(runs), channels, strict=True):
        none, least, most, mean_of, second, fourth = figure
        yield of_moments(rows.shape[1], 0, none, least, most, mean_of, second, fourth, **distinct, **of_channels)


def _of_floats(rows: Array, shape: tuple[int, ...], axis: int) -> list[Statistics | None]:
    found: list[Statistics | None] = [None] * len(rows)
    block = rows.astype(np.float32) if rows.dtype == np.float16 else rows  # whose powers overflow
    low, high = block.min(1), block.max(1)
    plain = np.isfinite(low) & np.isfinite(high)
    if rows.dtype == np.float32:
        plain &= np.maximum(-low, high) <= LARGE
    block, low, high = block[plain], low[plain], high[plain]
    pivot = block.astype(np.float64).mean(1)
    with np.errstate(over="ignore", invalid="ignore"):
        sums = _powers(block, pivot)
    ordered = np.sort(block, axis=1)
    channels = _channels(block, shape, axis, np.zeros((len(block), 1)))
    figures = zip((block == 0).sum(1).tolist(), low.tolist(), high.tolist(), pivot.tolist(), strict=True)
    columns = zip(np.flatnonzero(plain).tolist(), figures, sums, _distinct(_runs(ordered)), channels, strict=True)
    for row, (none, least, most, at), sums_of, distinct, of_channels in columns:
        if np.isfinite(sums_of).all():
            found[row] = of_powers(rows.shape[1], 0, none, least, most, at, sums_of, **distinct, **of_channels)
    return found


def _powers(block: Array, pivot: Array) -> Array:
    """[tensors, 4], sums of powers of the distances from the pivots; the same runs as those of one tensor."""
    count = block.shape[1]
    whole = count // RUN * RUN
    sums = np.zeros((len(block), 4))
    for part, length in ((block[:, :whole], RUN), (block[:, whole:], count - whole)):
        if part.size:
            off = (part - pivot.astype(block.dtype)[:, None]).reshape(-1, length)
            square = off * off
            runs = [np.einsum("ij->i", off), np.einsum("ij->i", square)]
            runs += [np.einsum("ij,ij->i", square, other) for other in (off, square)]
            sums += np.stack([run.reshape(len(block), -1).sum(1, dtype=np.float64) for run in runs], axis=1)
    return sums


def _of_integers(rows: Array, zeros: Array) -> Iterator[Statistics]:
    count = rows.shape[1]
    wide = rows.astype(np.float64)
    mean = wide.sum(1) / count
    square = (wide - mean[:, None]) ** 2
    second, fourth = square.sum(1) / count, np.einsum("ij,ij->i", square, square) / count
    columns = ((rows == zeros[:, None]).sum(1), wide.min(1), wide.max(1), mean, second, fourth)
    for figures in zip(*(column.tolist() for column in columns), strict=True):
        yield of_moments(count, 0, *figures)


def _starts(ordered: Array) -> Array:
    """Places in all rows where another value begins, int64."""
    begins = np.ones(ordered.shape, bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=begins[:, 1:])
    return np.flatnonzero(begins)


def _runs(ordered: Array) -> Ragged:
    """How often each row has its values, in their order."""
    starts = _starts(ordered)
    per_row = np.bincount(starts // ordered.shape[1], minlength=len(ordered))
    return Ragged(offsets_of(per_row), np.diff(starts, append=ordered.size))


def _by_length(runs: Ragged, *columns: Array) -> Iterator[tuple[Array, ...]]:
    """Rows with equally many runs, their lengths as a table, and likewise other columns that have a cell for each."""
    for length in np.unique(runs.counts).tolist():
        rows = np.flatnonzero(runs.counts == length)
        cells = runs.offsets[rows][:, None] + np.arange(length)
        yield rows, *(column[cells] for column in (runs.values, *columns))


def _distinct(runs: Ragged) -> list[dict[str, Any]]:
    """Per row what follows from how often each of its values is there."""
    entropy, huffman = np.zeros(len(runs)), np.zeros(len(runs), np.int64)
    for rows, counts in _by_length(runs):
        share = counts / counts[0].sum()
        entropy[rows] = -(share * np.log2(share)).sum(1)
        kinds = kinds_of(list(np.sort(counts, axis=1).T), len(rows))  # the order of values makes no other code
        _, first = np.unique(kinds, return_index=True)
        huffman[rows] = np.array([huffman_bytes(counts[row]) for row in first.tolist()])[kinds]
    figures = zip(runs.counts.tolist(), entropy.tolist(), huffman.tolist(), strict=True)
    return [{"unique": unique, "entropy": bits, "huffman": size} for unique, bits, size in figures]


def _channels(rows: Array, shape: tuple[int, ...], axis: int, zero: Array) -> list[dict[str, Any]]:
    """Per row what is known of its output channels."""
    if axis < 0 or not 1 < shape[axis] <= MOST_CHANNELS:
        return [{}] * len(rows)
    ordered = np.moveaxis(rows.reshape(-1, *shape), axis + 1, 1)
    ordered = ordered.reshape(len(rows), shape[axis], rows.shape[1] // shape[axis])
    ordered = np.sort(ordered, axis=2)
    each = 1 + (ordered[:, :, 1:] != ordered[:, :, :-1]).sum(2)
    empty = ((ordered[:, :, 0] == zero) & (ordered[:, :, -1] == zero)).sum(1)
    figures = zip(each.min(1).tolist(), each.max(1).tolist(), empty.tolist(), strict=True)
    return [{"channel_unique": (least, most), "zero_channels": none} for least, most, none in figures]
