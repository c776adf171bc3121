"""``tflite-viz profile``: what an inference takes on this machine, and whose time it is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..analysis.model import Model
    from ..analysis.report import Report
    from ..runtime.profiler import Settings
    from ..runtime.trace import Trace
    from ..runtime.worker import Progress

_MOST_OPERATORS, _MOST_TYPES = 30, 12


class Kernels(str, Enum):
    """Who does the work."""

    XNNPACK = "xnnpack"
    BUILTIN = "builtin"
    REFERENCE = "reference"
    GPU = "gpu"


def profile(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    kernels: Annotated[Kernels, typer.Option(help="Kernels that do the work.")] = Kernels.XNNPACK,
    threads: Annotated[int, typer.Option(min=1, max=256, help="Threads for kernels on the CPU.")] = 1,
    runs: Annotated[
        int | None, typer.Option(min=1, help="Timed inferences; left out: until operators have settled, about 5 s.")
    ] = None,
    warmup: Annotated[int, typer.Option(min=0, help="Inferences before the first that counts.")] = 10,
    signature: Annotated[str | None, typer.Option(help="Entry point to run; left out: the first.")] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", help="NAME=file.npy, or file.npz; other inputs are random.")
    ] = None,
    shapes: Annotated[
        list[str] | None, typer.Option("--shape", help="NAME=1,224,224,3 for an input without a fixed shape.")
    ] = None,
    zeros: Annotated[bool, typer.Option("--zeros", help="Zeros instead of random inputs.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the random inputs.")] = 0,
    against: Annotated[str | None, typer.Option(help="Another model: run both in turn and compare.")] = None,
    against_kernels: Annotated[
        Kernels | None, typer.Option(help="Kernels of the other side; with no other model, of the same one.")
    ] = None,
    threshold: Annotated[float, typer.Option(min=0, help="Difference that matters, in percent.")] = 5.0,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds after which the run is given up.")] = 600.0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the trace there as JSON.")] = None,
    logdir: Annotated[str | None, typer.Option(help="Write the trace into this TensorBoard log directory.")] = None,
    tag: Annotated[str, typer.Option(help="Name of the model within the log directory's run.")] = "model",
    step: Annotated[int, typer.Option(min=0, help="Training step that it belongs to.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the operators as CSV.")] = False,
) -> None:
    """Run a model on this machine and print what it takes and which operators take it.

    The model runs in a process of its own. With --against it is compared with the other: slower means that MODEL is.
    """
    from ..analysis.containers import open_model
    from ..runtime.profiler import Settings
    from ..runtime.worker import Limits

    opened = open_model(model)
    with run_errors(opened.name):
        settings = Settings(
            kernels=kernels.value, threads=threads, runs=runs, warmup=warmup, signature=signature,
            shapes=_shapes(shapes or []), inputs=_inputs(inputs or []), zeros=zeros, seed=seed,
        )  # fmt: skip
    limits = Limits(seconds=timeout)
    if against is not None or against_kernels is not None:
        if output is not None or logdir is not None:
            from ..errors import UsageError

            raise UsageError("a comparison has two traces: leave --output and --logdir out, or --against")
        other = open_model(against) if against is not None else opened
        _compare(opened, other, settings, against_kernels, threshold / 100, limits, as_json=json, as_csv=csv)
    else:
        _profile(opened, settings, limits, output, (logdir, tag, step), as_json=json, as_csv=csv)


def _profile(
    model: Model,
    settings: Settings,
    limits: Any,
    output: Path | None,
    log: tuple[str | None, str, int],
    *,
    as_json: bool,
    as_csv: bool,
) -> None:
    from ..analysis.source import os_errors
    from ..runtime.profile_report import report as report_of
    from ..runtime.profiler import profile as run
    from ..runtime.trace_file import save
    from ._models import print_report

    with run_errors(model.name), shown_progress() as progress:
        trace = run(model, settings, limits=limits, progress=progress)
    report = report_of(trace, model)
    if output is not None:
        with os_errors(str(output)):
            save(trace, output)
    if log[0] is not None:
        _log(log[0], model, trace, log[1], log[2])
    if not print_report(model, report, as_json=as_json, as_csv=as_csv):
        _print(model, report)


def _log(logdir: str, model: Model, trace: Trace, tag: str, step: int) -> None:
    from ..analysis.source import os_errors
    from ..errors import UsageError
    from ..summary import log_profile

    with os_errors(logdir):
        try:
            log_profile(logdir, trace, model=model, tag=tag, step=step)
        except ValueError as error:
            raise UsageError(str(error)) from None


def _compare(
    model: Model,
    other: Model,
    settings: Settings,
    kernels: Kernels | None,
    threshold: float,
    limits: Any,
    *,
    as_json: bool,
    as_csv: bool,
) -> None:
    from dataclasses import replace

    from ..runtime.comparison import compare
    from ..runtime.comparison import report as report_of
    from ._models import print_report

    of_other = replace(settings, kernels=kernels.value) if kernels is not None else settings
    with run_errors(f"{model.name} and {other.name}"), shown_progress() as progress:
        found = compare(other, model, of_other, settings, threshold=threshold, limits=limits, progress=progress)
    report = report_of(found, other, model)
    if not print_report(model, report, as_json=as_json, as_csv=as_csv):
        _print_comparison(model, other, report)


@contextlib.contextmanager
def run_errors(name: str) -> Iterator[None]:
    """Turns what can go wrong into the errors of the command line."""
    from ..analysis.errors import ModelError
    from ..errors import UsageError
    from ..runtime.errors import InputError, RuntimeFailure, RuntimeMissing

    try:
        yield
    except (InputError, RuntimeMissing) as error:
        raise UsageError(str(error)) from None
    except RuntimeFailure as error:
        raise ModelError(name, str(error)) from None


def _inputs(arguments: list[str]) -> dict[str, Any]:
    from ..runtime.inputs import read

    return {name: value for argument in arguments for name, value in read(argument).items()}


def _shapes(arguments: list[str]) -> dict[str, tuple[int, ...]]:
    from ..runtime.inputs import read_shape

    return dict(read_shape(argument) for argument in arguments)


@contextlib.contextmanager
def shown_progress() -> Iterator[Progress | None]:
    """A bar on a terminal; nothing into a pipe."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("start", total=None)

        def show(phase: str, done: int, total: int) -> None:
            bar.update(task, description=phase, completed=done, total=total or None)

        yield show


