"""How a model is quantized and whether that is sane. docs/quantization.md defines the figures and findings."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import macs
from ..model import Model
from ..report import Report
from .operators import constant_bytes, operator_columns
from .reading import SEVERITIES, Reading
from .tensors import quantization_tensors

__all__ = ["quantization", "quantization_tensors"]


def quantization(model: Model) -> Report:
    """One row per operator: in which numbers it computes, and how well its weights use theirs."""
    read = Reading(model)
    return Report("quantization", _summary(read), operator_columns(read), tuple(read.found), over="operators")


def _summary(read: Reading) -> dict[str, Any]:
    names, codes = read.modes.names.names, read.modes.names.codes
    counts = np.bincount(codes, minlength=len(names)).tolist()
    by_mode = sorted(zip(names, counts, strict=True), key=lambda item: (-item[1], item[0]))
    severities: list[str] = [one.severity for one in read.found]
    return {
        "operators": len(read.model.operators),
        "integer_operators": int(read.modes.is_integer.sum()),
        "float_operators": int(read.modes.is_float.sum()),
        "modes": dict(by_mode),
        "work": _work(read),
        "findings": {severity: severities.count(severity) for severity in reversed(SEVERITIES)},
    }


def _work(read: Reading) -> dict[str, dict[str, int]]:
    """Multiply-accumulates and stored bytes of constants by mode, and operators of which the first are not known."""
    counted, stored = macs.count(read.model), constant_bytes(read)
    codes = read.modes.names.codes
    return {
        name: {
            "macs": sum(counted.macs[codes == mode].tolist()),
            "unknown_macs": int((~counted.known)[codes == mode].sum()),
            "constant_bytes": sum(stored[codes == mode].tolist()),
        }
        for mode, name in enumerate(read.modes.names.names)
    }
