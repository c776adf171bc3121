"""``tflite-viz compute``: multiply-accumulates, parameters and bytes moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..analysis.report import Report
    from ..terminal import Terminal

_MOST_ROWS = 24


def compute(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one row per operator.")] = False,
) -> None:
    """Print multiply-accumulates, parameters and bytes moved, by operator type and subgraph.

    JSON and CSV have every operator.
    """
    from ..analysis.compute import compute as analyse
    from ..analysis.containers import open_model
    from ..terminal import Terminal
    from ._models import print_report, with_names

    opened = open_model(model)
    report = analyse(opened)
    if not print_report(opened, with_names(opened, report), as_json=json, as_csv=csv):
        terminal = Terminal()
        terminal.title(opened.name)
        _print(terminal, report)


def _print(terminal: Terminal, report: Report) -> None:
    summary = report.summary
    terminal.facts(
        [
            ("multiply-accumulates", terminal.count(summary["macs"])),
            ("not known", f"{summary['unknown_operators']} of {summary['operators']} operators"),
            ("parameters", f"{terminal.count(summary['parameters'])} in {terminal.size(summary['weight_bytes'])}"),
        ]
    )
    if len(summary["subgraphs"]) > 1:
        terminal.heading("subgraphs")
        rows = [
            [graph["name"] or f"subgraph {number}", _macs(terminal, graph), ", ".join(graph["signatures"]),
             " ".join(map(str, graph["run_by"]))]
            for number, graph in enumerate(summary["subgraphs"])
        ]  # fmt: skip
        _table(terminal, ["subgraph", "MACs", "signatures", "run by operators"], rows, right=[1])
    terminal.heading("operator types")
    total = max(summary["macs"], 1)
    rows = [
        [row["op"], str(row["operators"]), _macs(terminal, row), f"{row['macs'] / total:.1%}",
         terminal.count(row["parameters"]),
         *(terminal.size(row[name]) for name in ("weight_bytes", "input_bytes", "output_bytes"))]
        for row in summary["by_type"]
    ]  # fmt: skip
    header = ["type", "count", "MACs", "share", "params", "weights", "inputs", "outputs"]
    _table(terminal, header, rows, right=range(1, len(header)))
    for finding in report.findings:
        terminal.line(f"{finding.severity}: {finding.message}")


def _macs(terminal: Terminal, row: dict[str, Any]) -> str:
    """The sum, or a dash where not one operator is known."""
    if row["operators"] and row["unknown_operators"] == row["operators"]:
        return terminal.cell(None, "1", "macs")
    return terminal.count(row["macs"])


def _table(terminal: Terminal, header: list[str], rows: list[list[str]], right: Any) -> None:
    terminal.table(header, rows[:_MOST_ROWS], right=list(right))
    if len(rows) > _MOST_ROWS:
        terminal.line(f"and {len(rows) - _MOST_ROWS} more")
