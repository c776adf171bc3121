"""Traces on disk: JSON as docs/trace.md describes it, checked field by field when read."""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, get_args

import numpy as np

from ..analysis.ragged import Array
from ..analysis.report import Finding, Severity
from .errors import TraceError
from .foreign_json import parse
from .trace import (
    FORMAT,
    KINDS,
    MEMORY,
    MISSING,
    STARTUP,
    STATISTICS,
    UNITS,
    VERSION,
    Environment,
    Events,
    ModelRef,
    Partition,
    Timing,
    Trace,
)

_MOST_BYTES = 1 << 29
_MOST_ROWS = 1 << 20
_MOST_SAMPLES = 1 << 26
_LARGEST = 1 << 62
_PLACES = ("subgraph", "node", "partition", "parent")


def save(trace: Trace, path: str | os.PathLike[str]) -> None:
    """Writes a trace; what was there stays until the new file is complete.

    Raises:
        OSError: where it cannot be written.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
    try:
        temporary.write_text(json.dumps(to_json(trace), separators=(",", ":"), allow_nan=False), "utf-8")
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise


def load(path: str | os.PathLike[str]) -> Trace:
    """Reads a trace.

    Raises:
        TraceError: where the file is no trace of a version known here, or damaged.
    """
    name = os.fspath(path)
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise TraceError(name, error.strerror or str(error)) from None
    return loads(data, name)


def loads(data: bytes, name: str) -> Trace:
    """Reads a trace from the bytes of its file; ``name`` is for the errors.

    Raises:
        TraceError: as :func:`load`.
    """
    if len(data) > _MOST_BYTES:
        raise TraceError(name, f"larger than {_MOST_BYTES} bytes")
    value = parse(data, name)
    return from_json(value, name)


def to_json(trace: Trace) -> dict[str, Any]:
    """A trace as plain values."""
    events = trace.events
    return {
        "format": FORMAT,
        "version": VERSION,
        "created": trace.created,
        "source": dict(trace.source),
        "model": vars(trace.model).copy(),
        "environment": environment_json(trace.environment),
        "settings": dict(trace.settings),
        "startup": dict(trace.startup),
        "memory": dict(trace.memory),
        "latency": _timing_json(trace.latency),
        "profiled": _timing_json(trace.profiled),
        "partitions": [
            {**vars(p), "operators": None if p.operators is None else list(p.operators)} for p in trace.partitions
        ],
        "events": {
            "tag": list(events.tag),
            "kind": list(events.kind),
            "unit": list(events.unit),
            **{name: getattr(events, name).tolist() for name in (*_PLACES, "start")},
            "calls": _optional(events.calls),
            "samples": events.samples.tolist(),
            "given": {name: _optional(column) for name, column in events.given.items()},
            "operators": events.operators.tolist(),
            "confidence": _optional(events.confidence),
        },
        "attribution": trace.attribution,
        "findings": [{**vars(f), "operators": list(f.operators)} for f in trace.findings],
    }


def environment_json(environment: Environment) -> dict[str, Any]:
    """An environment as plain values."""
    return {**vars(environment), "delegates": list(environment.delegates), "extra": dict(environment.extra)}


def _timing_json(timing: Timing) -> dict[str, Any]:
    return {"samples": timing.samples.tolist(), "given": dict(timing.given)}


def _optional(column: Array) -> list[float | None]:
    return [None if math.isnan(value) else value for value in column.tolist()]


def from_json(value: Any, name: str = "trace") -> Trace:
    """A trace from plain values, which may come from anybody.

    Raises:
        TraceError: naming the field that is wrong.
    """
    top = _Fields(value, name, "")
    if top.values.get("format") != FORMAT:
        raise TraceError(name, f"not a trace: its format is not {FORMAT}")
    version = top.values.get("version")
    if version != VERSION:
        raise TraceError(name, f"version {version!r} of the format; this program reads version {VERSION}", "version")
    partitions = tuple(_partition(fields) for fields in top.many("partitions"))
    events = _events(top.one("events"), len(partitions))
    profiled = _timing(top.one("profiled"))
    if events.samples.shape[1] not in (0, profiled.samples.size):
        top.fail("profiled.samples", f"{profiled.samples.size} samples for {events.samples.shape[1]} of every event")
    return Trace(
        model=_model(top.one("model")),
        environment=_environment(top.one("environment")),
        events=events,
        latency=_timing(top.one("latency")),
        profiled=profiled,
        partitions=partitions,
        startup=top.one("startup").counts(STARTUP),
        memory=top.one("memory").counts(MEMORY),
        settings=top.one("settings").values,
        source=top.one("source").values,
        created=top.text("created") or "",
        attribution=top.text("attribution") or "",
        findings=tuple(_finding(fields) for fields in top.many("findings")),
    )


class _Fields:
    """The fields of one JSON object, with the place that errors name."""

    def __init__(self, value: Any, file: str, place: str) -> None:
        self.file, self.place = file, place
        if not isinstance(value, dict):
            raise TraceError(file, f"must be an object, not {type(value).__name__}", place)
        self.values: dict[str, Any] = value

    def fail(self, field: str, reason: str) -> NoReturn:
        raise TraceError(self.file, reason, f"{self.place}.{field}" if self.place else field)

    def one(self, field: str) -> _Fields:
        """An object; an empty one where there is none."""
        place = f"{self.place}.{field}" if self.place else field
        return _Fields(self.values.get(field, {}), self.file, place)

    def many(self, field: str) -> list[_Fields]:
        """A list of objects."""
        rows = self.values.get(field, [])
        if not isinstance(rows, list) or len(rows) > _MOST_ROWS:
            self.fail(field, f"must be a list of at most {_MOST_ROWS}")
        return [_Fields(row, self.file, f"{field}[{i}]") for i, row in enumerate(rows)]

    def text(self, field: str, allowed: tuple[str, ...] = ()) -> str | None:
        value = self.values.get(field)
        if value is not None and not isinstance(value, str):
            self.fail(field, "must be a text")
        if allowed and value not in allowed:
            self.fail(field, f"must be one of {', '.join(allowed)}")
        return value

    def texts(self, field: str, count: int | None = None, allowed: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = self.values.get(field, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fail(field, "must be a list of texts")
        if count is not None and len(value) != count:
            self.fail(field, f"has {len(value)} rows for {count} tags")
        wrong = set(value).difference(allowed) if allowed else ()
        if wrong:
            self.fail(field, f"{sorted(wrong)[0]!r} is none of {', '.join(allowed)}")
        return tuple(value)

    def integer(self, field: str) -> int | None:
        value = self.values.get(field)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not MISSING <= value < _LARGEST:
            self.fail(field, "must be an integer from -1 to 2^62")
        return value

    def counts(self, names: tuple[str, ...]) -> dict[str, int]:
        unknown = self.values.keys() - set(names)
        if unknown:
            self.fail(sorted(unknown)[0], f"is none of {', '.join(names)}")
        return {name: value for name in names if (value := self.integer(name)) is not None}

    def integers(self, field: str, shape: tuple[int | None, ...], most: int = _LARGEST) -> Array:
        """An int64 array of integers from -1 to below ``most``."""
        value = self.values.get(field, [])
        try:
            array = np.array(value)
        except (ValueError, OverflowError, RecursionError):
            self.fail(field, "must be integers in rows of equal length")
        if not array.size and isinstance(value, list):  # JSON does not keep the length of rows when there are none
            array = np.zeros([0 if n is None else n for n in shape], np.int64)
        if array.dtype.kind not in "i" or array.size > _MOST_SAMPLES:
            self.fail(field, f"must be integers, at most {_MOST_SAMPLES}")
        if array.ndim != len(shape) or any(n not in (None, m) for n, m in zip(shape, array.shape, strict=True)):
            wanted = " x ".join("n" if n is None else str(n) for n in shape)
            self.fail(field, f"has the shape {' x '.join(map(str, array.shape))}, not {wanted}")
        if array.size and not (array.min() >= MISSING and array.max() < most):
            self.fail(field, f"must be integers from -1 to {most - 1}")
        return array.astype(np.int64)

    def numbers(self, field: str, count: int) -> Array:
        """A float64 column; None is NaN."""
        value = self.values.get(field, [None] * count)
        if not isinstance(value, list) or len(value) != count:
            self.fail(field, f"must be a list of {count}")
        if not all(item is None or _is_number(item) for item in value):
            self.fail(field, "must be numbers that are not negative, or null")
        return np.array([np.nan if item is None else item for item in value], np.float64)

    def id_lists(self, field: str, count: int) -> list[list[int]]:
        """A list of ids for each row."""
        value = self.values.get(field, [[]] * count)
        if not isinstance(value, list) or len(value) != count or not all(isinstance(row, list) for row in value):
            self.fail(field, f"must be a list of {count} lists")
        if not all(type(item) is int and 0 <= item < 1 << 31 for row in value for item in row):
            self.fail(field, "must hold ids of operators")
        return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LARGEST


def _model(fields: _Fields) -> ModelRef:
    return ModelRef(
        fields.text("sha256"), fields.text("name"), fields.integer("size_bytes"), fields.integer("operators")
    )


def _environment(fields: _Fields) -> Environment:
    texts = {name: fields.text(name) for name in ("device", "cpu", "os", "runtime", "runtime_version", "kernels")}
    numbers = {name: fields.integer(name) for name in ("cores", "threads", "clock_ns")}
    extra = fields.one("extra")
    for name in extra.values:
        extra.text(name)
    return Environment(**texts, **numbers, delegates=fields.texts("delegates"), extra=extra.values)  # type: ignore[arg-type]


def _timing(fields: _Fields) -> Timing:
    given = fields.one("given")
    for name, value in given.values.items():
        if name not in STATISTICS or not _is_number(value):
            given.fail(name, f"must be a number under one of {', '.join(STATISTICS)}")
    samples = fields.integers("samples", (None,))
    if samples.size and samples.min() < 0:
        fields.fail("samples", "must not be negative")
    return Timing(samples, given.values)


def _partition(fields: _Fields) -> Partition:
    operators = fields.values.get("operators")
    return Partition(
        _or_missing(fields.integer("subgraph")),
        _or_missing(fields.integer("node")),
        fields.text("delegate") or "",
        None if operators is None else tuple(fields.integers("operators", (None,)).tolist()),
    )


def _or_missing(value: int | None) -> int:
    return MISSING if value is None else value


def _finding(fields: _Fields) -> Finding:
    severity = fields.text("severity", get_args(Severity))
    operators = fields.integers("operators", (None,)).tolist()
    return Finding(severity, fields.text("code") or "", fields.text("message") or "", tuple(operators))  # type: ignore[arg-type]


def _events(fields: _Fields, partitions: int) -> Events:
    tags = fields.texts("tag")
    count = len(tags)
    if count > _MOST_ROWS:
        fields.fail("tag", f"has more than {_MOST_ROWS} rows")
    columns: Mapping[str, Any] = {
        name: fields.integers(name, (count,), 1 << 31) if name in fields.values else MISSING for name in _PLACES
    }
    if np.any(columns["partition"] >= np.array(partitions)):
        fields.fail("partition", f"must be below {partitions}, the number of partitions")
    if np.any(columns["parent"] >= np.arange(count)):
        fields.fail("parent", "must be the number of an earlier row")
    given = fields.one("given")
    operators = fields.id_lists("operators", count)
    return Events.of(
        list(tags),
        list(fields.texts("kind", count, KINDS)),
        unit=list(fields.texts("unit", count, UNITS)),
        samples=fields.integers("samples", (count, None)),
        start=fields.integers("start", (count,)) if "start" in fields.values else MISSING,
        calls=fields.numbers("calls", count),
        given={name: given.numbers(name, count) for name in _known(given)},
        operators=operators,
        confidence=fields.numbers("confidence", count),
        **columns,
    )


def _known(given: _Fields) -> list[str]:
    for name in given.values:
        if name not in STATISTICS:
            given.fail(name, f"is none of {', '.join(STATISTICS)}")
    return list(given.values)
