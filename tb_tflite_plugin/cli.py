"""``tflite-viz``: the command line. Errors of the user's are one line on stderr; exit code 1 is the model's fault, 2 usage."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from .commands import doctor, inspect, log, ops, report, serve


class _DefaultGroup(TyperGroup):
    """Runs ``serve`` when the first word is no command: ``tflite-viz model.tflite`` opens it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        names_command = bool(args) and (args[0] in self.commands or args[0] in ("--help", "-h", "--version"))
        if args and not names_command:
            args = ["serve", *args]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed


app = typer.Typer(
    cls=_DefaultGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("inspect")(inspect.inspect)
app.command("ops")(ops.ops)
app.command("report")(report.report)
app.command("log")(log.log)
app.command("doctor")(doctor.doctor)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"tflite-viz {version('tb-tflite-plugin')}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Look into TensorFlow Lite models.

    `tflite-viz model.tflite` opens a model in the browser; the commands print facts. A model inside a container is
    named as container!member.
    """


def main() -> None:
    """Runs the command line and turns errors into exit codes."""
    from .analysis.errors import ModelError
    from .errors import UsageError

    try:
        app()
    except ModelError as error:
        sys.exit(_fail(str(error), 1))
    except UsageError as error:
        sys.exit(_fail(str(error), 2))
    except BrokenPipeError:
        # The reader of our output has gone, as in `… | head`: nothing to say, and nothing to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(message: str, code: int) -> int:
    print(f"tflite-viz: {' '.join(message.split())}", file=sys.stderr)
    return code
