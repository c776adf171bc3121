"""Columns whose cells are lists or strings, stored flat: row ``k`` is ``values[offsets[k]:offsets[k + 1]]``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Ragged:
    """A column of number lists. ``offsets`` is int64 of shape [rows + 1], ``values`` is one-dimensional."""

    offsets: Array
    values: Array

    @classmethod
    def of(cls, rows: list[list[int]]) -> Ragged:
        """A column of the given lists of whole numbers, as int64."""
        counts = np.array([len(row) for row in rows], np.int64)
        return cls(offsets_of(counts), np.array(list(itertools.chain.from_iterable(rows)), np.int64))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Array:
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def __iter__(self) -> Iterator[Array]:
        return (self[row] for row in range(len(self)))

    @property
    def counts(self) -> Array:
        """The length of every row, int64 of shape [rows]."""
        return np.diff(self.offsets)

    @property
    def rows(self) -> Array:
        """The row of every value, int64 of the shape of ``values``."""
        return np.repeat(np.arange(len(self)), self.counts)

    def tolist(self) -> list[list[Any]]:
        """The rows as Python lists."""
        values = self.values.tolist()
        return [values[a:b] for a, b in itertools.pairwise(self.offsets.tolist())]

    def take(self, rows: Array) -> Ragged:
        """The given rows, in the given order; a negative row gives an empty one."""
        return Ragged(*_taken(self.offsets, self.values, rows))

    def kinds(self) -> Array:
        """A number for every row, int64: equal rows have equal numbers, and only they."""
        found = np.zeros(len(self), np.int64)
        order = np.argsort(self.counts, kind="stable")
        lengths, starts = np.unique(self.counts[order], return_index=True)
        ends = [*starts[1:].tolist(), len(self)]
        for length, start, end in zip(lengths.tolist(), starts.tolist(), ends, strict=False):
            rows = order[start:end]
            cells = self.values[self.offsets[rows][:, None] + np.arange(length)]
            found[rows] = kinds_of(list(cells.T), len(rows)) + int(found.max(initial=-1)) + 1
        return found


@dataclass(frozen=True)
class Strings:
    """A column of texts as UTF-8: ``blob`` is uint8, ``offsets`` int64 of shape [rows + 1].

    Bytes that are not UTF-8 read as U+FFFD: names come from files and are only ever shown.
    """

    offsets: Array
    blob: Array

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> str:
        return bytes(self.blob[self.offsets[row] : self.offsets[row + 1]]).decode("utf-8", "replace")

    def __iter__(self) -> Iterator[str]:
        return iter(self.tolist())

    def take(self, rows: Array) -> Strings:
        """The given rows, in the given order; a negative row gives an empty text."""
        return Strings(*_taken(self.offsets, self.blob, rows))

    def tolist(self) -> list[str]:
        """All rows as Python strings."""
        data, edges = self.blob.tobytes(), itertools.pairwise(self.offsets.tolist())
        if data.isascii():
            text = data.decode("ascii")
            return [text[a:b] for a, b in edges]
        return [data[a:b].decode("utf-8", "replace") for a, b in edges]


@dataclass(frozen=True)
class Categories:
    """A column of few different names: ``codes`` are places in ``names``, -1 is none."""

    codes: Array
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.codes)

    def tolist(self) -> list[str | None]:
        """The name of every row."""
        names = [*self.names, None]
        return [names[code] for code in self.codes.tolist()]


def kinds_of(columns: Sequence[Array], count: int) -> Array:
    """A number for every row of some columns of whole numbers, int64: equal rows have equal ones, and only they.

    Args:
        columns: of shape [count] each.
        count: rows; without columns all are equal.
    """
    if not columns or not count:
        return np.zeros(count, np.int64)
    table = np.stack([column.astype(np.int64) for column in columns], axis=1)
    rows = table.view(np.dtype((np.void, table.shape[1] * table.itemsize))).reshape(-1)
    numbers: Array = np.unique(rows, return_inverse=True)[1]
    return numbers.astype(np.int64)


def distinct_sums(column: Ragged, amounts: Array) -> Array:
    """For every row of ids the sum of an amount per id, each id counted once and negative ones not at all. int64."""
    rows, ids = column.rows, column.values.astype(np.int64)
    there = ids >= 0
    pairs = np.unique(rows[there] * (len(amounts) + 1) + ids[there])
    row, one = np.divmod(pairs, len(amounts) + 1)
    edges = offsets_of(np.bincount(row, minlength=len(column)))
    totals = np.concatenate([[0], np.cumsum(amounts[one].astype(np.int64))])
    sums: Array = totals[edges[1:]] - totals[edges[:-1]]
    return sums


def _taken(offsets: Array, values: Array, rows: Array) -> tuple[Array, Array]:
    counts = np.where(rows >= 0, np.diff(offsets)[rows] if len(offsets) > 1 else 0, 0)
    starts = offsets[np.maximum(rows, 0)]
    edges = offsets_of(counts)
    return edges, values[np.repeat(starts - edges[:-1], counts) + np.arange(edges[-1])]


def offsets_of(counts: Array) -> Array:
    """Row lengths to row edges: int64 of shape [rows + 1], starting at 0."""
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets
