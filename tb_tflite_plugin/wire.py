"""Columns as bytes: the one data request that draws a model.

Layout: ``TFV1``, the header's length as uint32, the header (JSON, UTF-8), zero bytes up to a multiple of 8, then the
columns, each again padded to 8. The header's ``columns`` lists ``{name, type, length, offset, delta}``: ``offset``
counts from the first column, ``type`` is a typed array's (``i1 i2 i4 u1 f4 f8``), and ``delta`` says that the values
are differences to be summed up. Everything is little-endian. The TypeScript twin is frontend/src/wire/container.ts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .analysis.dtypes import BITS, dtype_name
from .analysis.model import Model
from .analysis.operators import FAMILIES, family, operand_names
from .analysis.options import control_flow, option_column
from .analysis.overview import inspect
from .analysis.ragged import Array, Categories, Ragged, Strings, offsets_of
from .analysis.report import Column, Report
from .analysis.reports import NAMES
from .jsontext import dumps
from .runtime.closeups import Closeups

MAGIC = b"TFV1"


def encode(header: dict[str, Any], columns: dict[str, Array | Ragged | Strings]) -> bytes:
    """One container. A ragged column ``x`` becomes ``x`` and ``x.offsets``, texts likewise with bytes in ``x``."""
    entries, bodies, at = [], [], 0
    for name, values in _flatten(columns):
        body, delta = _narrow(values)
        kind = f"{body.dtype.kind}{body.dtype.itemsize}"
        entries.append({"name": name, "type": kind, "length": len(body), "offset": at, "delta": delta})
        data = _padded(body.astype(body.dtype.newbyteorder("<"), copy=False).tobytes())
        bodies.append(data)
        at += len(data)
    head = dumps({**header, "columns": entries}).encode("utf-8", "replace")
    return b"".join([_padded(MAGIC + len(head).to_bytes(4, "little") + head), *bodies])


def encode_graph(model: Model, identity: dict[str, Any]) -> bytes:
    """Everything that the first picture of a model needs."""
    report = inspect(model)
    fused, activation = option_column(model, "fused_activation_function")
    chips = np.zeros(len(model.operators), np.uint8)
    chips[fused] = activation.astype(np.uint8)
    dtypes = sorted(set(model.tensors.type.tolist()))
    header = {
        "model": identity,
        "summary": report.summary,
        "findings": report.to_json({})["findings"],
        "operatorTypes": model.operators.type_names,
        "operatorFamilies": [family(name) for name in model.operators.type_names],
        "operandNames": _operand_names(model),
        "families": FAMILIES,
        "dtypes": {str(value): {"name": dtype_name(value), "bits": BITS.get(dtype_name(value), 0)} for value in dtypes},
        "subgraphNames": model.subgraphs.names.tolist(),
        "signatures": report.summary["signatures"],
        "reports": NAMES,
        "controlFlow": [[operator, roles] for operator, roles in control_flow(model).items()],
    }
    columns: dict[str, Array | Ragged | Strings] = {
        "operator.type": model.operators.type,
        "operator.activation": chips,
        "operator.inputs": model.operators.inputs,
        "operator.outputs": model.operators.outputs,
        "tensor.name": model.tensors.name,
        "tensor.type": model.tensors.type,
        "tensor.shape": model.tensors.shape,
        "tensor.constantBytes": model.constant_bytes,
        "tensor.variable": model.tensors.is_variable.astype(np.uint8),
        "subgraph.operators": model.subgraphs.operator_offsets,
        "subgraph.tensors": model.subgraphs.tensor_offsets,
        "subgraph.inputs": model.subgraphs.inputs,
        "subgraph.outputs": model.subgraphs.outputs,
    }
    return encode(header, columns)


def encode_report(report: Report) -> bytes:
    """A report: its table as columns, the rest in the header. The TypeScript twin is frontend/src/wire/report.ts.

    A column ``x`` whose rows may be missing comes with ``x.valid``. Categories are places in ``names`` of the header.
    """
    described, columns = [], {}
    for column in report.columns:
        values, names = _cells(column)
        entry = {key: getattr(column, key) for key in ("name", "unit", "kind", "provenance", "doc")}
        if names is not None:
            entry["names"] = names
        if column.additive is not None:
            entry["additive"] = column.additive
        described.append(entry)
        columns[column.name] = values
        valid = _valid(column)
        if valid is not None:
            columns[f"{column.name}.valid"] = valid.astype(np.uint8)
    header = {
        "report": report.name,
        "over": report.over,
        "rows": len(report.columns[0].values) if report.columns else 0,
        "summary": report.summary,
        "findings": report.to_json({})["findings"],
        "reportColumns": described,
    }
    return encode(header, columns)


def encode_closeups(closeups: Closeups | None) -> bytes:
    """Values and channels of operators; of none where there are none. Its twin is frontend/src/wire/closeups.ts."""
    if closeups is None:
        return encode({}, {"operator": np.zeros(0, np.int64)})
    return encode({}, {"operator": closeups.operators, **closeups.lists})


def _valid(column: Column) -> Array | None:
    """Which rows are there, None where all are."""
    if column.valid is None and isinstance(column.values, list) and None in column.values:
        return np.array([value is not None for value in column.values])
    return column.valid


def _cells(column: Column) -> tuple[Array | Ragged | Strings, list[str] | None]:
    """What goes over the wire for a column, and for a category the names of its codes."""
    values = column.values
    if column.kind == "flag":
        return np.asarray(values, np.uint8), ["false", "true"]
    if isinstance(values, Categories):
        return values.codes, list(values.names)
    if column.kind == "category":
        return _coded(column.cells())
    if isinstance(values, np.ndarray | Ragged | Strings):
        return values, None
    if column.kind == "quantity":
        return np.array([np.nan if value is None else value for value in values], np.float64), None
    return _texts(values), None


def _coded(values: list[Any]) -> tuple[Array, list[str]]:
    """Few different values as places in the list of their names, -1 for None."""
    place: dict[Any, int] = {}
    codes = [-1 if value is None else place.setdefault(value, len(place)) for value in values]
    return np.array(codes, np.int32), [str(value) for value in place]


def _texts(values: Sequence[Any]) -> Strings:
    shown = (" ".join(map(str, value)) if isinstance(value, list) else value for value in values)
    encoded = [b"" if value is None else str(value).encode("utf-8", "replace") for value in shown]
    blob = np.frombuffer(b"".join(encoded), np.uint8)
    return Strings(offsets_of(np.array([len(text) for text in encoded], np.int64)), blob)


def _operand_names(model: Model) -> list[list[str]]:
    """Input names of every operator type, for the most inputs that any operator of the type has (up to 64)."""
    most = np.zeros(len(model.operators.type_names), np.int64)
    np.maximum.at(most, model.operators.type, np.minimum(model.operators.inputs.counts, 64))
    return [
        operand_names(name, count, 0)[0] for name, count in zip(model.operators.type_names, most.tolist(), strict=True)
    ]


def _flatten(columns: dict[str, Array | Ragged | Strings]) -> list[tuple[str, Array]]:
    flat: list[tuple[str, Array]] = []
    for name, column in columns.items():
        if isinstance(column, Ragged):
            flat += [(f"{name}.offsets", column.offsets), (name, column.values)]
        elif isinstance(column, Strings):
            flat += [(f"{name}.offsets", column.offsets), (name, column.blob)]
        else:
            flat.append((name, column))
    return flat


def _narrow(values: Array) -> tuple[Array, bool]:
    """The smallest type that holds an integer column, as differences where these are smaller: gzip then finds the
    repetition that a network's layers have. Integers beyond 32 bits go as doubles, which JavaScript would make of them.
    """
    if values.dtype.kind == "f" or values.dtype == np.uint8 or not len(values):
        return values if values.dtype.kind == "f" else values.astype(np.uint8), False
    wide = values.astype(np.int64)
    if np.abs(wide).max() >= 2**31:
        return wide.astype(np.float64), False
    steps = np.diff(wide, prepend=0)
    best = steps if _type_of(steps).itemsize <= _type_of(wide).itemsize else wide
    return best.astype(_type_of(best)), best is steps


def _type_of(values: Array) -> np.dtype[Any]:
    return np.promote_types(np.min_scalar_type(min(int(values.min()), -1)), np.min_scalar_type(-int(values.max()) - 1))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)
