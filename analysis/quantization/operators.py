"""The columns of the ``quantization`` report."""

from __future__ import annotations

import numpy as np

from ..operands import numbered
from ..overview import is_parameter
from ..ragged import Array, Categories, Ragged, distinct_sums
from ..report import Column, Kind, Values
from .kernels import one_of_each
from .modes import is_type
from .reading import SEVERITIES, Reading
from .weights import rows_of


def operator_columns(read: Reading) -> tuple[Column, ...]:
    """One row per operator."""
    model, channels, count = read.model, read.channels, len(read.model.operators)
    outputs = numbered(model.operators.outputs, np.arange(count), 0)
    scale = one_of_each(model)[0]
    scale = np.where(outputs >= 0, scale[np.maximum(outputs, 0)], np.nan) if len(scale) else np.full(count, np.nan)
    operators, rows = rows_of(model, read.weights, channels)
    several = np.where(channels.counts > 1, channels.scale_ratio, 1.0)
    weakest = _least(count, operators, channels.smallest(channels.effective_bits, ~channels.zero)[rows])
    use = _least(count, operators, channels.range_use_of_tensor[rows])
    ratio = -_least(count, operators, -several[rows])
    weighed = np.zeros(count, bool)
    weighed[operators] = True
    outliers, zeros = (
        np.bincount(operators, values[rows], count).astype(np.int64)
        for values in (channels.sums(channels.outlier), channels.sums(channels.zero))
    )
    off = np.full(count, np.nan)
    off[read.bias_deviations.biases.operator] = read.bias_deviations.relative
    severity, codes = _gravest(read)
    return (
        _column("mode", read.modes.names, "category", "the numbers that it computes in"),
        _column("severity", Categories(severity, list(SEVERITIES)), "category", "the gravest finding about it"),
        _column("findings", codes, "text", "codes of the findings about it", valid=severity >= 0),
        _quantity("output_scale", scale, "scale of its first output, where there is one"),
        _quantity("weakest_bits", weakest, "bits that the values of the weakest channel of its weights use", "bit"),
        _quantity("range_use", use, "the least that one of its weights uses of its range"),
        _quantity("scale_ratio", ratio, "largest scale of its weights by the smallest"),
        _quantity("outlier_channels", np.where(weighed, outliers, np.nan), "scales of its weights 8 times off the "
                  "median one", "{channel}", additive=True),
        _quantity("zero_channels", np.where(weighed, zeros, np.nan), "channels of its weights that hold nothing but "
                  "zero", "{channel}", additive=True),
        _quantity("bias_deviation", off, "how far the scale of its bias is off that of input times weights"),
        _column("constant_bytes", constant_bytes(read), "quantity", "stored bytes of the parameters it reads, also "
                "through DEQUANTIZE and DENSIFY", "By"),
    )  # fmt: skip


def constant_bytes(read: Reading) -> Array:
    """Int64 per operator: stored bytes of the parameters that it reads, seen through what only unpacks them.

    Operators that unpack constants have none: theirs are those of the operators they unpack them for.
    """
    model, inputs = read.model, read.model.operators.inputs
    origin = read.modes.origins.tensor
    there = inputs.values >= 0
    seen = np.full(len(inputs.values), -1, np.int64)
    seen[there] = origin[inputs.values[there]]
    counted = distinct_sums(Ragged(inputs.offsets, seen), np.where(is_parameter(model), model.constant_bytes, 0))
    written = numbered(model.operators.outputs, np.arange(len(model.operators)), 0)
    unpacks = np.zeros(len(counted), bool)
    unpacks[written >= 0] = origin[written[written >= 0]] >= 0
    found: Array = np.where(unpacks & is_type(model, "DEQUANTIZE", "DENSIFY", "CAST"), 0, counted)
    return found


def _least(count: int, operators: Array, values: Array) -> Array:
    """Per operator the least of the values of its weights, NaN for none; infinite values are none. float64."""
    least = np.full(count, np.inf)
    np.minimum.at(least, operators, values)
    return np.where(np.isfinite(least), least, np.nan)


def _gravest(read: Reading) -> tuple[Array, list[str | None]]:
    """Per operator the place of its gravest finding in ``SEVERITIES`` (-1: none), and the codes of all."""
    severity = np.full(len(read.model.operators), -1, np.int32)
    codes: list[list[str]] = [[] for _ in severity]
    for one in read.found:
        np.maximum.at(severity, one.everywhere, SEVERITIES.index(one.severity))
        for operator in one.everywhere.tolist():
            codes[operator].append(one.code)
    return severity, [" ".join(dict.fromkeys(told)) if told else None for told in codes]


def _column(
    name: str, values: Values, kind: Kind, doc: str, unit: str = "1", valid: Array | None = None,
    additive: bool | None = None,
) -> Column:  # fmt: skip
    return Column(name, values, unit, kind, "declared", doc, valid, additive)


def _quantity(name: str, values: Array, doc: str, unit: str = "1", additive: bool = False) -> Column:
    known = np.isfinite(values)
    return _column(name, np.where(known, values, 0), "quantity", doc, unit, known, additive)
