"""``tflite-viz trace``: profiles of other tools, shown on a model and converted."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..analysis.report import Report

_MOST_ROWS = 30


class Target(str, Enum):
    """A format that traces are written in."""

    TRACE = "trace"
    CHROME = "chrome"
    CSV = "csv"
    NODE_DATA = "node-data"


def trace(
    file: Annotated[
        str, typer.Argument(help="A profile: benchmark_model's log, CSV or proto, a system trace, a trace, …")
    ],
    model: Annotated[str, typer.Option("--model", "-m", help="The model that it is about, or container!member.")],
    to: Annotated[
        Target | None,
        typer.Option(help="Write it as our own JSON, Chrome JSON for Perfetto, CSV, or Model Explorer's node data."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; - or nothing: standard output.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read a profile that another tool or a device has made, and print it or write it in another format."""
    from ..analysis.containers import open_model
    from ..errors import UsageError
    from ..runtime.profile_report import report as report_of
    from ..runtime.traces import load
    from ._models import foreign_files, print_report

    if output is not None and to is None:
        raise UsageError("--output needs --to: trace, chrome, csv or node-data")
    opened = open_model(model)
    with foreign_files():
        loaded = load(file, opened)
    if to is not None:
        from ..runtime.trace_file import to_json
        from ..runtime.traces import export, timeline

        text = {
            Target.TRACE: lambda: _dumps(to_json(loaded)),
            Target.CHROME: lambda: _dumps(timeline.chrome(loaded, opened)),
            Target.CSV: lambda: export.csv_text(loaded, opened),
            Target.NODE_DATA: lambda: _dumps(export.node_data(loaded, opened)),
        }[to]()
        _write(text, output)
        return
    report = report_of(loaded, opened)
    if not print_report(opened, report, as_json=json, as_csv=False):
        _print(file, report)


def _dumps(value: object) -> str:
    from ..jsontext import dumps

    return dumps(value) + "\n"


def _write(text: str, output: Path | None) -> None:
    import sys

    from ..analysis.source import os_errors

    if output is None or str(output) == "-":
        sys.stdout.write(text)
        return
    with os_errors(str(output)):
        output.write_text(text, "utf-8")


def _print(file: str, report: Report) -> None:
    from ..terminal import Terminal

    terminal, summary = Terminal(), report.summary
    terminal.title(f"{file}: {summary['source'].get('format') or 'trace'}")
    figures = (
        ("load", summary["load_us"]),
        ("first inference", summary["first_inference_us"]),
        ("inference", summary["inference_us"].get("median") or summary["total_us"]),
        ("on operators", summary["attributed_us"]),
        ("on none of them", summary["unattributed_us"]),
    )
    facts = [(label, _us(value)) for label, value in figures if value is not None]
    terminal.facts([*facts, *(("cycles", f"{tag}: {count:,.0f}") for tag, count in summary["cycles"].items())])
    cells = report.cells()
    order = [row for row, us in enumerate(cells["self_us"]) if us is not None]
    order.sort(key=lambda row: -cells["self_us"][row])
    if order:
        terminal.heading("operators by their own time")
        rows = [
            [
                str(cells["id"][row]),
                cells["op"][row],
                _us(cells["self_us"][row]),
                "" if cells["share"][row] is None else f"{cells['share'][row]:.1f}%",
                cells["kernel"][row] or "",
                cells["name"][row],
            ]
            for row in order[:_MOST_ROWS]
        ]
        terminal.table(["id", "op", "self", "share", "kernel", "name"], rows, right=[0, 2, 3])
    if len(order) > _MOST_ROWS:
        terminal.line(f"and {len(order) - _MOST_ROWS} more")
    if report.findings:
        terminal.heading("findings")
    for finding in report.findings:
        terminal.line(f"{finding.severity}: {finding.message}")


def _us(value: float) -> str:
    return f"{value:,.1f} µs" if value < 10_000 else f"{value / 1000:,.2f} ms"
