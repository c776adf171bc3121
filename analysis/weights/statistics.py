"""Statistics of the stored numbers of one tensor, from one pass over them in blocks.

Integers of up to 8 bits, and floats of 16, have few different values: their histogram holds all that the others follow
from. Floats of 32 bits are summed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ragged import Array
from ..values import Stored

# More channels than this are not told apart: embeddings have one for each word.
MOST_CHANNELS = 1 << 14
# Different values of floats are counted up to so many elements.
_MOST_SORTED = 1 << 18
RUN = 1024
# The fourth power of a float32 up to here is one.
LARGE = 1e9
# Floats in a block: with what is made of them they stay in a processor's cache.
_FLOATS = 1 << 17


@dataclass(frozen=True)
class Statistics:
    """What the stored numbers of a tensor are like. Figures that were not computed are None.

    Attributes:
        count: elements.
        zeros: elements that stand for 0.
        nonfinite: infinities and NaNs; the figures below are of the others.
        low, high, mean, deviation: of the stored values.
        kurtosis: the fourth central moment by the square of the second: 3 for normal values; None where all are equal.
        unique: different values.
        entropy: bits an element, of the distribution of values.
        huffman: bytes with the best code of whole bits for each value, without its table.
        channel_unique: the least and the most different values in an output channel.
        zero_channels: output channels that hold nothing but zero.
    """

    count: int
    zeros: int
    nonfinite: int
    low: float
    high: float
    mean: float
    deviation: float
    kurtosis: float | None
    unique: int | None = None
    entropy: float | None = None
    huffman: int | None = None
    channel_unique: tuple[int, int] | None = None
    zero_channels: int | None = None


def statistics(values: Stored, axis: int, zero: int) -> Statistics:
    """The statistics of a tensor.

    Args:
        values: its numbers.
        axis: of the output channels, -1 for none.
        zero: the stored value that stands for 0.
    """
    sample = values.read(0, 1)
    if sample.dtype.kind in "iu" and sample.dtype.itemsize == 1:
        return _of_bytes(values, axis, zero)
    if sample.dtype.kind == "f":
        return _of_floats(values, axis)
    return _of_integers(values, zero)


def _of_bytes(values: Stored, axis: int, zero: int) -> Statistics:
    counts, per_channel = _histogram(values, axis)
    signed = values.read(0, 1).dtype == np.int8
    levels = np.arange(256).astype(np.int8 if signed else np.uint8).astype(np.int64)  # the number of every place
    found = of_histogram(counts, levels.astype(np.float64), int(counts[zero % 256]))
    if per_channel is None:
        return found
    channel_unique, channel_zeros = per_channel
    size = values.count // len(channel_unique)
    return Statistics(**{
        **vars(found), "channel_unique": (int(channel_unique.min()), int(channel_unique.max())),
        "zero_channels": int((channel_zeros[:, zero % 256] == size).sum()),
    })  # fmt: skip


def _histogram(values: Stored, axis: int) -> tuple[Array, tuple[Array, Array] | None]:
    """How often every byte is there; with channels, for each its different values and how often it has each."""
    channels = values.shape[axis] if axis >= 0 else 0
    if not 1 < channels <= MOST_CHANNELS:
        counts = np.zeros(256, np.int64)
        for _, block in values.blocks(2):
            counts += _counts(block.view(np.uint8))
        return counts, None
    table = np.zeros((channels, 256), np.int64)
    for place, block in values.by_channel(axis):
        part = np.ascontiguousarray(block).view(np.uint8)
        if part.shape[0] == 1 and part.shape[2] >= 1 << 15:  # long channels: one after the other
            for row, channel in enumerate(range(place.start, place.stop)):
                table[channel] += _counts(part[0, row])
        else:
            table[place] += _counts_by_channel(part)
    return table.sum(0), ((table > 0).sum(1), table)


def _counts(data: Array) -> Array:
    """How often every byte is there. Pairs of bytes are counted, which are half as many."""
    whole = data.size // 2 * 2
    if data.size < 1 << 16:
        return np.bincount(data, minlength=256)
    pairs = np.bincount(data[:whole].view("<u2"), minlength=1 << 16).reshape(256, 256)
    counts: Array = pairs.sum(0) + pairs.sum(1)
    if whole < data.size:
        counts[data[-1]] += 1
    return counts


def _counts_by_channel(part: Array) -> Array:
    """[channels, 256] of bytes of shape [outer, channels, inner]."""
    channels = part.shape[1]
    table = np.empty((channels, 256), np.int64)
    for first in range(0, channels, 256):  # so many channels and values are numbered with 16 bits
        some = part[:, first : first + 256]
        numbered = some.astype(np.uint16)
        numbered += (np.arange(some.shape[1], dtype=np.uint16) << 8)[:, None]
        found = np.bincount(numbered.reshape(-1), minlength=some.shape[1] << 8)
        table[first : first + 256] = found.reshape(-1, 256)
    return table


def of_histogram(counts: Array, levels: Array, zeros: int, nonfinite: int = 0) -> Statistics:
    """Statistics of values that are there so many times."""
    there = counts > 0
    n, of, total = counts[there], levels[there], int(counts.sum())
    if not total:
        return Statistics(nonfinite, zeros, nonfinite, math.nan, math.nan, math.nan, math.nan, None)
    mean = float((n * of).sum() / total)
    off = of - mean
    second, fourth = float((n * off**2).sum() / total), float((n * off**4).sum() / total)
    share = n / total
    return of_moments(
        total, nonfinite, zeros, float(of.min()), float(of.max()), mean, second, fourth,
        unique=len(n), entropy=float(-(share * np.log2(share)).sum()), huffman=huffman_bytes(n),
    )  # fmt: skip


def huffman_bytes(counts: Array) -> int:
    """Bytes that values take with the best code of whole bits; one value alone takes a bit each time."""
    if len(counts) == 1:
        return (int(counts[0]) + 7) // 8
    if int(counts.max()) == 1:  # all different, as in small float tensors: codes of two lengths
        depth = len(counts).bit_length() - 1
        return (len(counts) * depth + 2 * (len(counts) - (1 << depth)) + 7) // 8
    left = sorted(counts.tolist())
    # Sums are made in ascending order, so two queues do: of single values, and of sums.
    sums: list[int] = []
    bits = at = at_sums = 0

    def least() -> int:
        nonlocal at, at_sums
        if at_sums >= len(sums) or (at < len(left) and left[at] <= sums[at_sums]):
            at += 1
            return int(left[at - 1])
        at_sums += 1
        return sums[at_sums - 1]

    for _ in range(len(left) - 1):
        sums.append(least() + least())
        bits += sums[-1]
    return (bits + 7) // 8


def _of_floats(values: Stored, axis: int) -> Statistics:
    is_large = values.count > _MOST_SORTED  # smaller ones are sorted, which is cheaper than a table of all halves
    halves = is_large and values.read(0, 1).dtype == np.float16
    found = _of_halves(values) if halves else _of_sums(values)
    distinct = _distinct(values, axis)
    return Statistics(**{**vars(found), **distinct})


def _of_halves(values: Stored) -> Statistics:
    counts = np.zeros(1 << 16, np.int64)
    for _, block in values.blocks():
        counts += np.bincount(block.view("<u2"), minlength=1 << 16)
    levels = np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float64)
    finite = np.isfinite(levels)
    return of_histogram(
        np.where(finite, counts, 0), np.where(finite, levels, 0), int(counts[[0, 0x8000]].sum()),
        int(counts[~finite].sum()),
    )  # fmt: skip


def _of_sums(values: Stored) -> Statistics:
    """Sums of powers about a value near the mean, so that large means cancel nothing."""
    count = zeros = nonfinite = 0
    low, high, pivot = math.inf, -math.inf, 0.0
    # Written over block after block: new memory for each would cost more than what is done in it.
    scratch = np.empty((2, min(_FLOATS, values.count)), np.promote_types(values.read(0, 1).dtype, np.float32))
    sums = np.zeros(4)
    for begin in range(0, values.count, _FLOATS):
        block = values.read(begin, min(begin + _FLOATS, values.count))
        if block.dtype == np.float16:  # whose powers overflow
            block = block.astype(np.float32)
        least, most = float(block.min()), float(block.max())
        if not (math.isfinite(least) and math.isfinite(most)):
            finite = np.isfinite(block)
            nonfinite += int(block.size - finite.sum())
            block = block[finite]
            if not block.size:
                continue
            least, most = float(block.min()), float(block.max())
        low, high = min(low, least), max(high, most)
        zeros += int(np.count_nonzero(block == 0))
        if not count:
            pivot = float(block.mean(dtype=np.float64))
        count += block.size
        if block.dtype == np.float32 and max(-low, high) > LARGE:
            block = block.astype(np.float64)
            scratch = np.empty(scratch.shape)
        with np.errstate(over="ignore", invalid="ignore"):  # of doubles that large nothing is known but their range
            sums += _powers(block, pivot, scratch)
    if not count:
        return Statistics(nonfinite, zeros, nonfinite, math.nan, math.nan, math.nan, math.nan, None)
    if not np.isfinite(sums).all():
        return Statistics(count + nonfinite, zeros, nonfinite, low, high, math.nan, math.nan, None)
    return of_powers(count, nonfinite, zeros, low, high, pivot, sums)


def of_powers(
    count: int, nonfinite: int, zeros: int, low: float, high: float, pivot: float, sums: Array, **more: Any
) -> Statistics:
    """Statistics of ``count`` finite values from sums of the first four powers of their distances from a pivot."""
    first, second, third, fourth = (sums / count).tolist()
    variance = max(second - first**2, 0.0)
    moment = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
    kurtosis = moment / variance**2 if variance > 1e-30 * max(pivot**2, 1e-300) else None
    return Statistics(
        count + nonfinite, zeros, nonfinite, low, high, pivot + first, math.sqrt(variance), kurtosis, **more
    )  # fmt: skip


def of_moments(
    count: int, nonfinite: int, zeros: int, low: float, high: float, mean: float, second: float, fourth: float,
    **more: Any,
) -> Statistics:  # fmt: skip
    """Statistics of ``count`` finite values from their second and fourth central moments."""
    kurtosis = fourth / second**2 if second > 0 else None
    return Statistics(count + nonfinite, zeros, nonfinite, low, high, mean, math.sqrt(second), kurtosis, **more)


def _powers(block: Array, pivot: float, scratch: Array) -> Array:
    """Sums of the first four powers of the distances from a value.

    Runs of 1,024 are summed in the type of the block, which loses no more than its rounding, and their sums in float64.
    By einsum and not by BLAS, whose threads wait for each other longer than a block takes.
    """
    whole = block.size // RUN * RUN
    sums = np.zeros(4)
    for part in (block[:whole].reshape(-1, RUN), block[whole:].reshape(1, -1)):
        if part.size:
            off, square = (row[: part.size].reshape(part.shape) for row in scratch)
            np.subtract(part, block.dtype.type(pivot), out=off)
            np.multiply(off, off, out=square)
            runs = [np.einsum("ij->i", off), np.einsum("ij->i", square)]
            runs += [np.einsum("ij,ij->i", square, other) for other in (off, square)]
            sums += [run.sum(dtype=np.float64) for run in runs]
    return sums


def _distinct(values: Stored, axis: int) -> dict[str, object]:
    """Different values, in all and by output channel; of tensors small enough to be sorted."""
    if values.count > _MOST_SORTED:
        return {}
    numbers = values.read(0, values.count)
    _, counts = np.unique(numbers, return_counts=True)
    share = counts / values.count
    found: dict[str, object] = {
        "unique": len(counts), "entropy": float(-(share * np.log2(share)).sum()), "huffman": huffman_bytes(counts),
    }  # fmt: skip
    if axis >= 0 and 1 < values.shape[axis] <= MOST_CHANNELS:
        rows = np.sort(np.moveaxis(numbers.reshape(values.shape), axis, 0).reshape(values.shape[axis], -1), axis=1)
        each = 1 + (rows[:, 1:] != rows[:, :-1]).sum(1)
        found["channel_unique"] = (int(each.min()), int(each.max()))
        found["zero_channels"] = int(((rows[:, 0] == 0) & (rows[:, -1] == 0)).sum())
    return found


def _of_integers(values: Stored, zero: int) -> Statistics:
    """Wider integers, which are biases and tables: few enough to be looked at as they are, in blocks all the same."""
    count = values.count
    low, high, total, zeros = math.inf, -math.inf, 0.0, 0
    for _, block in values.blocks():
        low, high = min(low, float(block.min())), max(high, float(block.max()))
        total += float(block.sum(dtype=np.float64))
        zeros += int((block == zero).sum())
    mean, second, fourth = total / count, 0.0, 0.0
    for _, block in values.blocks():
        off = block.astype(np.float64) - mean
        square = off * off
        second, fourth = second + float(square.sum()), fourth + float(np.einsum("i,i->", square, square))
    return of_moments(count, 0, zeros, low, high, mean, second / count, fourth / count)
