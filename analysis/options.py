"""Operators' options: both unions, custom FlexBuffers, and the links to other subgraphs that they carry.

Decoded on demand and for many operators at once, table by table. What the schema does not know is named, never fatal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import schema
from .flexbuffer import FlexBufferError, decode
from .model import Model
from .operators import tensorflow_op
from .ragged import Array, kinds_of
from .tables import Tables

_UNIONS = (("builtin_options", "BuiltinOptions"), ("builtin_options_2", "BuiltinOptions2"))
# Options in FlexBuffers beyond this are shown by their size only.
_MAX_FLEXBUFFER = 1 << 16
# Operators that run other subgraphs, and subgraphs that one of them runs.
_MAX_LINKS = 1 << 16
_MAX_BRANCHES = 1024


@dataclass
class Options:
    """The options of one operator.

    Attributes:
        table: the schema's options table, None for an operator without one.
        values: every field of that table by name, defaults included; enums by name. For custom operators the decoded
            FlexBuffer.
        subgraphs: role (``cond``, ``body``, ``then``, …) to subgraph.
        raw_bytes: size of options that are not understood and therefore only counted.
        notes: what was not understood, in words.
    """

    table: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    subgraphs: dict[str, int] = field(default_factory=dict)
    raw_bytes: int = 0
    notes: list[str] = field(default_factory=list)


def read_options(model: Model, operators: Array) -> list[Options]:
    """The options of the given operators (global ids), in their order.

    Raises:
        ModelError: when an options table is damaged.
    """
    found = [Options() for _ in operators]
    tables = _fresh(model, operators)
    for member, rows, options in _option_tables(tables):
        if options is None:
            for row in rows.tolist():
                found[row].notes.append(f"{member}: options of a type that the schema known here does not have")
            continue
        unknown = options.unknown_slots()
        for row, record in zip(rows.tolist(), options.records(), strict=True):
            found[row].table = member
            found[row].values |= record
            found[row].subgraphs |= _subgraph_links(record, len(model.subgraphs))
            _decode_attributes(found[row])
            if unknown:
                found[row].notes.append(f"{member} may have fields that the schema known here does not: {unknown}")
    _read_custom(model, operators, tables, found)
    return found


def option_column(model: Model, name: str) -> tuple[Array, Array]:
    """One options field over all operators, e.g. ``stride_w``.

    Returns:
        The operators that have it (ascending int64) and their values as stored.
    """
    rows: list[Array] = [np.zeros(0, np.int64)]
    values: list[Array] = [np.zeros(0, np.int64)]
    for _, operators, options in _option_tables(model.operators.tables, having=(name,)):
        if options is not None:
            rows.append(operators)
            values.append(options.scalar(name))
    order = np.argsort(np.concatenate(rows), kind="stable")
    return np.concatenate(rows)[order], np.concatenate(values)[order]


def option_kinds(model: Model) -> Array:
    """A number for every operator, int64: equal where all that :func:`option_column` has of them is equal."""
    count, known = len(model.operators), 0
    found = np.full((len(_UNIONS), count), -1, np.int64)
    for name, operators, options in _option_tables(model.operators.tables):
        if options is None:
            continue
        scalars = [options.scalar(field) for field, spec in schema.fields(name).items() if spec.scalar]
        kinds = kinds_of([_bits(values) for values in scalars], len(operators))
        # The second row is for operators that have options of both unions.
        found[(found[0, operators] >= 0).astype(np.int64), operators] = kinds + known
        known += int(kinds.max(initial=-1)) + 1
    return kinds_of(list(found), count)


def _bits(values: Array) -> Array:
    """Numbers as whole ones: floats by their bits, which tells NaNs apart too."""
    return values.view(f"i{values.itemsize}") if values.dtype.kind == "f" else values


def control_flow(model: Model) -> dict[int, dict[str, int]]:
    """The operators that run other subgraphs: global id to role to subgraph."""
    links: dict[int, dict[str, int]] = {}
    tables = _fresh(model, np.arange(len(model.operators)))
    for _, operators, options in _option_tables(tables, having=_LINK_FIELDS):
        if len(links) + len(operators) > _MAX_LINKS:
            reason = f"more than {_MAX_LINKS} operators run other subgraphs"
            raise tables.buffer.error(reason, int(tables.positions[operators[0]]), "Operator")
        for operator, record in zip(operators.tolist(), options.records() if options else [], strict=True):
            links[operator] = _subgraph_links(record, len(model.subgraphs))
    return {operator: links[operator] for operator in sorted(links) if links[operator]}


def _fresh(model: Model, operators: Array) -> Tables:
    model.source.check()
    positions = model.operators.tables.positions[operators]
    return Tables(model.flatbuffer.with_fresh_budget(), "Operator", positions)


def _option_tables(tables: Tables, having: Sequence[str] = ()) -> Iterator[tuple[str, Array, Tables | None]]:
    """Options table by options table: its name, the rows that have it, the tables (None: unknown to the schema).

    With ``having`` only tables that have one of these fields.
    """
    for name, union in _UNIONS:
        types = tables.scalar(f"{name}_type")
        members = schema.union_members(union)
        for value in np.unique(types[types > 0]).tolist():
            rows = np.flatnonzero(types == value)
            if value >= len(members):
                if not having:
                    yield f"{union} {value}", rows, None
            elif not having or not schema.fields(members[value]).keys().isdisjoint(having):
                there, options = tables.take(rows).table(name, members[value])
                yield members[value], rows[there], options


_LINK_FIELDS = sorted(
    {
        name
        for _, union in _UNIONS
        for member in schema.union_members(union)[1:]
        for name in schema.fields(member)
        if "subgraph" in name or name == "called_computations"
    }
)


def _subgraph_links(values: dict[str, Any], count: int) -> dict[str, int]:
    links: dict[str, int] = {}
    for name in _LINK_FIELDS:
        value = values.get(name)
        role = name.split("subgraph")[0].strip("_") or "callee"
        if isinstance(value, list):
            role = "branch" if name == "branch_subgraph_indices" else "computation"
            links |= {f"{role}_{place}": target for place, target in enumerate(value[:_MAX_BRANCHES])}
        elif value is not None:
            links[role] = value
    return {role: target for role, target in links.items() if 0 <= target < count}


def _read_custom(model: Model, operators: Array, tables: Tables, found: list[Options]) -> None:
    start, size = tables.spans("custom_options")
    far_start, far_size = tables.scalar("large_custom_options_offset"), tables.scalar("large_custom_options_size")
    far = far_start > 1
    total = model.source.data.size
    inside = (far_start <= total) & (far_size <= total - np.minimum(far_start, total))
    tables.buffer.require(~far | inside, tables.positions, "Operator", "its options lie past the end of the file")
    start, size = np.where(far, far_start, start), np.where(far, far_size, size)
    formats = tables.scalar("custom_options_format")
    for row in np.flatnonzero(size > 0).tolist():
        tables.buffer.charge(min(int(size[row]), _MAX_FLEXBUFFER), int(tables.positions[row]), "Operator")
        data = model.source.data[int(start[row]) : int(start[row] + size[row])]
        op = model.operators.type_names[model.operators.type[operators[row]]]
        _decode_custom(found[row], op, data, known_format=formats[row] == 0)


def _decode_custom(options: Options, op: str, data: Array, known_format: bool) -> None:
    try:
        if not known_format or data.size > _MAX_FLEXBUFFER:
            raise FlexBufferError("not to be read")
        value = decode(data.tobytes())
    except FlexBufferError:
        options.raw_bytes = int(data.size)
        options.notes.append(f"{data.size} bytes of custom options in a format of the operator's own")
        return
    if tensorflow_op(op) and isinstance(value, list) and len(value) == 2:
        # Written as [operator name, serialized NodeDef]: tflite/delegates/flex/delegate_data.cc of LiteRT f674577.
        options.values |= {"tensorflow_op": value[0]}
        options.raw_bytes = int(data.size)
    elif isinstance(value, dict):
        options.values |= value
    else:
        options.values["value"] = value


def _decode_attributes(options: Options) -> None:
    """STABLEHLO_COMPOSITE keeps its attributes as the bytes of a FlexBuffer."""
    data = options.values.get("composite_attributes")
    if not data:
        return
    try:
        if len(data) > _MAX_FLEXBUFFER:
            raise FlexBufferError("not to be read")
        options.values["composite_attributes"] = decode(data)
    except FlexBufferError:
        options.raw_bytes = len(data)
        options.values["composite_attributes"] = None
        options.notes.append(f"{len(data)} bytes of composite attributes that are no FlexBuffer")
