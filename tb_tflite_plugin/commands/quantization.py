"""``tflite-viz quantization``: in which numbers a model computes, and whether that is sane."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..analysis.model import Model
    from ..analysis.report import Report
    from ..terminal import Terminal

_MOST_ROWS = 16


class Kernels(str, Enum):
    """Kernels that can be looked into tensor by tensor."""

    XNNPACK = "xnnpack"
    BUILTIN = "builtin"
    REFERENCE = "reference"


def quantization(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    tensors: Annotated[bool, typer.Option("--tensors", help="JSON and CSV of the tensors instead.")] = False,
    against: Annotated[str | None, typer.Option(help="The float model, or another: run both, compare.")] = None,
    samples: Annotated[str, typer.Option(help="Random inputs to run both on; or file.npz, NAME=file.npy.")] = "8",
    kernels: Annotated[Kernels, typer.Option(help="Kernels of MODEL.")] = Kernels.BUILTIN,
    against_kernels: Annotated[
        Kernels | None, typer.Option(help="Kernels of the other side; with no other model, of the same one.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the random inputs.")] = 0,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds after which the run is given up.")] = 600.0,
    imported: Annotated[
        str | None, typer.Option("--import", help="CSV of the QuantizationDebugger, JSON of ai-edge-quantizer.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the errors there as JSON.")] = None,
    logdir: Annotated[str | None, typer.Option(help="Put model and errors there, for TensorBoard to show.")] = None,
    tag: Annotated[str, typer.Option(help="Name of the model in the log directory.")] = "model",
    step: Annotated[int, typer.Option(min=0, help="Training step in the log directory.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one row per operator.")] = False,
) -> None:
    """Print in which numbers a model computes, its weakest weights, and what is wrong with its parameters.

    JSON and CSV have every operator, or with --tensors every tensor. With --against both models are run in a process of
    their own, and the error of every operator is printed; --import prints what another tool has measured.
    """
    from ..analysis.containers import open_model
    from ..analysis.quantization import quantization as analyse
    from ..analysis.quantization import quantization_tensors
    from ..errors import UsageError
    from ..terminal import Terminal
    from ._models import print_report, with_names

    opened = open_model(model)
    if imported is not None or against is not None or against_kernels is not None:
        _errors(opened, imported, output, (logdir, tag, step), json, csv, {
            "against": against, "samples": samples, "kernels": kernels.value, "seed": seed, "timeout": timeout,
            "against_kernels": (against_kernels or kernels).value,
        })  # fmt: skip
        return
    if output is not None or logdir is not None:
        raise UsageError("--output and --logdir are for errors: say --against or --import too")
    over_tensors = quantization_tensors(opened)
    report = analyse(opened)
    asked = over_tensors if tensors else report
    if not print_report(opened, with_names(opened, asked), as_json=json, as_csv=csv):
        terminal = Terminal()
        terminal.title(opened.name)
        _print(terminal, report, with_names(opened, over_tensors))


def _errors(
    model: Model,
    imported: str | None,
    output: Path | None,
    log: tuple[str | None, str, int],
    as_json: bool,
    as_csv: bool,
    run: dict[str, Any],
) -> None:
    from ..errors import UsageError
    from . import _layer_error
    from ._models import print_report

    if imported is not None and (run["against"] is not None or run["kernels"] != run["against_kernels"]):
        raise UsageError("--import reads what was measured: leave --against and kernels out")
    if imported is None:
        report, looks = _layer_error.measured(model, **run)
    else:
        report, looks = _layer_error.imported(model, imported), None
    _layer_error.keep(model, report, looks, output, log)
    if not print_report(model, report, as_json=as_json, as_csv=as_csv):
        _layer_error.print_errors(model, report)


def _print(terminal: Terminal, report: Report, tensors: Report) -> None:
    summary = report.summary
    total = max(summary["operators"], 1)
    macs = max(sum(work["macs"] for work in summary["work"].values()), 1)
    terminal.heading("operators by mode")
    rows = [
        [mode, str(count), f"{count / total:.1%}", f"{summary['work'][mode]['macs'] / macs:.1%}",
         terminal.size(summary["work"][mode]["constant_bytes"])]
        for mode, count in summary["modes"].items()
    ]  # fmt: skip
    terminal.table(["mode", "count", "share", "of MACs", "parameters"], rows, right=[1, 2, 3, 4])
    weak = _weakest(tensors)
    if weak:
        terminal.heading("weights, the weakest channels first")
        header = ["weights", "scheme", "weakest", "median", "range used", "outliers"]
        terminal.table(header, weak[:_MOST_ROWS], right=[2, 3, 4, 5])
        if len(weak) > _MOST_ROWS:
            terminal.line(f"and {len(weak) - _MOST_ROWS} more")
    if report.findings:
        terminal.heading("findings")
    for finding in report.findings:
        terminal.line(f"{finding.severity}: {finding.message} [{finding.code}]")


def _weakest(tensors: Report) -> list[list[str]]:
    cells: dict[str, list[Any]] = tensors.cells()
    known = [row for row, bits in enumerate(cells["weakest_bits"]) if bits is not None]
    known.sort(key=lambda row: (cells["weakest_bits"][row], row))
    return [
        [
            cells["name"][row], cells["scheme"][row], f"{cells['weakest_bits'][row]:.1f} bits",
            f"{cells['median_bits'][row]:.1f} bits", f"{cells['range_use'][row]:.0%}",
            "" if cells["outlier_channels"][row] is None else f"{cells['outlier_channels'][row]:.0f}",
        ]
        for row in known
    ]  # fmt: skip