def _print(model: Model, report: Report) -> None:
    from ..terminal import Terminal

    terminal, summary = Terminal(), report.summary
    environment, latency = summary["environment"], summary["inference_us"]
    terminal.title(model.name)
    spread = ""
    if latency["p5"] is not None:
        spread = f" ({us(latency['p5'])} to {us(latency['p95'])}, {latency['runs']:,} runs)"
    overhead = "–" if summary["overhead"] is None else f"{us(summary['overhead_us'])} ({summary['overhead']:.0%})"
    memory = summary["memory"]
    facts = [
        ("on", f"{environment['cpu'] or environment['device']}, {environment['os']}"),
        ("with", _with(environment)),
        ("load", us(summary["load_us"])),
        ("compile", us(summary["compile_us"])),
        ("first inference", us(summary["first_inference_us"])),
        ("inference", us(latency["median"]) + spread),
        ("on operators", f"{us(summary['attributed_us'])}, elsewhere {us(summary['unattributed_us'])}"),
        ("profiling adds", overhead),
    ]
    if "after_bytes" in memory and "before_bytes" in memory:
        facts.append(("memory", f"{terminal.size(memory['after_bytes'] - memory['before_bytes'])} more than before"))
    terminal.facts(facts)
    rows = [row for row in _cells(report) if row["self_us"] is not None]
    if rows:
        _print_operators(terminal, rows)
        _print_types(terminal, rows)
    for finding in report.findings:
        about = f" (operators {', '.join(map(str, finding.operators[:8]))}{' …' * (len(finding.operators) > 8)})"
        terminal.line(f"{finding.severity}: {finding.message}{about if finding.operators else ''}")


