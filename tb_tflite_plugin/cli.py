"""``tflite-viz``: the command line.

Errors of the user's are one line on stderr; exit code 1 is the model's fault, 2 usage.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from .commands import (
    check,
    compatibility,
    compute,
    doctor,
    inspect,
    lint,
    log,
    memory,
    metadata,
    ops,
    partition,
    profile,
    quantization,
    report,
    serve,
    sparsity,
    trace,
    weights,
)


class _DefaultGroup(TyperGroup):
    """Runs ``serve`` when the first word is no command: ``tflite-viz model.tflite`` opens it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        args = args or ["--help"]
        if args[0] not in self.commands and args[0] not in ("--help", "-h", "--version"):
            args = ["serve", *args]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed


app = typer.Typer(
    cls=_DefaultGroup,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("inspect")(inspect.inspect)
app.command("ops")(ops.ops)
app.command("metadata")(metadata.metadata)
app.command("compute")(compute.compute)
app.command("memory")(memory.memory)
app.command("quantization")(quantization.quantization)
app.command("compatibility")(compatibility.compatibility)
app.command("lint")(lint.lint)
app.command("check")(check.check)
app.command("sparsity")(sparsity.sparsity)
app.command("weights")(weights.weights)
app.command("partition")(partition.partition)
app.command("select")(partition.select)
app.command("profile")(profile.profile)
app.command("trace")(trace.trace)
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
        code = app(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except ModelError as error:
        sys.exit(_fail(str(error), 1))
    except UsageError as error:
        sys.exit(_fail(str(error), 2))
    except BrokenPipeError:
        # The reader of our output has gone, as in `… | head`: nothing to say, and nothing to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        # The parser's own errors: click's classes, or those of the copy of click inside newer typers.
        if not hasattr(error, "format_message"):
            raise
        sys.exit(_fail(f"{error.format_message()} (see {_command_of(error)} --help)", 2))


def _command_of(error: Any) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context is not None else "tflite-viz"


def _fail(message: str, code: int) -> int:
    # One line, and no control characters: names from model files may stand in it.
    line = "".join(character if character.isprintable() else " " for character in message)
    print(f"tflite-viz: {' '.join(line.split())}", file=sys.stderr)
    return code
