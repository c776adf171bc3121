"""The part of ``tflite-viz quantization`` that runs the model, or reads what other tools have measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..analysis.model import Model
    from ..analysis.report import Report
    from ..runtime.closeups import Closeups

_MOST_ROWS = 30


def measured(
    model: Model, against: str | None, samples: str, kernels: str, against_kernels: str, seed: int, timeout: float
) -> tuple[Report, Closeups]:
    """Runs a model and a reference, which is the same model where none is named, and reports what differs."""
    from ..analysis.containers import open_model
    from ..runtime.accuracy import Settings, compare
    from ..runtime.accuracy_report import report
    from ..runtime.closeups import closeups
    from ..runtime.worker import Limits
    from .profile import run_errors, shown_progress

    reference = model if against is None else open_model(against)
    with run_errors(f"{model.name} and {reference.name}"), shown_progress() as progress:
        settings = Settings(
            kernels=kernels, reference_kernels=against_kernels, seed=seed, **_samples(samples)
        )  # fmt: skip
        errors = compare(reference, model, settings, limits=Limits(seconds=timeout), progress=progress)
    return report(errors, model, reference), closeups(errors)


def imported(model: Model, path: str) -> Report:
    """Reads a file of the QuantizationDebugger or of ai-edge-quantizer."""
    from ..errors import UsageError
    from ..runtime.accuracy_files import read
    from ..runtime.errors import TraceError

    try:
        return read(path, model)
    except TraceError as error:
        raise UsageError(str(error)) from None


def keep(
    model: Model, report: Report, closeups: Closeups | None, output: Path | None, log: tuple[str | None, str, int]
) -> None:
    """Writes errors to a file, and to a log directory with a tag and a step, where these are given."""
    from ..analysis.source import os_errors
    from ..errors import UsageError
    from ..jsontext import dumps
    from ..runtime.error_file import to_json, without_directory
    from ..summary import log_layer_error
    from ._models import identity

    logdir, tag, step = log
    if output is not None:
        with os_errors(str(output)):
            output.write_text(
                dumps(to_json(without_directory(report), closeups, identity(model))) + "\n", encoding="utf-8"
            )
    if logdir is not None:
        with os_errors(logdir):
            try:
                log_layer_error(logdir, report, closeups, model, tag=tag, step=step)
            except ValueError as error:
                raise UsageError(str(error)) from None


def _samples(argument: str) -> dict[str, Any]:
    """Settings from ``--samples``: a number, or files of inputs."""
    from ..errors import UsageError
    from ..runtime.inputs import read

    if argument.isdecimal() and len(argument) < 10:
        return {"samples": int(argument)}
    if not Path(argument.partition("=")[2] or argument).exists():
        raise UsageError(f"--samples {argument}: neither a number of samples nor a file")
    return {"inputs": read(argument)}


def print_errors(model: Model, report: Report) -> None:
    """Prints the errors of layers, the largest first."""
    from ..terminal import Terminal

    terminal, summary = Terminal(), report.summary
    names = [column.name for column in report.columns]
    rows = [dict(zip(names, row, strict=True)) for row in report.rows()]
    if "source" in summary:
        terminal.title(f"{model.name}, errors from {summary['file']}")
        terminal.facts([("measured by", summary["source"]), ("operators", f"{summary['matched']} of {len(rows)}")])
    else:
        terminal.title(f"{model.name} against {summary['reference']['name']}")
        terminal.facts(_facts(summary))
    figures = [
        name
        for name in (
            "sqnr_db", "local_sqnr_db", "rmse_scale", "local_rmse_scale", "rmse", "local_rmse", "max_error",
            "local_max_error", "cosine", "clipped", "value",
        )
        if any(row.get(name) is not None for row in rows)
    ]  # fmt: skip
    key = next((name for name in ("sqnr_db", "local_rmse_scale", *figures) if name in figures), "id")
    some = [row for row in rows if any(row[name] is not None for name in figures)]
    upward = key.endswith(("sqnr_db", "cosine"))
    some.sort(key=lambda row: (row[key] is None, (row[key] or 0) * (1 if upward else -1)))
    if some:
        terminal.heading("operators, the largest errors first")
        terminal.table(
            ["id", "op", *figures, "name"],
            [[str(row["id"]), row["op"], *(_cell(name, row[name]) for name in figures), row["name"]]
             for row in some[:_MOST_ROWS]],
            right=[0, *range(2, 2 + len(figures))],
        )  # fmt: skip
        if len(some) > _MOST_ROWS:
            terminal.line(f"and {len(some) - _MOST_ROWS} more; --csv prints all")
    if report.findings:
        terminal.heading("findings")
    for finding in report.findings:
        terminal.line(f"{finding.severity}: {finding.message} [{finding.code}]")


def _facts(summary: dict[str, Any]) -> list[tuple[str, str]]:
    kernels = summary["kernels"], summary["reference_kernels"]
    facts = [
        ("inputs", f"{summary['samples']} samples, {summary['inputs']}"),
        ("kernels", kernels[0] if kernels[0] == kernels[1] else f"{kernels[0]} against {kernels[1]}"),
        ("compared", f"{summary['compared']} of {summary['operators']} operators, {summary['equal']} equal"),
    ]
    for output in summary["outputs"]:
        text = "equal" if output["equal"] else "–" if output["sqnr_db"] is None else f"{output['sqnr_db']:.1f} dB"
        facts.append((f"output {output['name']}", text))
    for title, key in (("most noise", "worst"), ("most noise by itself", "worst_local")):
        if summary[key] is not None:
            facts.append((title, f"#{summary[key]['operator']}, {summary[key]['sqnr_db']:.1f} dB"))
    return facts


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if name.endswith("_db"):
        return f"{value:.1f}"
    return f"{value:.1f}%" if name == "clipped" else f"{value:.5f}" if name == "cosine" else f"{value:.3g}"
