"""``tflite-viz log``: a model into a TensorBoard log directory."""

from __future__ import annotations

from typing import Annotated

import typer


def log(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    logdir: Annotated[str, typer.Argument(help="The run's log directory, or a URL that fsspec opens.")],
    tag: Annotated[str, typer.Option(help="Name of the model within the run.")] = "model",
    step: Annotated[int, typer.Option(min=0, help="Training step that it belongs to.")] = 0,
) -> None:
    """Copy a model into a log directory, where the TensorBoard tab shows it by run, tag and step."""
    from ..analysis.source import os_errors
    from ..errors import UsageError
    from ..summary import log_model

    with os_errors(logdir):
        try:
            written = log_model(logdir, model, tag=tag, step=step)
        except ValueError as error:
            raise UsageError(str(error)) from None
    print(written)