def _with(environment: dict[str, Any]) -> str:
    kernels, threads = environment["kernels"], environment["threads"]
    count = "1 thread" if threads == 1 else f"{threads} threads"
    return f"{environment['runtime']} {environment['runtime_version']}, {kernels}, {count}"


def _cells(report: Report) -> list[dict[str, Any]]:
    names = [column.name for column in report.columns]
    return [dict(zip(names, row, strict=True)) for row in report.rows()]


def _print_operators(terminal: Any, rows: list[dict[str, Any]]) -> None:
    ordered = sorted(rows, key=lambda row: -row["self_us"])
    most = ordered[0]["self_us"] or 1.0
    terminal.heading("operators")
    terminal.table(
        ["id", "op", "self", "share", "", "part", "sure", "kernel", "name"],
        [
            [
                str(row["id"]), row["op"], us(row["self_us"]), _percent(row["share"]),
                terminal.bar(row["self_us"] / most), "" if row["partition"] is None else str(row["partition"]),
                _number(row["confidence"]), row["kernel"], row["name"],
            ]
            for row in ordered[:_MOST_OPERATORS]
        ],
        right=[0, 2, 3, 5, 6],
    )  # fmt: skip
    if len(ordered) > _MOST_OPERATORS:
        terminal.line(f"and {len(ordered) - _MOST_OPERATORS} more; --csv prints all")


def _print_types(terminal: Any, rows: list[dict[str, Any]]) -> None:
    sums: dict[str, list[float]] = {}
    for row in rows:
        sums.setdefault(row["op"], []).append(row["self_us"])
    ordered = sorted(sums.items(), key=lambda item: -sum(item[1]))
    total, most = sum(map(sum, sums.values())) or 1.0, sum(ordered[0][1]) or 1.0
    terminal.heading("by type")
    terminal.table(
        ["op", "count", "self", "of operators", ""],
        [
            [op, str(len(own)), us(sum(own)), f"{sum(own) / total:.1%}", terminal.bar(sum(own) / most)]
            for op, own in ordered[:_MOST_TYPES]
        ],
        right=[1, 2, 3],
    )


def _print_comparison(model: Model, other: Model, report: Report) -> None:
    from ..terminal import Terminal

    terminal, summary = Terminal(), report.summary
    first, second = summary["first"], summary["second"]
    interval = "" if summary["low"] is None else f" (95 %: {summary['low']:.3f} to {summary['high']:.3f})"
    verdicts = {
        "slower": f"{model.name} is slower",
        "faster": f"{model.name} is faster",
        "same": f"no difference beyond {summary['threshold']:.0%}",
        "unclear": "not clear: the interval reaches across the threshold; more runs, or a quieter machine",
    }
    terminal.title(f"{model.name} against {other.name}")
    terminal.facts(
        [
            (f"{other.name}, {first['kernels']}", us(first["inference_us"]["median"])),
            (f"{model.name}, {second['kernels']}", us(second["inference_us"]["median"])),
            ("ratio", f"{summary['ratio']:.3f}{interval}"),
            ("verdict", verdicts[summary["verdict"]]),
        ]
    )
    rows = [row for row in _cells(report) if row.get("ratio") is not None]
    if rows:
        rows.sort(key=lambda row: -abs(row["second_us"] - row["first_us"]))
        terminal.heading("operators, the largest differences first")
        terminal.table(
            ["id", "op", "other", "this", "ratio", "name"],
            [
                [str(r["id"]), r["op"], us(r["first_us"]), us(r["second_us"]), f"{r['ratio']:.2f}", r["name"]]
                for r in rows[:_MOST_OPERATORS]
            ],
            right=[0, 2, 3, 4],
        )
    for finding in report.findings:
        terminal.line(f"{finding.severity}: {finding.message}")


def us(value: float | None) -> str:
    """A time in microseconds or milliseconds, three digits."""
    if value is None:
        return "–"
    unit, shown = ("ms", value / 1000) if abs(value) >= 1000 else ("µs", value)
    digits = 0 if abs(shown) >= 100 else 1 if abs(shown) >= 10 else 2
    return f"{shown:,.{digits}f} {unit}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}%"
