"""``tflite-viz weights``: what the weights are like and how far they could be packed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..analysis.report import Report
    from ..terminal import Terminal

_MOST_ROWS = 24


def weights(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one row per tensor.")] = False,
) -> None:
    """Print the distribution of the weights, copies, clusters, and sizes if they were packed.

    JSON and CSV have every tensor.
    """
    from ..analysis.containers import open_model
    from ..analysis.weights import summary_rows
    from ..analysis.weights import weights as analyse
    from ..terminal import Terminal
    from ._models import print_report, with_names, working

    opened = open_model(model)
    with working("reading weights"):
        report = analyse(opened)
    if not print_report(opened, with_names(opened, report), as_json=json, as_csv=csv):
        terminal = Terminal()
        terminal.title(opened.name)
        _print(terminal, report, summary_rows(opened, report))


def _print(terminal: Terminal, report: Report, weights: list[dict[str, Any]]) -> None:
    summary = report.summary
    terminal.facts(
        [
            ("weights", f"{terminal.count(summary['elements'])} in {summary['tensors']} tensors"),
            ("in the file", terminal.size(summary["stored_bytes"])),
            ("if dense", terminal.size(summary["dense_bytes"])),
            ("if deflated", f"{terminal.size(summary['deflated_bytes'])} (estimated)"),
            ("copies", terminal.size(summary["copied_bytes"])),
        ]
    )
    terminal.heading("the largest")
    header = ["tensor", "bytes", "zeros", "low", "high", "deviation", "kurtosis", "unique", "per channel", "deflated"]
    rows = [
        [
            row["name"], terminal.size(row["stored_bytes"]), f"{row['zero_share']:.1%}",
            *(_number(row[name]) for name in ("low", "high", "deviation", "kurtosis", "unique", "channel_unique")),
            terminal.size(row["deflated_bytes"]),
        ]
        for row in weights[:_MOST_ROWS]
    ]  # fmt: skip
    terminal.table(header, rows, right=range(1, len(header)))
    if len(weights) > _MOST_ROWS:
        terminal.line(f"and {len(weights) - _MOST_ROWS} more")
    for finding in report.findings:
        terminal.line(f"{finding.severity}: {finding.message} [{finding.code}]")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
