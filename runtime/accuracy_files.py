"""Errors of layers that other tools have measured: TensorFlow's QuantizationDebugger and ai-edge-quantizer.

Both name tensors. What they say is put on the operator that writes the tensor.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..analysis.matching import components
from ..analysis.model import Model
from ..analysis.report import Column, Finding, Report
from .errors import TraceError
from .foreign_json import parse

_MOST_BYTES = 1 << 28
# Columns of QuantizationDebugger.layer_statistics_dump (TensorFlow 2.20, lite/tools/optimize/debugging).
_DEBUGGER = ("op_name", "tensor_name", "stddev", "mean_error", "max_abs_error", "mean_squared_error", "scale")
# What ai-edge-quantizer 0.10 (model_validator.py) calls the groups of tensors of a signature that are not constant.
_GROUPS = ("input_tensors", "output_tensors", "intermediate_tensors")
_UNITS = {
    "local_rmse": ("1", "Local: root of the mean squared error, in the unit of the values."),
    "local_rmse_scale": ("1", "Local: RMSE in steps of the output's scale; rounding alone is 0.29."),
    "local_stddev": ("1", "Local: standard deviation of the error."),
    "local_mean_error": ("1", "Local: mean error, in the unit of the values."),
    "local_max_error": ("1", "Local: largest error, in the unit of the values."),
    "rmse": ("1", "Accumulated: root of the mean squared error, in the unit of the values."),
    "sqnr_db": ("dB", "Accumulated: signal over noise, from the tool's linear ratio."),
    "cosine": ("1", "Accumulated: cosine of the angle between values and reference, mean over samples."),
    "kl_divergence": ("1", "Accumulated: Kullback-Leibler divergence of values taken for probabilities."),
    "median_diff_ratio": ("1", "Accumulated: median of the error as a share of the reference."),
    "value": ("1", "The figure in the file, which does not name it."),
}
Rows = list[tuple[str, dict[str, float]]]


def read(path: str, model: Model) -> Report:
    """Reads a file of either tool as a ``layer_error`` report over the operators of a model.

    Args:
        path: CSV of the QuantizationDebugger, or JSON that ai-edge-quantizer's comparison saves (the result, or one of
            the files for Model Explorer).
        model: the quantized model that it is about.

    Raises:
        TraceError: when the file cannot be read, is of neither tool, or names no tensor of the model.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise TraceError(path, f"it is larger than {_MOST_BYTES >> 20} MiB")
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise TraceError(path, error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise TraceError(path, "neither CSV nor JSON: it is no UTF-8 text", f"byte {error.start}") from None
    if text.lstrip().startswith("{"):
        return _report(path, model, "ai-edge-quantizer", list(_quantizer(path, text)))
    return _report(path, model, "QuantizationDebugger", list(_debugger(path, text)))


def _debugger(path: str, text: str) -> Iterator[tuple[str, dict[str, float]]]:
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in _DEBUGGER if name not in (reader.fieldnames or ())]
    if missing:
        reason = f"no statistics of the QuantizationDebugger: columns {', '.join(missing)} are missing"
        raise TraceError(path, reason, "line 1")
    try:
        for row in reader:
            place = f"line {reader.line_num}"
            figures = {name: _number(path, row[name], f"{place}, {name}") for name in _DEBUGGER[2:]}
            squared, scale = figures["mean_squared_error"], figures["scale"]
            rmse = math.sqrt(squared) if squared >= 0 else math.nan
            yield (
                row["tensor_name"],
                {
                    "local_rmse": rmse,
                    "local_rmse_scale": rmse / scale if scale > 0 else math.nan,
                    "local_stddev": figures["stddev"],
                    "local_mean_error": figures["mean_error"],
                    "local_max_error": figures["max_abs_error"],
                },
            )
    except csv.Error as error:
        raise TraceError(path, str(error), f"line {reader.line_num}") from None


