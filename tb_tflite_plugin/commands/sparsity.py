"""``tflite-viz sparsity``: zeros in weights, how they are stored and what they are good for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..analysis.report import Report
    from ..terminal import Terminal

_MOST_ROWS = 24


def sparsity(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    operators: Annotated[bool, typer.Option("--operators", help="JSON and CSV of the operators instead.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one row per tensor.")] = False,
) -> None:
    """Print the zeros of the weights: where they lie, how they are stored, which kernels make use of them.

    JSON and CSV have every tensor, or with --operators every operator.
    """
    from ..analysis.containers import open_model
    from ..analysis.sparsity import sparsity as analyse
    from ..analysis.sparsity import sparsity_tensors
    from ..terminal import Terminal
    from ._models import print_report, with_names, working

    opened = open_model(model)
    with working("reading weights"):
        report, tensors = analyse(opened), sparsity_tensors(opened)
    asked = with_names(opened, report if operators else tensors)
    if not print_report(opened, asked, as_json=json, as_csv=csv):
        terminal = Terminal()
        terminal.title(opened.name)
        _print(terminal, report, with_names(opened, tensors))


def _print(terminal: Terminal, report: Report, tensors: Report) -> None:
    summary = report.summary
    share = "–" if summary["zero_share"] is None else f"{summary['zero_share']:.1%}"
    stored = summary["value_bytes"] + summary["index_bytes"]
    terminal.facts(
        [
            ("zeros", f"{share} of {terminal.count(summary['elements'])} weights"),
            ("channels of nothing but zero", str(summary["zero_channels"])),
            ("stored sparse", f"{summary['sparse_tensors']} tensors"),
            ("their bytes", f"{terminal.size(stored)}, of {terminal.size(summary['dense_bytes'])} if dense"),
        ]
    )
    cells: dict[str, list[Any]] = tensors.cells()
    known = [row for row, zeros in enumerate(cells["zero_share"]) if zeros]
    known.sort(key=lambda row: (-cells["zero_share"][row] * cells["dense_bytes"][row], row))
    if known:
        terminal.heading("tensors with zeros")
        header = ["tensor", "zeros", "stored", "pattern", "values", "indices", "dense"]
        rows = [
            [
                cells["name"][row], f"{cells['zero_share'][row]:.1%}", cells["encoding"][row],
                cells["pattern"][row] or "",
                *(terminal.size(cells[name][row]) for name in ("value_bytes", "index_bytes", "dense_bytes")),
            ]
            for row in known[:_MOST_ROWS]
        ]  # fmt: skip
        terminal.table(header, rows, right=[1, 4, 5, 6])
        if len(known) > _MOST_ROWS:
            terminal.line(f"and {len(known) - _MOST_ROWS} more")
    for finding in report.findings:
        terminal.line(f"{finding.severity}: {finding.message} [{finding.code}]")
