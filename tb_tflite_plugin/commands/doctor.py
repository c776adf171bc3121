"""``tflite-viz doctor``: what is installed, and why the TensorBoard tab may be missing."""

from __future__ import annotations

from typing import Annotated

import typer


def doctor(
    logdir: Annotated[
        str | None, typer.Option(help="Also say which models TensorBoard would show for this log directory.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print versions, what is available here, and why the TensorBoard tab may be missing.

    The exit code is 1 when something is wrong.
    """
    from ..doctor import examine
    from ..jsontext import dumps
    from ..terminal import Terminal

    checks = examine(logdir)
    if json:
        print(dumps({"checks": [vars(check) for check in checks]}))
    else:
        terminal = Terminal()
        marks = {"ok": "ok", "missing": "–", "problem": "PROBLEM"}
        terminal.table(["", "what", "found"], [[marks[c.state], c.what, c.found] for c in checks])
        for check in checks:
            if check.advice:
                terminal.line("")
                terminal.line(f"{check.what}: {check.advice}")
    if any(check.state == "problem" for check in checks):
        raise typer.Exit(1)