def _quantizer(path: str, text: str) -> Iterator[tuple[str, dict[str, float]]]:
    found = parse(text, path)
    if isinstance(found.get("results"), dict):
        for tensor, cell in found["results"].items():
            value = cell.get("value") if isinstance(cell, dict) else None
            yield tensor, {"value": _number(path, value, f"results.{tensor}")}
        return
    groups = [
        (f"{key}.{group}", signature[group])
        for key, signature in found.items()
        if isinstance(signature, dict)
        for group in _GROUPS
        if isinstance(signature.get(group), dict)
    ]
    if not groups:
        raise TraceError(path, "no comparison of ai-edge-quantizer: no signature has input, output or other tensors")
    for place, tensors in groups:
        for tensor, metrics in tensors.items():
            if not isinstance(metrics, dict):
                raise TraceError(path, "figures of a tensor are no object", f"{place}.{tensor}")
            yield tensor, _named({name: _number(path, value, f"{place}.{tensor}") for name, value in metrics.items()})


def _named(metrics: dict[str, float]) -> dict[str, float]:
    """Figures of ai-edge-quantizer by the names that they have here; those that it may add later are left out."""
    same = ("kl_divergence", "median_diff_ratio")
    figures: dict[str, float] = {name: metrics[name] for name in same if name in metrics}
    if "cosine_similarity" in metrics:
        figures["cosine"] = metrics["cosine_similarity"]
    if metrics.get("mse", -1) >= 0:
        figures["rmse"] = math.sqrt(metrics["mse"])
    if metrics.get("snr", 0) > 0:
        figures["sqnr_db"] = 10 * math.log10(metrics["snr"])
    return figures


def _number(path: str, value: Any, place: str) -> float:
    try:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return float(value) if value != "" else math.nan
    except (ValueError, OverflowError):
        pass
    raise TraceError(path, "not a number", place)


def _report(path: str, model: Model, tool: str, rows: Rows) -> Report:
    operators = _writers(model, [tensor for tensor, _ in rows])
    names = [name for name in _UNITS if any(name in figures for _, figures in rows)]
    table = {name: np.full(len(model.operators), np.nan) for name in names}
    for operator, (_, figures) in zip(operators, rows, strict=True):
        for name, value in figures.items() if operator >= 0 else ():
            table[name][operator] = value
    matched = len({operator for operator in operators if operator >= 0})
    if not matched:
        reason = "none of the tensors that it names is written by the model" if rows else "it has no rows"
        raise TraceError(path, reason)
    columns = [
        Column("id", np.arange(len(model.operators)), "1", "quantity", "declared", "Global number of the operator."),
        Column("op", model.operators.ops, "1", "category", "declared", "Operator type."),
        Column("name", model.layer_names, "1", "text", "declared", "Name of its first output."),
    ]
    for name, values in table.items():
        valid = np.isfinite(values)
        unit, doc = _UNITS[name]
        cells = np.where(valid, values, 0.0)
        columns.append(Column(name, cells, unit, "quantity", "measured", doc, valid, additive=False))
    summary = {"source": tool, "file": Path(path).name, "rows": len(rows), "matched": matched}
    lost = [tensor for operator, (tensor, _) in zip(operators, rows, strict=True) if operator < 0]
    findings = []
    if lost:
        text = f"{len(lost)} tensors of the file are written by no operator of the model, such as {lost[0]}"
        findings.append(Finding("note", "layer-not-in-model", text))
    return Report("layer_error", summary, tuple(columns), tuple(findings), over="operators")


def _writers(model: Model, tensors: Sequence[str]) -> list[int]:
    """The operator that writes each tensor, -1 for none: by name, or by the layers that the name joins."""
    names = model.tensors.name.tolist()
    exact: dict[str, int] = {}
    alike: dict[frozenset[str], int] = {}
    for tensor in np.flatnonzero(model.producer >= 0).tolist():
        operator = int(model.producer[tensor])
        exact.setdefault(names[tensor], operator)
        key = components(names[tensor])
        alike[key] = operator if alike.get(key, operator) == operator else -1
    return [exact.get(name, alike.get(components(name), -1) if name else -1) for name in tensors]
