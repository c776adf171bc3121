"""Errors of layers on disk: the JSON of the report with the closer looks beside it, checked when read."""

from __future__ import annotations

import itertools
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, get_args

import numpy as np

from ..analysis.ragged import Array, Ragged, offsets_of
from ..analysis.report import Column, Finding, Kind, Provenance, Report, Severity
from .closeups import LISTS, Closeups
from .errors import TraceError
from .foreign_json import parse

NAME = "layer_error"
_VERSION = 1
_MOST_BYTES = 1 << 28
_MOST_ROWS = 1 << 20
_MOST_COLUMNS = 100
# Names of columns become those of columns of the wire, of lenses and of the filter language.
_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,49}")
# What is shown of the summary, where it is there.
_SUMMARY: Mapping[str, type] = {
    "kernels": str, "reference_kernels": str, "inputs": str, "source": str, "file": str, "samples": int, "seed": int,
    "operators": int, "matched": int, "compared": int, "equal": int, "rows": int, "reference": dict,
    "points_each": int, "without_channels": int,
}  # fmt: skip


@dataclass(frozen=True)
class ErrorFile:
    """Errors of layers with what they are of.

    Attributes:
        model: SHA-256 of the model whose operators they are of.
        created: when, in ISO 8601; empty where not known.
        report: a row per operator.
        closeups: values and channels; None where another tool has measured.
    """

    model: str
    created: str
    report: Report
    closeups: Closeups | None


