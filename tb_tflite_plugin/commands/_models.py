"""Models as commands take and print them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..scan import Root

if TYPE_CHECKING:
    from ..analysis.model import Model
    from ..analysis.report import Report


def roots_and_fragment(paths: list[str]) -> tuple[list[Root], str]:
    """Where a server looks for the given paths, and the URL fragment that opens the first when it names one model.

    Raises:
        ModelError: for a path that is neither a directory nor a readable model.
    """
    from ..analysis.containers import members, open_source, pick, split
    from ..analysis.model import Model
    from ..analysis.source import Source

    roots, fragment = [], ""
    for path in paths:
        if "://" in path or os.path.isdir(path):
            roots.append(Root(path))
            continue
        file, member = split(path)
        if member:
            source = open_source(path)
            fragment = fragment or f"#model={quote(source.sha256)}"
            Model(source)
        else:
            source = Source.open(file)
            if len(list(islice(members(source), 2))) < 2:  # what holds several is looked at later, model by model
                Model(pick(source))
        roots.append(Root(file))
    return roots, fragment


def identity(model: Model) -> dict[str, Any]:
    """What every JSON answer says of the model it is about."""
    with working(f"computing the SHA-256 of {model.name}"):
        return model.identity


@contextlib.contextmanager
def foreign_files() -> Iterator[None]:
    """Errors in files that other tools may have written become errors of a file, with the place in it."""
    from ..analysis.errors import ModelError
    from ..runtime.errors import TraceError

    try:
        yield
    except TraceError as error:
        raise ModelError(error.file, ": ".join(filter(None, (error.place, error.reason)))) from None


def print_report(model: Model, report: Report, *, as_json: bool, as_csv: bool) -> bool:
    """Prints a report as JSON or CSV when asked for; False when neither was."""
    if as_json:
        from ..jsontext import dumps

        sys.stdout.write(dumps(report.to_json(identity(model))) + "\n")
    elif as_csv:
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([column.name for column in report.columns])
        writer.writerows([_cell(value) for value in row] for row in report.rows())
    return as_json or as_csv


def with_names(model: Model, report: Report) -> Report:
    """A report over operators or tensors with columns in front that say which each row is, for JSON and CSV."""
    from dataclasses import replace

    from ..analysis import listing

    wanted = {"operators": ("id", "op", "name"), "tensors": ("id", "name")}[report.over]
    listed = listing.ops(model) if report.over == "operators" else listing.tensors(model)
    names = tuple(column for column in listed.columns if column.name in wanted)
    return replace(report, columns=names + report.columns)


def _cell(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value


def members_of(path: str) -> list[tuple[str, int]]:
    """The models in a container that is named as a whole, as ``container!member`` and size; empty for all else."""
    from ..analysis.containers import members, split
    from ..analysis.source import Source

    file, member = split(path)
    if member:
        return []
    return [(f"{file}!{found.path}", found.unpacked or found.size) for found in members(Source.open(file))]


@contextlib.contextmanager
def working(what: str) -> Iterator[None]:
    """Shows on a terminal that something is being done; says nothing into a pipe."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(f"{what} …"):
        yield
