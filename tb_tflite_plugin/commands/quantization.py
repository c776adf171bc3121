"""``tflite-viz quantization``: in which numbers a model computes, and whether that is sane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..analysis.report import Report
    from ..terminal import Terminal

_MOST_ROWS = 16


def quantization(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    tensors: Annotated[bool, typer.Option("--tensors", help="JSON and CSV of the tensors instead.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one row per operator.")] = False,
) -> None:
    """Print in which numbers a model computes, its weakest weights, and what is wrong with its parameters.

    JSON and CSV have every operator, or with --tensors every tensor.
    """
    from ..analysis.containers import open_model
    from ..analysis.quantization import quantization as analyse
    from ..analysis.quantization import quantization_tensors
    from ..terminal import Terminal
    from ._models import print_report, with_names

    opened = open_model(model)
    over_tensors = quantization_tensors(opened)
    report = analyse(opened)
    asked = over_tensors if tensors else report
    if not print_report(opened, with_names(opened, asked), as_json=json, as_csv=csv):
        terminal = Terminal()
        terminal.title(opened.name)
        _print(terminal, report, with_names(opened, over_tensors))


def _print(terminal: Terminal, report: Report, tensors: Report) -> None:
    summary = report.summary
    total = max(summary["operators"], 1)
    macs = max(sum(work["macs"] for work in summary["work"].values()), 1)
    terminal.heading("operators by mode")
    rows = [
        [mode, str(count), f"{count / total:.1%}", f"{summary['work'][mode]['macs'] / macs:.1%}",
         terminal.size(summary["work"][mode]["constant_bytes"])]
        for mode, count in summary["modes"].items()
    ]  # fmt: skip
    terminal.table(["mode", "count", "share", "of MACs", "parameters"], rows, right=[1, 2, 3, 4])
    weak = _weakest(tensors)
    if weak:
        terminal.heading("weights, the weakest channels first")
        header = ["weights", "scheme", "weakest", "median", "range used", "outliers"]
        terminal.table(header, weak[:_MOST_ROWS], right=[2, 3, 4, 5])
        if len(weak) > _MOST_ROWS:
            terminal.line(f"and {len(weak) - _MOST_ROWS} more")
    if report.findings:
        terminal.heading("findings")
    for finding in report.findings:
        terminal.line(f"{finding.severity}: {finding.message} [{finding.code}]")


def _weakest(tensors: Report) -> list[list[str]]:
    cells: dict[str, list[Any]] = {column.name: column.cells() for column in tensors.columns}
    known = [row for row, bits in enumerate(cells["weakest_bits"]) if bits is not None]
    known.sort(key=lambda row: (cells["weakest_bits"][row], row))
    return [
        [
            cells["name"][row], cells["scheme"][row], f"{cells['weakest_bits'][row]:.1f} bits",
            f"{cells['median_bits'][row]:.1f} bits", f"{cells['range_use'][row]:.0%}",
            "" if cells["outlier_channels"][row] is None else f"{cells['outlier_channels'][row]:.0f}",
        ]
        for row in known
    ]  # fmt: skip
