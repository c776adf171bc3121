"""The tables that TensorFlow Lite's tools print: benchmark_model's log, its CSV, and LiteRT's profile summary.

One grammar in three spellings: a title between equals signs, a header, rows, a blank line. Columns are found by the
header, since builds differ (``StatsCalculator`` of TensorFlow dropped ``[start]`` in 2023, LiteRT's summary kept it).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ...analysis import schema
from ..errors import TraceError
from .capture import MOST_US, Capture, Row, RowKind, Times

# "INFO: " of the tool's own logging, and the two usual prefixes of logcat.
_LOG_PREFIX = re.compile(
    r"^(?:INFO: |WARNING: |[VDIWEF][ /]?tflite\s*(?:\(\s*\d+\))?: |\S+ \S+\s+\d+\s+\d+ [VDIWEF] tflite\s*: )"
)
_TITLE = re.compile(r"^={10,}\s*(.+?)\s*={10,}\s*$")
_GRAPH = re.compile(r"^(?:Primary graph|Subgraph) \((?:index: (\d{1,9}), )?name: (.*)\) profile:\s*$")
_STAT_LINE = re.compile(r"^(?:Timings \(microseconds\): )?(count=\d+ .*)$")
_STAT = re.compile(r"(\w+)=(\S+?)(\(all same\))?(?=\s|$)")
_OBSERVED = re.compile(r"^(?:Subgraph .*\) )?(\d+) nodes observed\s*$")
_INFERENCE = re.compile(
    r"^Inference timings in us: Init: (\S+), First inference: (\S+), Warmup \(avg\): (\S+), Inference \(avg\): (\S+)$"
)
_PARAMETER = re.compile(r"^([A-Z#][\w #&(),./-]{2,60}): \[(.*)\]$")
_FACTS = {
    "memory footprint": re.compile(r"^(?:Peak memory footprint|Memory footprint delta[^:]*): ?(init=.*)$"),
    "model size (MB)": re.compile(r"^The input model file size \(MB\): (\S+)$"),
    "delegate": re.compile(
        r"^(?:Explicitly applied|INFO: Created|Created TensorFlow Lite) (.*?)(?: delegate.*| for CPU.*)$"
    ),
}
_OPERATOR_NAME = re.compile(r"^\[(.*)\]:(-?\d{1,9})$")
_DELEGATE_NAME = re.compile(r"^Delegate/(.*):(-?\d{1,9})$")
_RUNTIME_NAME = re.compile(r"^(.*)/(-?\d+)$")
_MOST_ROWS = 500_000
_LONGEST_LINE = 1 << 16

_INITIAL, _REGULAR = "Profiling Info for Benchmark Initialization:", "Operator-wise Profiling Info for Regular"
_RUN_ORDER = "Run Order"
# The delegate whose rows count cycles; its steps carry names of its own kernels (hexagon_delegate_kernel.cc, LiteRT).
_COUNTS_CYCLES = "TfLiteHexagonDelegate"


def match(head: bytes) -> bool:
    """Whether a file may be one of these tables; ``head`` is its beginning."""
    marks = (b" Run Order ===", b"node type, ", b"Inference timings in us: ", _REGULAR.encode(), _INITIAL.encode())
    return any(mark in head for mark in marks)


def read(data: bytes, name: str) -> Capture:
    """Reads a log or CSV.

    Raises:
        TraceError: with the line, when a table is malformed or there is none.
    """
    reader = _Reader(name)
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if len(line) <= _LONGEST_LINE:
            reader.line(number, _LOG_PREFIX.sub("", line, count=1))
    return reader.finish()


Columns = Callable[[str], dict[str, str] | None]
_NEEDED = {"first", "avg ms", "times called"}


def _names(header: str) -> list[str]:
    """The columns that a header names; empty for a header that cannot be right."""
    csv = header.lstrip().startswith("node type, ")
    found = header.strip().split(",") if csv else re.findall(r"\[([^\]]+)\]", header)
    names = [name.strip().lower().replace("avg_ms", "avg ms") for name in found]
    right = names[:1] == ["node type"] and names[-1:] == ["name"] and len(set(names)) == len(names)
    return names if right and set(names) >= _NEEDED else []


def _csv_columns(names: list[str]) -> Columns:
    """Splits a CSV row: the name, which comes last, has its commas replaced; the type, which comes first, has not."""

    def split(line: str) -> dict[str, str] | None:
        cells = line.rsplit(", ", len(names) - 1)
        return dict(zip(names, cells, strict=True)) if len(cells) == len(names) else None

    return split


def _text_columns(names: list[str]) -> Columns:
    """Splits a row of a text table: type and name may hold blanks, what is between are numbers."""
    number = r"\s+(-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|nan|inf)%?)"
    middle = number * (len(names) - 2)
    row = re.compile(rf"^\s*(\S.*?|){middle}(?:\s+(.*?))?\s*$")

    def split(line: str) -> dict[str, str] | None:
        found = row.match(line)
        return dict(zip(names, (cell or "" for cell in found.groups()), strict=True)) if found else None

    return split


@dataclass
class _Block:
    """One "Run Order" table."""

    initial: bool
    delegate: bool
    subgraph: int
    summary: bool
    start: int
    rows: list[Row] = field(default_factory=list)
    observed: int | None = None
    times: Times | None = None


class _Reader:
    """Takes one line after the other."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._columns: Columns | None = None
        self._title = ""
        self._initial, self._delegate, self._subgraph = False, False, 0
        self._blocks: list[_Block] = []
        self._runs: list[Times] = []
        self._phases: list[float | None] = []
        self._environment: dict[str, str] = {}
        self._csv = False

    def line(self, number: int, line: str) -> None:
        if self._columns is not None:
            if line.strip():
                self._row(number, line)
            else:
                self._columns, self._title = None, ""
        elif found := _TITLE.match(line):
            self._title = found[1]
        elif self._title and line.strip():
            self._header(number, line)
        elif not self._place(line):
            self._fact(number, line.strip())

    def _header(self, number: int, line: str) -> None:
        if self._title != _RUN_ORDER:  # the other tables repeat the rows of this one
            self._title = ""
            return
        names = _names(line)
        if not names:
            raise TraceError(self._name, "a table without the header [node type] … [Name]", f"line {number}")
        csv = line.lstrip().startswith("node type, ")
        summary = not csv and not line.startswith("\t") and "start" in names
        self._blocks.append(_Block(self._initial, self._delegate, self._subgraph, summary, number))
        self._csv = self._csv or csv
        self._columns = _csv_columns(names) if csv else _text_columns(names)

    def _row(self, number: int, line: str) -> None:
        assert self._columns is not None
        cells = self._columns(line)
        block = self._blocks[-1]
        if cells is None or len(block.rows) >= _MOST_ROWS:
            raise TraceError(self._name, "not a row of the table above it (cut off?)", f"line {number}")
        first, mean, calls = (_number(cells[column]) for column in ("first", "avg ms", "times called"))
        if first is None or mean is None or calls is None or max(first, mean) * 1000 > MOST_US:
            raise TraceError(self._name, "times that are no numbers (cut off?)", f"line {number}")
        tag, row_name = cells["node type"].strip(), cells["name"].strip()
        measured = Times(round(mean * 1000, 6), first=round(first * 1000, 6))
        place = f"line {number}"
        if block.summary:
            block.rows.append(_summary_row(tag, row_name, measured, calls, place))
        else:
            subgraph = None if block.delegate else block.subgraph
            block.rows.append(row_of(tag, row_name.replace("\t", ","), measured, calls, subgraph, place))

    def _place(self, line: str) -> bool:
        """Whether the line says what the next table is about."""
        stripped = line.strip()
        if stripped == _INITIAL or stripped.startswith(_REGULAR):
            self._initial, self._delegate, self._subgraph = stripped == _INITIAL, False, 0
        elif found := _GRAPH.match(stripped):
            self._delegate, self._subgraph = False, int(found[1] or 0)
        elif stripped == "Delegate internal:":
            self._delegate = True
        else:
            return False
        self._title = ""
        return True

    def _fact(self, number: int, line: str) -> None:
        if found := _INFERENCE.match(line):
            self._phases = [_number(value) for value in found.groups()]
            if None in self._phases:
                raise TraceError(self._name, "times that are no numbers", f"line {number}")
        elif found := _OBSERVED.match(line):
            if self._blocks and self._blocks[-1].observed is None:
                self._blocks[-1].observed = int(found[1])
        elif found := _STAT_LINE.match(line):
            times = _stat(found[1])
            if line.startswith("Timings"):
                if self._blocks and self._blocks[-1].times is None:
                    self._blocks[-1].times = times
            elif times is not None:
                self._runs.append(times)
        elif found := _PARAMETER.match(line):
            self._environment[found[1]] = found[2]
        else:
            for fact, pattern in _FACTS.items():
                if found := pattern.match(line):
                    self._environment.setdefault(fact, found[1])

    def finish(self) -> Capture:
        """What was read, when it holds anything."""
        if not any(block.rows for block in self._blocks) and not self._phases:
            raise TraceError(self._name, "has neither a table of operators nor inference timings (cut off?)")
        summary = any(block.summary for block in self._blocks)
        format_name = "litert-summary" if summary else "benchmark-csv" if self._csv else "benchmark-log"
        rows = with_cycles([row for block in self._blocks if not block.initial for row in block.rows])
        load, first, warmup, mean = self._phases or (None, None, None, None)
        return Capture(
            format_name,
            tuple(_calls_per_run(rows) if summary else rows),
            tuple(row for block in self._blocks if block.initial for row in block.rows),
            None if mean is None else replace(self._runs[-1] if self._runs else Times(mean), mean=mean),
            load,
            first,
            warmup,
            self._environment,
            warnings=tuple(self._warnings(summary)),
        )

    def _warnings(self, summary: bool) -> list[str]:
        found = []
        for block in self._blocks:
            if block.observed is not None and block.observed != len(block.rows) and not summary:
                counts = f"{len(block.rows)} rows where the tool observed {block.observed} nodes"
                found.append(f"the table at line {block.start} has {counts}")
            elif block.observed is None and not block.delegate:
                found.append(f"the table at line {block.start} has no last line: the file may be cut off")
        if summary:
            found.append("the summary does not say how often the model ran; the fewest calls of a row are taken for it")
        if not any(block.rows for block in self._blocks if not block.initial):
            found.append("there is no table of operators: run the tool with --enable_op_profiling=true")
        return found


