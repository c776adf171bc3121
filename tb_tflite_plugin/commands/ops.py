"""``tflite-viz ops``: the operators of a model as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..analysis.report import Report

_SHOWN = ("id", "op", "name", "dtype", "shape", "weight_bytes")


def ops(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    columns: Annotated[
        str | None, typer.Option("--columns", "-c", help="Columns to print, separated by commas; 'all' for all.")
    ] = None,
    where: Annotated[
        str, typer.Option("--where", "-w", help="Which operators: words, /regex/, op:CONV_2D, bytes>1MB, and, or, not.")
    ] = "",
    sort: Annotated[str | None, typer.Option("--sort", "-s", help="Column to sort by; -column for descending.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=0, help="Print at most so many.")] = None,
    flex: Annotated[
        bool,
        typer.Option("--flex", help="Print the TensorFlow operators that the Flex delegate must have, one a line."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Print the operators of a model, one row each.

    JSON and CSV have all columns unless some are asked for.
    """
    from ..analysis.containers import open_model
    from ..analysis.listing import ops as analyse
    from ..terminal import Terminal
    from ._models import print_report

    opened = open_model(model)
    if flex:
        from ..analysis.compatibility import compatibility

        for name in compatibility(opened).summary["tensorflow_operators"]:
            typer.echo("".join(character if character.isprintable() else "?" for character in name))
        return
    report = _chosen(analyse(opened), where, sort, limit)
    if columns is not None:
        report = _only(report, [] if columns == "all" else columns.split(","))
    elif not (json or csv):
        report = _only(report, list(_SHOWN))
    if print_report(opened, report, as_json=json, as_csv=csv):
        return
    terminal = Terminal()
    names = [column.name for column in report.columns]
    right = [i for i, column in enumerate(report.columns) if column.kind == "quantity" or column.name == "id"]
    units = [column.unit for column in report.columns]
    rows = [
        [terminal.cell(value, unit, column) for value, unit, column in zip(row, units, names, strict=True)]
        for row in report.rows()
    ]
    terminal.table(names, rows, right=right)
    if len(rows) < len(opened.operators):
        terminal.note(f"{len(rows):,} of {len(opened.operators):,} operators")


def _chosen(report: Report, where: str, sort: str | None, limit: int | None) -> Report:
    """The rows that match, sorted and cut; missing cells sort last either way."""
    from dataclasses import replace

    import numpy as np

    from ..analysis.report import Column
    from ..analysis.where import FilterError, select
    from ..errors import UsageError

    try:
        rows = np.flatnonzero(select(where, report.columns)).tolist()
    except FilterError as error:
        raise UsageError(f"--where, character {error.position + 1}: {error}") from None
    cells = report.cells()
    if sort is not None:
        name, descending = sort.lstrip("-"), sort.startswith("-")
        if name not in cells:
            raise UsageError(f"--sort: no column {name}; there are {', '.join(cells)}")
        there = [row for row in rows if cells[name][row] is not None]
        there.sort(key=lambda row: cells[name][row], reverse=descending)
        rows = there + [row for row in rows if cells[name][row] is None]
    rows = rows[:limit]

    def taken(column: Column) -> Column:
        return replace(column, values=[cells[column.name][row] for row in rows], valid=None)

    return replace(report, columns=tuple(taken(column) for column in report.columns))


def _only(report: Report, names: list[str]) -> Report:
    from dataclasses import replace

    from ..errors import UsageError

    by_name = {column.name: column for column in report.columns}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise UsageError(f"--columns: no column {unknown[0]}; there are {', '.join(by_name)}")
    return replace(report, columns=tuple(by_name[name] for name in names)) if names else report
