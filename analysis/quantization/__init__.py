"""How a model is quantized and whether that is sane. docs/quantization.md defines the figures and findings."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..model import Model
from ..operands import numbered
from ..ragged import Array
from ..report import Column, Finding, Report
from .flow import check_flow
from .kernels import check_kernels
from .modes import Modes, modes, weight_operands
from .parameters import check_parameters
from .tensors import quantization_tensors

__all__ = ["quantization", "quantization_tensors"]
_ORDER = {"error": 0, "warning": 1, "note": 2}


def quantization(model: Model) -> Report:
    """One row per operator: in which numbers it computes, and how well its weights use theirs."""
    found = modes(model)
    findings = [*check_parameters(model), *check_kernels(model), *check_flow(model, found)]
    findings.sort(key=lambda finding: _ORDER[finding.severity])
    return Report(
        "quantization", _summary(model, found, findings), _columns(model, found), tuple(findings), over="operators"
    )


def _summary(model: Model, found: Modes, findings: list[Finding]) -> dict[str, Any]:
    counts = np.bincount(found.names.codes, minlength=len(found.names.names)).tolist()
    by_mode = sorted(zip(found.names.names, counts, strict=True), key=lambda item: (-item[1], item[0]))
    severities = [finding.severity for finding in findings]
    return {
        "operators": len(model.operators),
        "integer_operators": int(found.is_integer.sum()),
        "float_operators": int(found.is_float.sum()),
        "modes": dict(by_mode),
        "findings": {severity: severities.count(severity) for severity in _ORDER},
    }


def _columns(model: Model, found: Modes) -> tuple[Column, ...]:
    outputs = numbered(model.operators.outputs, np.arange(len(model.operators)), 0)
    scale = model.quantization.scale
    one = (outputs >= 0) & (scale.counts[np.maximum(outputs, 0)] == 1 if len(scale) else False)
    values = np.zeros(len(outputs))
    values[one] = scale.values[scale.offsets[:-1][outputs[one]]]
    weights = {column.name: column for column in quantization_tensors(model).columns}
    rows, tensors = weight_operands(model)
    return (
        Column("mode", found.names, "1", "category", "declared", "the numbers that it computes in"),
        Column(
            "output_scale", values, "1", "quantity", "declared", "scale of its first output, where there is one", one,
            additive=False,
        ),
        _of_weights(model, rows, tensors, weights["weakest_bits"]),
        _of_weights(model, rows, tensors, weights["range_use"]),
        _of_weights(model, rows, tensors, weights["scale_ratio"]),
        _of_weights(model, rows, tensors, weights["outlier_channels"]),
    )  # fmt: skip


def _of_weights(model: Model, rows: Array, tensors: Array, column: Column) -> Column:
    """A column over tensors at the operators whose weights these are; the first where there are several."""
    valid, values = np.zeros(len(model.operators), bool), np.zeros(len(model.operators))
    assert column.valid is not None
    assert isinstance(column.values, np.ndarray)
    known = tensors >= 0
    rows, tensors = rows[known][::-1], tensors[known][::-1]
    there = column.valid[tensors]
    values[rows[there]], valid[rows[there]] = column.values[tensors[there]], True
    doc = f"of its weights: {column.doc}"
    return Column(column.name, values, column.unit, column.kind, column.provenance, doc, valid, additive=False)
