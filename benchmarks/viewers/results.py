"""From raw figures to medians, verdicts and the table."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from rich.table import Table
from rows import Row, Target

UNITS = {"ms": "ms", "mb": "MB"}
UNCOMPARED = ("in_view", "empty_page_ms")  # figures of the measurement, not of the viewer


@dataclass
class Cell:
    """What one viewer did in one row.

    Attributes:
        runs: figures of each run that came to an end.
        failure: why the viewer did not get there in another.
        problem: what kept the benchmark from running it, which says nothing about the viewer.
        loads: the machine's load after each run.
    """

    runs: list[dict[str, float]] = field(default_factory=list)
    failure: str = ""
    problem: str = ""
    loads: list[float] = field(default_factory=list)

    def median(self, figure: str) -> float | None:
        """The median of the runs, None without any."""
        values = [run[figure] for run in self.runs if figure in run]
        return statistics.median(values) if values else None

    @property
    def ended(self) -> str:
        """Why there are no more runs, empty if they all came to an end."""
        return self.failure or self.problem

    def as_json(self) -> dict[str, object]:
        """Everything, with the medians."""
        names = sorted({name for run in self.runs for name in run})
        medians = {name: self.median(name) for name in names}
        ended = {"failure": self.failure or None, "problem": self.problem or None}
        return {"medians": medians, "runs": self.runs, **ended, "load": self.loads}


Cells = dict[tuple[str, str], Cell]


def judge(target: Target, row: Row, cells: Cells) -> tuple[str, str, str]:
    """What is wanted, what is, and the verdict: pass, MISS, or why there is none.

    A rival that was run and failed is beaten by any time of ours; one that was not run is not.
    """
    name, _, unit = target.figure.rpartition("_")
    limit = f"{_factor(target.most)} {target.row or target.tool}" if target.tool else f"{target.most:g} {UNITS[unit]}"
    wanted = f"{name.replace('_', ' ')} ≤ {limit}"
    ours = cells.get((row.key, "ours"), Cell())
    value = ours.median(target.figure)
    if value is None or ours.ended:
        return wanted, "", ours.ended or "not run"
    if not target.tool:
        return wanted, f"{_number(value)} {UNITS[unit]}", _verdict(value <= target.most)
    other = cells.get((target.row or row.key, target.tool), Cell())
    reference = other.median(target.figure)
    if reference is not None:
        return wanted, _factor(value / reference), _verdict(value / reference <= target.most)
    if other.failure and target.tool != "ours":
        return wanted, "it fails", "pass"
    return wanted, "", other.ended or "not compared"


def _verdict(holds: bool) -> str:
    return "pass" if holds else "MISS"


def _factor(ratio: float) -> str:
    return f"1/{1 / ratio:.3g} ×" if ratio < 0.5 else f"{ratio:.2f} ×"


def table(rows: list[Row], cells: Cells, labels: dict[str, str]) -> Table:
    """All rows: medians with the number of runs, ratios to ours, targets and verdicts."""
    made = Table(show_lines=True)
    for heading in ("", *labels.values(), "target for tflite-viz", "is", ""):
        made.add_column(heading, overflow="fold")
    for row in rows:
        ours = cells.get((row.key, "ours"), Cell())
        shown = [_cell(cells.get((row.key, tool)), ours if tool != "ours" else None) for tool in labels]
        verdicts = zip(*(judge(target, row, cells) for target in row.targets), strict=True)
        made.add_row(f"{row.key}\n{row.title}\n{row.model.label()}", *shown, *("\n".join(v) for v in verdicts))
    return made


def _cell(cell: Cell | None, ours: Cell | None) -> str:
    """Figures of one viewer, in a rival's cell with how many times ours they are."""
    if cell is None:
        return "–"
    lines = []
    for name in dict.fromkeys(name for run in cell.runs for name in run):
        value = statistics.median(run[name] for run in cell.runs)
        head, _, tail = name.rpartition("_")
        text = f"{head.replace('_', ' ')} {_number(value)} {UNITS[tail]}" if tail in UNITS else f"{value:,.0f} in view"
        base = ours.median(name) if ours is not None else None
        lines.append(f"{text} = {value / base:.3g} ×" if base and name not in UNCOMPARED else text)
    if cell.runs:
        lines.append(f"n = {len(cell.runs)}, load {min(cell.loads):.1f}–{max(cell.loads):.1f}")
    if cell.ended:
        lines.append(cell.ended)
    return "\n".join(lines)


def _number(value: float) -> str:
    return "< 50" if value == 0 else f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
