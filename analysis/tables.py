"""Columnar FlatBuffers reading: one field of all tables of a kind in a few numpy gathers.

A FlatBuffer is a graph of tables linked by offsets, and an offset from a file may point anywhere. So nothing is
followed before it was checked against the bytes that are there, for all rows at once, and what is kept is charged
against a budget: the parts of an honest file do not overlap, so all its tables and vectors together are no longer than
the file. A hostile one, whose thousand tables share one long vector, runs out of budget instead of memory. Format:
FlatBuffers' internals page, https://flatbuffers.dev/internals/.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import schema
from .errors import ModelError
from .ragged import Array, Ragged, Strings, offsets_of

# Rows of one kind, and values in a column of lists, that are read at most: ten times the largest graphs seen. This
# bounds the memory spent on a file of nothing but empty tables or operand lists, whose columns outgrow their bytes.
MAX_ROWS = 500_000
MAX_VALUES = 1 << 21
# Values in lists that become Python objects, forty bytes each.
_MAX_LISTED = 1 << 20
# Vectors may be shared between tables (equal names or shapes written once): so much is allowed beyond the file's size.
SHARING_ALLOWANCE = 16 << 20
# What a row of tensors, operators or buffers takes in memory as columns; an honest one takes over forty in the file.
_ROW_BYTES = 64
_CHUNK = 1 << 18


class FlatBuffer:
    """The bytes of one FlatBuffer.

    Args:
        data: uint8, the buffer from its first byte; usually a view of a memory-mapped file.
        file: the name that errors carry.
        base: where ``data`` starts in that file, added to the offsets in errors.
        check: called before bytes are looked at; raises when the file is no longer what it was (``Source.check``).
    """

    def __init__(self, data: Array, file: str, base: int = 0, check: Callable[[], None] = lambda: None) -> None:
        self.data = data
        self.file = file
        self.base = base
        self.check = check
        self._budget = data.size + SHARING_ALLOWANCE
        self._views: dict[str, Array] = {}

    def with_fresh_budget(self) -> FlatBuffer:
        """The same bytes for another read whose results do not outlive the request for them."""
        return FlatBuffer(self.data, self.file, self.base, self.check)

    def error(self, reason: str, position: int, table: str) -> ModelError:
        """The error for a fault at ``position`` of ``data``, or at its end for a position beyond."""
        return ModelError(self.file, reason, offset=self.base + min(position, self.data.size), table=table)

    def charge(self, size: int, position: int, table: str) -> None:
        """Takes ``size`` bytes from the budget.

        Raises:
            ModelError: when more was asked for than an honest file can hold.
        """
        self._budget -= size
        if self._budget < 0:
            raise self.error("its parts together are longer than the file: they overlap", position, table)

    def values(self, dtype: str, positions: Array, table: str) -> Array:
        """The scalars at byte ``positions``, wherever they are aligned.

        Raises:
            ModelError: at the first position that is not inside the buffer.
        """
        width = np.dtype(dtype).itemsize
        self.check()
        self.require((positions >= 0) & (positions <= self.data.size - width), positions, table, "runs past the end")
        if dtype not in self._views:
            # A view with a stride of one byte reads unaligned values without copying; see numpy.ndarray(strides=).
            self._views[dtype] = np.ndarray((max(self.data.size - width + 1, 0),), dtype, self.data, strides=(1,))
        return self._views[dtype][positions]

    def require(self, ok: Array, positions: Array, table: str, reason: str) -> None:
        """Raises a ModelError at the position of the first row that is not ``ok``."""
        if not ok.all():
            raise self.error(reason, int(positions[int(np.argmin(ok))]), table)

    def root(self, table: str) -> Tables:
        """The table that the buffer starts with."""
        start = np.zeros(1, np.int64)
        return Tables(self, table, self.values("<u4", start, table).astype(np.int64))


class Tables:
    """All tables of one kind: their positions, and their fields as columns.

    Rows whose field is absent hold the schema's default in :meth:`scalar`, nothing in :meth:`ragged` and
    :meth:`strings`.
    Every method raises :class:`ModelError` when an offset or a length leads out of the buffer.
    """

    def __init__(self, buffer: FlatBuffer, name: str, positions: Array) -> None:
        self.buffer = buffer
        self.name = name
        self.positions = positions
        at_vtable = positions - buffer.values("<i4", positions, name)
        ok = (at_vtable >= 0) & (at_vtable <= buffer.data.size - 4)
        buffer.require(ok, positions, name, "its vtable lies outside the file")
        size = buffer.values("<u2", at_vtable, name)
        self._table_size = buffer.values("<u2", at_vtable + 2, name)
        ok = (size >= 4) & (size % 2 == 0) & (at_vtable + size <= buffer.data.size)
        buffer.require(ok, positions, name, "its vtable is damaged")
        ok = (self._table_size >= 4) & (positions + self._table_size <= buffer.data.size)
        buffer.require(ok, positions, name, "runs past the end")
        self._vtable = at_vtable
        self._vtable_size = size

    def __len__(self) -> int:
        return len(self.positions)

    def take(self, rows: Array) -> Tables:
        """The given rows as tables of their own."""
        return Tables(self.buffer, self.name, self.positions[rows])

    def _slot(self, field: schema.Field, width: int) -> Array:
        """Byte position of the field in every table, 0 where it is absent."""
        at = 4 + 2 * field.slot
        there = self._vtable_size > at
        offset = np.zeros(len(self), np.int64)
        offset[there] = self.buffer.values("<u2", self._vtable[there] + at, self.name)
        ok = (offset == 0) | ((offset >= 4) & (offset + width <= self._table_size))
        self.buffer.require(ok, self.positions, self.name, f"field {field.slot} lies outside its table")
        return np.where(offset > 0, self.positions + offset, 0)

    def present(self, field: str) -> Array:
        """Whether each table stores the field, bool."""
        return self._slot(schema.fields(self.name)[field], 1) > 0

    def scalar(self, field: str) -> Array:
        """A scalar field of all tables, in the type it is stored in."""
        spec = schema.fields(self.name)[field]
        dtype = np.dtype(spec.dtype)
        at = self._slot(spec, dtype.itemsize)
        column = np.full(len(self), spec.default, dtype)
        there = at > 0
        column[there] = self.buffer.values(spec.dtype, at[there], self.name)
        return column.astype(bool) if spec.element == "b1" else column

    def _follow(self, field: schema.Field) -> tuple[Array, Array]:
        """Rows that have the field, and the position its offset leads to."""
        at = self._slot(field, 4)
        rows = np.flatnonzero(at)
        at = at[rows]
        target = at + self.buffer.values("<u4", at, self.name)
        ok = (target > at) & (target <= self.buffer.data.size - 4)
        self.buffer.require(ok, at, self.name, "an offset leads nowhere")
        return rows, target

    def spans(self, field: str) -> tuple[Array, Array]:
        """Start and length in bytes of a vector field, without touching what it holds; 0, 0 where absent. int64."""
        spec = schema.fields(self.name)[field]
        width = 1 if spec.element == "str" else np.dtype(spec.dtype).itemsize if _is_scalar(spec) else 4
        rows, target = self._follow(spec)
        length = self.buffer.values("<u4", target, self.name).astype(np.int64) * width
        ok = target + 4 + length <= self.buffer.data.size
        if not ok.all():
            bad = int(np.argmin(ok))
            count = int(length[bad]) // width
            raise self.buffer.error(f"a vector of {count} runs past the end", int(target[bad]), self.name)
        starts, lengths = np.zeros(len(self), np.int64), np.zeros(len(self), np.int64)
        starts[rows], lengths[rows] = target + 4, length
        return starts, lengths

    def ragged(self, field: str, limit: int | None = None) -> Ragged:
        """A field that is a vector of scalars; more than ``limit`` values in all rows together are refused."""
        dtype = np.dtype(schema.fields(self.name)[field].dtype)
        starts, lengths = self.spans(field)
        if limit is not None:
            self._limit(field, starts, lengths, dtype.itemsize, limit)
        return Ragged(offsets_of(lengths // dtype.itemsize), self._copy(starts, lengths).view(dtype))

    def strings(self, field: str) -> Strings:
        """A string field."""
        starts, lengths = self.spans(field)
        return Strings(offsets_of(lengths), self._copy(starts, lengths))

    def _copy(self, starts: Array, lengths: Array) -> Array:
        """The bytes of all spans one after another, uint8; a piece at a time, for the sake of memory."""
        edges = offsets_of(lengths)
        where = int(starts[int(np.argmax(lengths))]) if len(starts) else 0
        self.buffer.check()
        self.buffer.charge(int(edges[-1]), where, self.name)
        out = np.empty(int(edges[-1]), np.uint8)
        row = 0
        while row < len(starts):
            stop = max(row + 1, int(np.searchsorted(edges, edges[row] + _CHUNK, "right")) - 1)
            piece = out[edges[row] : edges[stop]]
            if stop == row + 1:
                piece[:] = self.buffer.data[starts[row] : starts[row] + lengths[row]]
            elif piece.size:
                shift = np.repeat(starts[row:stop] - edges[row:stop], lengths[row:stop])
                piece[:] = self.buffer.data[shift + np.arange(edges[row], edges[stop])]
            row = stop
        return out

    def table(self, field: str, kind: str | None = None) -> tuple[Array, Tables]:
        """A field that is a table (or a union member, then ``kind`` says of which table).

        Returns:
            The rows that have it, int64, and the tables, one for each of these rows.
        """
        spec = schema.fields(self.name)[field]
        rows, target = self._follow(spec)
        return rows, Tables(self.buffer, kind or spec.element.partition(":")[2], target)

    def vector(self, field: str, limit: int = MAX_ROWS) -> tuple[Array, Tables]:
        """A field that is a vector of tables.

        Returns:
            The row edges, int64 of shape [rows + 1], and the tables of all rows one after another.
        """
        spec = schema.fields(self.name)[field]
        starts, lengths = self.spans(field)
        count = self._limit(field, starts, lengths, 4, limit)
        self.buffer.charge(_ROW_BYTES * count, int(starts[0]) if len(starts) else 0, self.name)
        offsets = offsets_of(lengths // 4)
        at = np.repeat(starts - 4 * offsets[:-1], lengths // 4) + 4 * np.arange(count)
        target = at + self.buffer.values("<u4", at, self.name)
        return offsets, Tables(self.buffer, spec.element.partition(":")[2], target)

    def _limit(self, field: str, starts: Array, lengths: Array, width: int, limit: int) -> int:
        count = int(lengths.sum()) // width
        if count > limit:
            where = int(starts[int(np.argmax(lengths))])
            raise self.buffer.error(f"{count} entries in {field}; at most {limit} are read", where, self.name)
        return count

    def records(self) -> list[dict[str, Any]]:
        """Every table as a dict of plain values: enums by name (unknown ones as numbers), vectors as lists or bytes.

        For tables of scalars, strings and vectors of scalars, as all operator options are.
        """
        columns: dict[str, list[Any]] = {}
        for name, spec in schema.fields(self.name).items():
            if spec.element == "str":
                columns[name] = self.strings(name).tolist()
            elif spec.element == "u1" and spec.vector:
                column = self.ragged(name)
                columns[name] = [values.tobytes() for values in column]
            elif spec.vector:
                columns[name] = _plain(self.ragged(name, _MAX_LISTED), spec)
            elif _is_scalar(spec):
                columns[name] = _named(self.scalar(name).tolist(), spec)
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)] or [
            {} for _ in range(len(self))
        ]

    def unknown_slots(self) -> list[int]:
        """Slots that some table stores and the schema does not know, as a newer writer makes them."""
        known = 4 + 2 * schema.slots(self.name)
        longer = self._vtable_size > known
        vtables = np.unique(self._vtable[longer])[:64]  # writers share vtables: a handful in any real file
        found: set[int] = set()
        for at in vtables.tolist():
            size = int(self.buffer.values("<u2", np.array([at]), self.name)[0])
            entries = self.buffer.data[at + known : at + size].view("<u2") if size > known else np.zeros(0, "<u2")
            found.update((np.flatnonzero(entries) + schema.slots(self.name)).tolist())
        return sorted(found)


def _is_scalar(spec: schema.Field) -> bool:
    kind = spec.element.partition(":")[0]
    return kind not in ("str", "table", "union")


def _named(values: list[Any], spec: schema.Field) -> list[Any]:
    kind, _, name = spec.element.partition(":")
    if kind != "enum":
        return values
    names = schema.enum_names(name)
    return [names.get(value, value) for value in values]


def _plain(column: Ragged, spec: schema.Field) -> list[list[Any]]:
    if spec.element == "b1":
        column = Ragged(column.offsets, column.values.astype(bool))
    values = _named(column.values.tolist(), spec)
    return [values[a:b] for a, b in itertools.pairwise(column.offsets.tolist())]
