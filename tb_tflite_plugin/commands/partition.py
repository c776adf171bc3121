"""``tflite-viz partition``: which operators a delegate takes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..analysis.report import Report

_MOST_PARTITIONS = 40


def partition(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    delegate: Annotated[
        str,
        typer.Option("--delegate", "-d", help="xnnpack, gpu, ethos-u, qualcomm, intel, or the .so of an external one."),
    ],
    measured: Annotated[
        bool, typer.Option("--measured", help="Let the delegate itself take its operators, in a process of its own.")
    ] = False,
    option: Annotated[
        list[str] | None, typer.Option("--option", "-o", help="KEY=VALUE for the delegate; may be given several times.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the operators as CSV.")] = False,
) -> None:
    """Print which operators of a model a delegate takes, and what crosses the borders of its partitions.

    The delegate is asked, by loading the model with it: --measured has to be said, since this runs the model's loader.
    """
    from ..analysis.containers import open_model
    from ..analysis.errors import ModelError
    from ..errors import UsageError
    from ..runtime.errors import RuntimeFailure, RuntimeMissing
    from ..runtime.partitions import UnknownDelegate, measure
    from ._models import print_report, working

    if not measured:
        raise UsageError("partitions are measured, which loads the model in the runtime: say --measured")
    opened = open_model(model)
    try:
        with working(f"loading {model} with {delegate}"):
            report = measure(opened, delegate, _options(option or []))
    except (UnknownDelegate, RuntimeMissing) as error:
        raise UsageError(str(error)) from None
    except RuntimeFailure as error:
        raise ModelError(opened.name, str(error)) from None
    if not print_report(opened, report, as_json=json, as_csv=csv):
        _print(opened.name, report)


def _options(given: list[str]) -> dict[str, str]:
    from ..errors import UsageError

    found = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise UsageError(f"--option {text}: must be KEY=VALUE")
        found[key] = value
    return found


def _print(name: str, report: Report) -> None:
    from ..terminal import Terminal

    terminal, summary = Terminal(), report.summary
    terminal.title(f"{name}: {summary['delegate']}")
    taken, total, parts = summary["delegated"], summary["operators"], summary["partitions"]
    share = "not known" if taken is None else f"{taken:,} of {total:,} operators in {len(parts)} partitions"
    terminal.facts([("delegated", share), ("measured with", summary["runtime"] or "–")])
    cells = {column.name: column.cells() for column in report.columns}
    if parts:
        rows = []
        for row, part in enumerate(parts[:_MOST_PARTITIONS]):
            ends = [sum(len(cells[side][operator] or []) for operator in part["operators"]) for side in _SIDES]
            sizes = [cells["across_bytes"][operator] for operator in part["operators"]]
            known = terminal.size(sum(size or 0 for size in sizes))
            across = f"{known} and more" if None in sizes else known
            rows.append([str(row), str(part["subgraph"]), str(len(part["operators"])), *map(str, ends), across])
        terminal.heading("partitions")
        header = ["partition", "subgraph", "operators", "tensors in", "tensors out", "bytes across"]
        terminal.table(header, rows, right=range(6))
        if len(parts) > _MOST_PARTITIONS:
            terminal.line(f"and {len(parts) - _MOST_PARTITIONS} more")
    left = Counter(
        (op, where or "the runtime's own kernels")
        for op, where, part in zip(cells["op"], cells["delegate"], cells["partition"], strict=True)
        if part is None
    )
    if left and taken is not None:
        terminal.heading("not delegated")
        terminal.table(
            ["op", "operators", "runs on"], [[op, str(n), on] for (op, on), n in left.most_common()], right=[1]
        )
    shown = [finding for finding in report.findings if finding.code != "partition-border"]
    if shown:
        terminal.heading("findings")
    for finding in shown:
        about = f" ({len(finding.operators)} operators)" if finding.operators else ""
        terminal.line(f"{finding.severity}: {finding.message}{about}")


_SIDES = ("reads_across", "writes_across")
