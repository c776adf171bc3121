"""``tflite-viz memory``: the arena that a run needs, and when it is fullest."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..analysis.model import Model
    from ..analysis.report import Report
    from ..terminal import Terminal

_MOST_STEPS = 40
_MOST_BUFFERS = 12
_WHAT_IF = {
    "in_place": "if operators wrote over their input",
    "no_in_place": "if no operator wrote over its input",
    "batch_1": "with a batch of 1",
    "without_largest": "without the largest buffer of the peak",
}


class _Planner(str, Enum):
    litert = "litert"
    micro = "micro"


def memory(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    planner: Annotated[
        _Planner, typer.Option("--planner", "-p", help="Whose rules: LiteRT's, or those of TensorFlow Lite Micro.")
    ] = _Planner.litert,
    measured: Annotated[
        bool,
        typer.Option("--measured", help="Also load the model, with and without XNNPACK, and read its addresses."),
    ] = False,
    tensors: Annotated[bool, typer.Option("--tensors", help="JSON and CSV: one row per tensor.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one row per operator.")] = False,
) -> None:
    """Print the memory that the tensors of a run need, planned as the runtime does.

    JSON and CSV have every operator, or every tensor with its place in the arena.
    """
    from ..analysis.containers import open_model
    from ..analysis.memory import report as analyse
    from ..terminal import Terminal
    from ._models import print_report, with_names

    opened = open_model(model)
    report = analyse(opened, planner.value, "tensors" if tensors else "operators")
    if measured:
        report = replace(report, summary=report.summary | {"measured": _measured(opened)})
    if print_report(opened, with_names(opened, report), as_json=json, as_csv=csv):
        return
    terminal = Terminal()
    terminal.title(opened.name)
    _print_summary(terminal, opened, report.summary)
    if measured:
        _print_measured(terminal, report.summary["measured"])
    _print_timeline(terminal, opened, analyse(opened, planner.value, "operators") if tensors else report)
    for finding in report.findings:
        terminal.line(f"{finding.severity}: {finding.message}")


def _print_summary(terminal: Terminal, model: Model, summary: dict[str, Any]) -> None:
    def size(value: int | None) -> str:
        return terminal.cell(value, "By", "")

    peak = summary["peak_operator"]
    when = "" if peak is None else f", at operator {_named(model, peak)}"
    changed = [(f"arena {_WHAT_IF[name]}", figures["arena_bytes"]) for name, figures in summary["what_if"].items()]
    terminal.facts(
        [
            ("planned by", summary["rules"]),
            ("arena", size(summary["arena_bytes"])),
            ("most alive at once", size(summary["peak_live_bytes"]) + when),
            ("lost between buffers", size(summary["fragmentation_bytes"])),
            ("without reuse", size(summary["no_reuse_bytes"])),
            ("persistent", size(summary["persistent_bytes"])),
            ("weights", size(summary["weight_bytes"])),
            *((name, size(value)) for name, value in changed),
        ]
    )
    if len(summary["arenas"]) > 1:
        terminal.heading("arenas, each with those of the subgraphs that it runs")
        rows = [
            [arena["subgraph"] or f"subgraph {number}", size(arena["arena_bytes"]), size(arena["peak_live_bytes"])]
            for number, arena in enumerate(summary["arenas"][:_MOST_STEPS])
        ]
        terminal.table(["subgraph", "arena", "peak"], rows, right=[1, 2])
        if len(summary["arenas"]) > _MOST_STEPS:
            terminal.line(f"and {len(summary['arenas']) - _MOST_STEPS} more")
    buffers = summary["peak_buffers"]
    if buffers:
        terminal.heading("alive at the peak")
        rows = [
            ["" if row["tensor"] is None else str(row["tensor"]), size(row["bytes"]), size(row["offset"]), row["name"]]
            for row in buffers[:_MOST_BUFFERS]
        ]
        terminal.table(["tensor", "size", "offset", "name"], rows, right=[0, 1, 2])
        if len(buffers) > _MOST_BUFFERS:
            terminal.line("and smaller ones")


def _measured(model: Model) -> list[dict[str, Any]]:
    from ..errors import UsageError
    from ..runtime.arena import KERNELS, measure
    from ..runtime.errors import RuntimeMissing
    from ._models import working

    try:
        with working(f"loading {model.name} with and without XNNPACK"):
            return [measure(model, kernels) for kernels in KERNELS]
    except RuntimeMissing as error:
        raise UsageError(str(error)) from None


def _print_measured(terminal: Terminal, found: list[dict[str, Any]]) -> None:
    rows = [
        ("arena", "arena_bytes"),
        ("of that temporaries", "temporary_bytes"),
        ("persistent", "persistent_bytes"),
        ("heap", "heap_bytes"),
    ]
    answers = [each for each in found if "error" not in each]
    if answers:
        terminal.heading(f"measured with {answers[0]['runtime']}")
        table = [[name, *(terminal.cell(each[key], "By", "") for each in answers)] for name, key in rows]
        for name, begin, end in (("loading", "before", "loaded"), ("allocation", "loaded", "allocated")):
            grown = [_difference(each["process"], f"{begin}_bytes", f"{end}_bytes") for each in answers]
            table.append([f"process grows in {name}", *(terminal.cell(size, "By", "") for size in grown)])
        terminal.table(["", *(each["kernels"] for each in answers)], table, right=range(1, len(answers) + 1))
    for each in found:
        if "error" in each:
            terminal.line(f"not measured with {each['kernels']}: {each['error']}")


def _difference(process: dict[str, int | None], begin: str, end: str) -> int | None:
    first, last = process.get(begin), process.get(end)
    return None if first is None or last is None else max(0, last - first)


def _print_timeline(terminal: Terminal, model: Model, report: Report) -> None:
    """A bar per operator of the first subgraph; neighbours share one where there are many, the fullest of them."""
    if not len(model.subgraphs):
        return
    stop = int(model.subgraphs.operator_offsets[1])
    width = max(1, -(-stop // _MOST_STEPS))
    live = [value or 0 for value in report.columns[0].cells()[:stop]]
    terminal.heading("live bytes" + (f", the most of every {width} operators" if width > 1 else ""))
    fullest = [max(range(at, min(at + width, stop)), key=live.__getitem__) for at in range(0, stop, width)]
    rows = [(_named(model, operator), live[operator]) for operator in fullest]
    terminal.bars(rows, report.summary["peak_live_bytes"], ("operator", "live"), sizes=True)


def _named(model: Model, operator: int) -> str:
    return f"{operator} {model.operators.type_names[model.operators.type[operator]]}"
