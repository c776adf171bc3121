"""``tflite-viz inspect``: what is in a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..analysis.model import Model

_MOST_TYPES = 24


def inspect(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the inputs and outputs as CSV.")] = False,
) -> None:
    """Print size, entry points, operator types and precision of a model.

    A container that holds several models is listed instead.
    """
    from ..analysis.containers import open_model
    from ..analysis.overview import inspect as analyse
    from ._models import members_of, print_report

    members = members_of(model)
    if len(members) > 1:
        _list_members(model, members, as_json=json)
        return
    opened = open_model(model)
    report = analyse(opened)
    if not print_report(opened, report, as_json=json, as_csv=csv):
        _print(opened, report.summary, [(f.severity, f.message) for f in report.findings])


def _list_members(container: str, members: list[tuple[str, int]], *, as_json: bool) -> None:
    from ..jsontext import dumps
    from ..terminal import Terminal

    if as_json:
        print(dumps({"container": container, "models": [{"path": p, "size_bytes": s} for p, s in members]}))
        return
    terminal = Terminal()
    terminal.line(f"{container} holds {len(members)} models:")
    terminal.table(["model", "size"], [[path, terminal.size(size)] for path, size in members], right=[1])


def _print(model: Model, summary: dict[str, Any], findings: list[tuple[str, str]]) -> None:
    from ..terminal import Terminal

    terminal = Terminal()
    terminal.title(model.name)
    if summary["description"]:
        terminal.line(summary["description"])
    parameters = f"{summary['parameters']:,} in {terminal.size(summary['weight_bytes'])}"
    types = ", ".join(f"{name.lower()} {terminal.size(size)}" for name, size in summary["weight_types"].items())
    terminal.facts(
        [
            ("size", terminal.size(summary["size_bytes"])),
            ("operators", f"{summary['operators']:,}"),
            ("parameters", parameters + (f" ({types})" if types else "")),
            ("least runtime", summary["min_runtime_version"] or "not said"),
            ("metadata", ", ".join(entry["name"] for entry in summary["metadata"]) or "none"),
        ]
    )
    for index, graph in enumerate(summary["subgraphs"]):
        keys = [signature["key"] for signature in summary["signatures"] if signature["subgraph"] == index]
        name = graph["name"] or f"subgraph {index}"
        title = f"{name}: {graph['operators']:,} operators" + (f", signature {', '.join(keys)}" if keys else "")
        terminal.heading(title)
        rows = [
            [role, end["name"], end["dtype"].lower(), "×".join(map(str, end["shape"])) or "scalar"]
            for role, ends in (("in", graph["inputs"]), ("out", graph["outputs"]))
            for end in ends
            if end is not None
        ]
        terminal.table(["", "name", "type", "shape"], rows)
    terminal.heading("operator types")
    counts = list(summary["operator_types"].items())
    terminal.bars(counts[:_MOST_TYPES], summary["operators"])
    if len(counts) > _MOST_TYPES:
        terminal.line(f"and {len(counts) - _MOST_TYPES} more types")
    for severity, message in findings:
        terminal.line(f"{severity}: {message}")
