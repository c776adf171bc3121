"""``tflite-viz metadata``: what the file says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..analysis.model import Model
    from ..analysis.report import Report
    from ..terminal import Terminal

_MOST_FILE_BYTES = 1 << 30


def metadata(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    file: Annotated[
        str | None, typer.Option("--file", help="Write the appended file of this name to the output, and nothing else.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the described tensors as CSV.")] = False,
) -> None:
    """Print what TFLITE_METADATA says: names, contents, normalisation, labels and appended files."""
    from ..analysis.containers import open_model
    from ..analysis.metadata import metadata as analyse
    from ..terminal import Terminal
    from ._models import print_report

    opened = open_model(model)
    if file is not None:
        _write(opened, file)
        return
    report = analyse(opened)
    if not print_report(opened, report, as_json=json, as_csv=csv):
        terminal = Terminal()
        terminal.title(opened.name)
        _print(terminal, report)


def _write(model: Model, name: str) -> None:
    import sys

    from ..analysis.containers import appended_file, appended_files
    from ..errors import UsageError

    names = [info.filename for info in appended_files(model)]
    if name not in names:
        raise UsageError(f"no file {name} is appended to the model; there are: {', '.join(names) or 'none'}")
    sys.stdout.buffer.write(appended_file(model, names.index(name), _MOST_FILE_BYTES))


def _print(terminal: Terminal, report: Report) -> None:
    summary = report.summary
    if not summary["present"]:
        terminal.line("the model has no TFLITE_METADATA")
    said = [(name.replace("_", " "), summary[name]) for name in ("name", "description", "version", "author", "license")]
    terminal.facts([(name, text) for name, text in said if text])
    if summary["tensors"]:
        terminal.heading("inputs and outputs")
        rows = [[row["role"], row["name"], row["content"] or "", *_numbers(row), " ".join(row["files"])]
                for row in summary["tensors"]]  # fmt: skip
        terminal.table(["", "name", "content", "normalisation", "range", "files"], rows)
    if summary["files"]:
        terminal.heading("files")
        rows = [
            [row["name"], "missing" if row["place"] is None else terminal.size(row["size_bytes"]), row["type"] or "",
             _labels(row)]
            for row in summary["files"]
        ]  # fmt: skip
        terminal.table(["file", "size", "kind", "labels"], rows, right=[1])
    terminal.heading("entries of the file")
    rows = [[row["name"], terminal.size(row["size_bytes"]), row["text"] or ""] for row in summary["entries"]]
    terminal.table(["entry", "size", "text"], rows, right=[1])
    for finding in report.findings:
        terminal.line(f"{finding.severity}: {finding.message} [{finding.code}]")


def _numbers(row: dict[str, Any]) -> tuple[str, str]:
    normal = f"(x - {_one(row['mean'])}) / {_one(row['std'])}" if row["std"] else ""
    return normal, f"{_one(row['min'])} to {_one(row['max'])}" if row["min"] or row["max"] else ""


def _one(values: list[float]) -> str:
    """A number for all channels, or those of the first few."""
    few = [f"{value:g}" for value in (values[:1] if len(set(values)) < 2 else values[:4])]
    return few[0] if len(few) == 1 else f"[{', '.join(few)}]"


def _labels(row: dict[str, Any]) -> str:
    if row["lines"] is None:
        return ""
    return f"{row['lines']}: {', '.join(row['first_lines'][:4])}{' …' if row['lines'] > 4 else ''}"