def to_json(report: Report, closeups: Closeups | None, model: Mapping[str, Any]) -> dict[str, Any]:
    """Errors as plain values; ``model`` says which model they are of: ``sha256``, ``name``, ``size_bytes``."""
    found = {
        **report.to_json(dict(model)),
        "version": _VERSION,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    if closeups is not None:
        lists = {name: _short(column) for name, column in closeups.lists.items()}
        found["closeups"] = {"operators": closeups.operators.tolist(), **lists}
    return found


def without_directory(report: Report) -> Report:
    """The errors with the reference's file name only: where it lies is nobody's business who gets the file."""
    reference = report.summary.get("reference")
    if reference is None:
        return report
    reference = {**reference, "name": os.path.basename(reference["name"])}
    return replace(report, summary={**report.summary, "reference": reference})


def _short(column: Ragged) -> list[list[float | None]]:
    """Lists of numbers with the seven digits that float32 has, None for what is not finite."""
    values = [float(text) for text in np.char.mod("%.7g", column.values).tolist()]
    edges = itertools.pairwise(column.offsets.tolist())
    return [[value if math.isfinite(value) else None for value in values[begin:end]] for begin, end in edges]


def loads(data: bytes, name: str, operators: int | None = None) -> ErrorFile:
    """Reads errors from the bytes of a file, which may come from anybody.

    Args:
        data: the bytes.
        name: of the file, for what is raised.
        operators: how many the model has; None where that is not known yet.

    Raises:
        TraceError: naming the field that is wrong.
    """
    if len(data) > _MOST_BYTES:
        raise TraceError(name, f"larger than {_MOST_BYTES >> 20} MiB")
    value = parse(data, name)
    if not isinstance(value, dict) or value.get("report") != NAME:
        raise TraceError(name, f"not a report {NAME}")
    if value.get("version") != _VERSION:
        reason = f"version {value.get('version')!r} of the format; this program reads version {_VERSION}"
        raise TraceError(name, reason, "version")
    try:
        found = _read(value)
        rows = len(value["rows"])
        _need(operators in (None, rows), "rows", f"are {rows}, and the model has {operators} operators")
        return found
    except _Wrong as error:
        raise TraceError(name, error.reason, error.place) from None


class _Wrong(Exception):  # noqa: N818
    """Something in the file is not as it should be."""

    def __init__(self, place: str, reason: str) -> None:
        self.place, self.reason = place, reason


def _need(condition: bool, place: str, reason: str) -> None:
    if not condition:
        raise _Wrong(place, reason)


def _read(value: dict[str, Any]) -> ErrorFile:
    model: Any = value.get("model")
    created: Any = value.get("created", "")
    rows: Any = value.get("rows")
    _need(isinstance(model, dict) and isinstance(model.get("sha256"), str), "model.sha256", "must be a text")
    _need(isinstance(created, str), "created", "must be a text")
    _need(isinstance(rows, list) and len(rows) <= _MOST_ROWS, "rows", f"must be a list of at most {_MOST_ROWS}")
    columns = _columns(value.get("columns"), rows)
    report = Report(
        NAME, _summary(value.get("summary")), columns, _findings(value.get("findings"), len(rows)), "operators"
    )
    looks = value.get("closeups")
    return ErrorFile(model["sha256"], created, report, None if looks is None else _closeups(looks, len(rows)))


def _summary(value: Any) -> dict[str, Any]:
    _need(isinstance(value, dict), "summary", "must be an object")
    for name, kind in _SUMMARY.items():
        if name in value:
            right = isinstance(value[name], kind) and not isinstance(value[name], bool)
            _need(right, f"summary.{name}", f"must be of type {kind.__name__}")
    reference = value.get("reference", {"name": ""})
    _need(isinstance(reference.get("name"), str), "summary.reference.name", "must be a text")
    return dict(value)


def _columns(value: Any, rows: list[Any]) -> tuple[Column, ...]:
    _need(isinstance(value, list) and len(value) <= _MOST_COLUMNS, "columns", f"must be at most {_MOST_COLUMNS}")
    for place, row in enumerate(rows):
        _need(isinstance(row, list) and len(row) == len(value), f"rows[{place}]", f"must have {len(value)} cells")
    names: list[Any] = [column.get("name") if isinstance(column, dict) else None for column in value]
    for place, column in enumerate(value):
        here = f"columns[{place}]"
        _need(isinstance(names[place], str) and bool(_COLUMN.fullmatch(names[place])), f"{here}.name", "is no name")
        _need(names.index(names[place]) == place, f"{here}.name", "is there twice")
        _need(column.get("kind") in get_args(Kind), f"{here}.kind", "is none that is known")
        _need(column.get("provenance") in get_args(Provenance), f"{here}.provenance", "is none that is known")
        _need(isinstance(column.get("unit"), str) and isinstance(column.get("doc"), str), here, "lacks unit or doc")
    return tuple(_column(column, [row[place] for row in rows]) for place, column in enumerate(value))


def _column(told: dict[str, Any], cells: list[Any]) -> Column:
    name, kind = told["name"], told["kind"]
    there = np.array([cell is not None for cell in cells], bool)
    values: Array | list[Any]
    if kind == "quantity":
        wanted: type | tuple[type, ...] = (int, float)
        filled = [0 if cell is None else cell for cell in cells]
    else:
        wanted = bool if kind == "flag" else str
        filled = [wanted() if cell is None else cell for cell in cells]
    for row, cell in enumerate(filled):
        right = isinstance(cell, wanted) and (kind == "flag" or not isinstance(cell, bool))
        _need(right and (kind != "quantity" or abs(cell) < 2**1000), f"rows[{row}].{name}", f"is no {kind}")
    values = filled
    if kind == "quantity":
        is_whole = all(isinstance(cell, int) and abs(cell) < 2**53 for cell in filled)
        values = np.array(filled, np.int64 if is_whole else np.float64)
    additive = False if kind == "quantity" else None
    return Column(
        name, values, told["unit"], kind, told["provenance"], told["doc"], None if there.all() else there, additive
    )


def _findings(value: Any, rows: int) -> tuple[Finding, ...]:
    _need(isinstance(value, list) and len(value) <= _MOST_ROWS, "findings", "must be a list")
    for place, finding in enumerate(value):
        here = f"findings[{place}]"
        _need(isinstance(finding, dict) and finding.get("severity") in get_args(Severity), here, "has no severity")
        _need(all(isinstance(finding.get(name), str) for name in ("code", "message")), here, "lacks code or message")
        _need(_are_rows(finding.get("operators"), rows), f"{here}.operators", "are no operators of the model")
    return tuple(Finding(f["severity"], f["code"], f["message"], tuple(f["operators"])) for f in value)


def _are_rows(value: Any, rows: int) -> bool:
    return isinstance(value, list) and all(
        isinstance(row, int) and not isinstance(row, bool) and 0 <= row < rows for row in value
    )


def _closeups(value: Any, rows: int) -> Closeups:
    _need(isinstance(value, dict), "closeups", "must be an object")
    operators = value.get("operators")
    _need(_are_rows(operators, rows), "closeups.operators", "are no operators of the model")
    ascending = all(a < b for a, b in itertools.pairwise(operators))
    _need(ascending, "closeups.operators", "are not ascending")
    lists = {name: _list(value.get(name), len(operators), f"closeups.{name}") for name in LISTS}
    for prefix in ("", "local_"):
        for first, *others in (("reference", "value"), [name for name in LISTS if name.startswith("channel")]):
            for other in others:
                same = np.array_equal(lists[prefix + first].offsets, lists[prefix + other].offsets)
                _need(same, f"closeups.{prefix}{other}", f"is not as long as {prefix}{first}")
    return Closeups(np.array(operators, np.int64), lists)


def _list(value: Any, count: int, place: str) -> Ragged:
    _need(isinstance(value, list) and len(value) == count, place, f"must be {count} lists")
    _need(all(isinstance(row, list) for row in value), place, "must be lists")
    flat = [math.nan if number is None else number for row in value for number in row]
    numbers = all(isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 2**128 for n in flat if n == n)
    _need(numbers, place, "must be numbers")
    with np.errstate(over="ignore"):
        return Ragged(offsets_of(np.array([len(row) for row in value], np.int64)), np.array(flat, np.float32))
