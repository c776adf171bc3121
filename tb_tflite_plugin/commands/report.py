"""``tflite-viz report``: a model as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The HTML file to write.")],
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
    with working(f"writing {output}"):
        html = static_report(opened)
    with os_errors(str(output)):
        output.write_text(html, "utf-8")
    terminal = Terminal()
    terminal.note(f"{output}: {terminal.size(len(html.encode()))}")
