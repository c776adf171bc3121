"""``tflite-viz lint``: everything that any analysis finds wrong or worth knowing."""

from __future__ import annotations

from typing import Annotated

import typer


def lint(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    fail_on: Annotated[
        list[str] | None,
        typer.Option(help="Exit with 1 on findings of this severity (error, warning, note) or code; repeatable."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    sarif: Annotated[bool, typer.Option("--sarif", help="Print SARIF, for code hosts.")] = False,
) -> None:
    """Print the findings of all analyses, the severest first.

    Exit code 1 when there is one that --fail-on names.
    """
    import sys
    from importlib import metadata

    from .. import linting
    from ..analysis.containers import open_model
    from ..jsontext import dumps
    from ..terminal import Terminal
    from ._models import identity, working

    opened = open_model(model)
    with working("looking at everything"):
        found = linting.findings(opened)
    if sarif:
        sys.stdout.write(dumps(linting.sarif(opened, found, metadata.version("tb-tflite-plugin"))) + "\n")
    elif json:
        listed = [
            {"severity": f.severity, "code": f.code, "message": f.message, "operators": list(f.operators)}
            for f in found
        ]
        sys.stdout.write(dumps({"model": identity(opened), "findings": listed}) + "\n")
    else:
        terminal = Terminal()
        terminal.title(opened.name)
        for finding in found:
            terminal.line(f"{finding.severity}: {finding.message} [{finding.code}]")
        severities = [finding.severity for finding in found]
        counts = [(severities.count(name), name) for name in ("error", "warning", "note")]
        terminal.line(", ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts))
    if linting.fails(found, fail_on or []):
        raise typer.Exit(1)
