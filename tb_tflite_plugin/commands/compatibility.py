"""``tflite-viz compatibility``: which runtimes run a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..analysis.report import Report
    from ..terminal import Terminal


def compatibility(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    resolver: Annotated[
        bool, typer.Option("--resolver", help="Print C++ that registers its operators with TensorFlow Lite Micro.")
    ] = False,
    flex: Annotated[
        bool,
        typer.Option("--operators", help="Print its operators, one per line, as builds of a smaller runtime want."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one row per operator.")] = False,
) -> None:
    """Print the runtime that a model needs: versions, operators of TensorFlow, Micro, variables, open shapes.

    JSON and CSV have every operator.
    """
    from ..analysis.compatibility import compatibility as analyse
    from ..analysis.compatibility import resolver_source
    from ..analysis.containers import open_model
    from ..terminal import Terminal
    from ._models import print_report, with_names

    opened = open_model(model)
    if resolver:
        typer.echo(resolver_source(opened), nl=False)
        return
    report = analyse(opened)
    if flex:
        for kind in ("builtins", "tensorflow_operators", "custom_operators"):
            for name in report.summary[kind]:
                typer.echo(f"{kind.removesuffix('s').removesuffix('_operator')} {_plain(name)}")
        return
    if not print_report(opened, with_names(opened, report), as_json=json, as_csv=csv):
        terminal = Terminal()
        terminal.title(opened.name)
        _print(terminal, report)


def _split(terminal: Terminal, flash: dict[str, int]) -> str:
    parts = sorted(flash.items(), key=lambda part: -part[1])
    return ", ".join(f"{name.replace('_', ' ')} {terminal.size(size)}" for name, size in parts if size)


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)


def _print(terminal: Terminal, report: Report) -> None:
    summary = report.summary
    terminal.facts(
        [
            ("least runtime", f"TensorFlow Lite {summary['least_runtime'] or 'not known'}"),
            ("as the file says", summary["declared_runtime"] or "nothing"),
            ("operators of TensorFlow", ", ".join(summary["tensorflow_operators"]) or "none"),
            ("custom operators", ", ".join(summary["custom_operators"]) or "none"),
            ("TensorFlow Lite Micro", f"takes {summary['micro_operators']} of {summary['operators']} operators"),
            ("bytes in flash", _split(terminal, summary["flash"])),
            ("control flow", f"{summary['control_flow']} operators run subgraphs"),
        ]
    )
    if summary["variables"]:
        terminal.heading("variables")
        rows = [
            [entry["name"], " ".join(map(str, entry["read_by"])), " ".join(map(str, entry["written_by"]))]
            for entry in summary["variables"]
        ]
        terminal.table(["variable", "read by operators", "written by"], rows)
    writing = [s["key"] for s in summary["signatures"] if s["writes_variables"]]
    if writing:
        terminal.line(f"signatures that write variables: {', '.join(writing)}")
    for finding in report.findings:
        terminal.line(f"{finding.severity}: {finding.message} [{finding.code}]")
