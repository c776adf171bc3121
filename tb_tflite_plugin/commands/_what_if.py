"""What delegates take, and what they would take if they accepted more, with times from profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..analysis.delegates.rules import Delegate
    from ..analysis.model import Model
    from ..analysis.report import Report
    from ..runtime.trace import Trace
    from ..terminal import Terminal

Traces = Sequence[tuple[str, "Trace"]]


def read_profiles(model: Model, paths: Sequence[str]) -> Traces:
    """Profiles of the model, in any format that ``tflite-viz trace`` reads."""
    from ..runtime.traces import load
    from ._models import foreign_files

    with foreign_files():
        return [(path, load(path, model)) for path in paths]


def foretold(model: Model, chosen: Sequence[Delegate], traces: Traces) -> list[Report]:
    """What each delegate takes; of one alone also what to fix first, as ``fixes`` of its summary."""
    from ..analysis.delegates.reports import fixes_with_times
    from ..analysis.delegates.simulation import place, report
    from ..runtime.delegate_times import all_measured

    placed = [place(model, delegate) for delegate in chosen]
    reports = [report(model, one) for one in placed]
    if len(placed) == 1:
        fixes = fixes_with_times(model, placed[0], all_measured(traces, model, chosen[0].name))
        reports = [_with(reports[0], fixes=fixes)]
    return reports


def as_if(model: Model, chosen: Sequence[Delegate], text: str, traces: Traces) -> list[Report]:
    """What each delegate would take if it accepted what ``text`` names; ``what_if`` of the summary has what changes."""
    from ..analysis.delegates.what_if import ask
    from ..runtime.delegate_times import all_measured

    wanted, reports = _wanted(model, text), []
    for delegate in chosen:
        found = ask(model, delegate, wanted, all_measured(traces, model, delegate.name))
        report = replace(found.report(), name=f"partition_{delegate.name}")
        reports.append(_with(report, what_if=found.as_json()))
    return reports


def print_more(terminal: Terminal, summary: dict[str, Any]) -> None:
    """Prints what to fix first, and what a what-if changes, where a summary has that."""
    if summary.get("fixes"):
        _print_fixes(terminal, summary["fixes"], summary["delegated"])
    if "what_if" in summary:
        _print_what_if(terminal, summary["what_if"])


def _with(report: Report, **more: Any) -> Report:
    return replace(report, summary={**report.summary, **more})


def _wanted(model: Model, text: str) -> set[int]:
    """The operators that ids and types with commas between them name."""
    from ..analysis.delegates.what_if import of_types
    from ..errors import UsageError

    found: set[int] = set()
    for part in text.split(","):
        if part.isdecimal() and int(part) < len(model.operators):
            found.add(int(part))
            continue
        try:
            found |= of_types(model, [part])
        except LookupError:
            raise UsageError(f"--what-if {part}: no operator of the model") from None
    return found


def _print_fixes(terminal: Terminal, fixes: list[dict[str, Any]], taken: int) -> None:
    terminal.heading("what each would win, if it were taken")
    is_timed = any(fix["time"] is not None for fix in fixes)
    header = ["rejected", "operators", "delegated", "partitions", *(["time at most"] if is_timed else []), "what to do"]
    rows = []
    for fix in fixes:
        time = [f"{fix['time']['moved_share']:.1%}"] if is_timed else []
        won = f"{fix['delegated'] - taken:+,}"
        rows.append([fix["title"], str(len(fix["operators"])), won, str(fix["partitions"]), *time, fix["hint"]])
    terminal.table(header, rows, right=range(1, len(header) - 1))
    if is_timed:
        terminal.line(f"estimated from {fixes[0]['time']['label']}: the share of the measured time that could move")


def _print_what_if(terminal: Terminal, answer: dict[str, Any]) -> None:
    before, after = answer["before"], answer["after"]
    terminal.heading("what if")
    terminal.line(answer["sentence"])
    rows = [
        [name, *(f"{side[key]:,}" for side in (before, after))]
        for name, key in (
            ("operators", "delegated"), ("partitions", "partitions"), ("tensors across borders", "crossing_tensors"),
        )
    ]  # fmt: skip
    rows.append(["bytes across borders", *(terminal.size(side["crossing_bytes"]) for side in (before, after))])
    terminal.table(["", "as it is", "then"], rows, right=[1, 2])
    if answer["time"] is not None:
        terminal.line(f"estimated from {answer['time']['label']}:")
        for sentence in answer["time"]["sentences"]:
            terminal.line(f"  {sentence}")
        terminal.line(f"  {answer['assumptions']}")