def row_of(tag: str, name: str, times: Times, calls: float, subgraph: int | None, place: str) -> Row:
    """A row by the name that ``ProfileSummarizer`` gives it: ``[outputs]:node``, ``Delegate/step:k`` or ``tag/n``."""
    if found := _OPERATOR_NAME.match(name):
        return Row("operator", tag, int(found[2]), subgraph, times, calls, outputs=found[1], place=place)
    if found := _DELEGATE_NAME.match(name):
        return Row("delegate", found[1], int(found[2]), subgraph, times, calls, place=place)
    found = _RUNTIME_NAME.match(name)
    return Row("runtime", tag or (found[1] if found else name), None, subgraph, times, calls, place=place)


def _summary_row(tag: str, name: str, times: Times, calls: float, place: str) -> Row:
    """A row of LiteRT's summary, which names neither subgraphs nor tensors: ``[Builtin]:node``, ``[Delegate]:k``."""
    found = _OPERATOR_NAME.match(name)
    if found is None:
        return Row("runtime", tag, None, None, times, calls, place=place)
    kind: RowKind = "delegate" if found[1] == "Delegate" else "operator"
    return Row(kind, tag.removeprefix("Delegate/"), int(found[2]), None, times, calls, place=place)


def with_cycles(rows: list[Row]) -> list[Row]:
    """Rows of a delegate that counts cycles get that unit: they stand among operators under names of kernels."""
    if not any(row.tag.startswith(_COUNTS_CYCLES) for row in rows):
        return rows
    builtin = schema.enum_values("BuiltinOperator")

    def counted(row: Row) -> Row:
        own = row.tag.split("/")[0]
        foreign = row.kind == "operator" and own not in builtin and not own.startswith("TfLite")
        return replace(row, kind="delegate", unit="cycles") if foreign else row

    return [counted(row) for row in rows]


def _calls_per_run(rows: list[Row]) -> list[Row]:
    runs = min((row.calls for row in rows if row.calls), default=1.0)
    return [
        replace(row, calls=(row.calls or 0) / runs, times=replace(row.times, count=int(row.calls or 0))) for row in rows
    ]


def _stat(text: str) -> Times | None:
    """``count=5 first=1 curr=2 min=…``, or ``count=1 curr=7``; None when nothing was counted."""
    values = {key: _number(value) for key, value, _ in _STAT.findall(text)}
    mean = values.get("avg", values.get("curr"))
    if mean is None:
        return None
    alone = None if "avg" in values else mean
    return Times(
        mean,
        int(values.get("count") or 0),
        values.get("first", alone),
        values.get("min", alone),
        values.get("max", alone),
        values.get("std"),
        values.get("median", alone),
        values.get("p5"),
        values.get("p95"),
    )


def _number(text: str) -> float | None:
    try:
        value = float(text.rstrip("%"))
    except ValueError:
        return None
    return value if 0 <= value < MOST_US else None
