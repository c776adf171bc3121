"""``tflite-viz report``: a model as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..analysis.model import Model
    from ..runtime.error_file import ErrorFile
    from ..runtime.trace import Trace


def report(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The HTML file to write.")],
    profile: Annotated[
        list[str] | None,
        typer.Option(help="A profile of the model to put in: a trace, or what another tool measured."),
    ] = None,
    errors: Annotated[
        list[str] | None,
        typer.Option(help="Errors of its layers to put in: what `quantization --against … -o` has written."),
    ] = None,
) -> None:
    """Write the viewer with a model in it as one HTML file.

    The file needs no server and no network: mail it, attach it to a release, open it from disk.
    """
    from ..analysis.containers import open_model
    from ..analysis.source import os_errors
    from ..static_report import static_report
    from ..terminal import Terminal
    from ._models import working

    opened = open_model(model)
    traces = [(Path(path).name, _trace(path, opened)) for path in profile or []]
    found = [(Path(path).name, _errors(path, opened)) for path in errors or []]
    with working(f"writing {output}"):
        html = static_report(opened, traces, found)
    with os_errors(str(output)):
        output.write_text(html, "utf-8")
    terminal = Terminal()
    terminal.note(f"{output}: {terminal.size(len(html.encode()))}")


def _trace(path: str, model: Model) -> Trace:
    from ..runtime.traces import load
    from ._models import foreign_files

    with foreign_files():
        return load(path, model)


def _errors(path: str, model: Model) -> ErrorFile:
    from ..analysis.errors import ModelError
    from ..analysis.source import os_errors
    from ..runtime.error_file import loads
    from ._models import foreign_files

    with os_errors(path):
        data = Path(path).read_bytes()
    with foreign_files():
        found = loads(data, path, len(model.operators))
    if found.model != model.sha256:
        raise ModelError(path, f"these are errors of another model, with SHA-256 {found.model[:64]}")
    return found
