"""Checks of what kernels demand of an operator's operands: equal scales, prescribed outputs, LSTM.

What the runtime refuses was tried with the built-in kernels of LiteRT 2.3.0, operator by operator and type by type
(tests/analysis/test_agreement_quantization.py); the other rules are those of TensorFlow Lite's 8-bit quantization
specification.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..dtypes import dtype_name
from ..model import Model
from ..operands import numbered
from ..ragged import Array
from .findings import Found, of_operators
from .modes import is_type

# Operators whose inputs and outputs share one scale and zero point: values pass through unchanged.
SAME_SCALE = (
    "AVERAGE_POOL_2D", "MAX_POOL_2D", "CONCATENATION", "RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR",
    "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "PAD", "PADV2", "MIRROR_PAD", "GATHER", "GATHER_ND", "BATCH_TO_SPACE_ND",
    "SPACE_TO_BATCH_ND", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "MAXIMUM", "MINIMUM", "SLICE", "STRIDED_SLICE", "SPLIT",
    "SPLIT_V", "PACK", "UNPACK", "TILE", "REVERSE_V2", "BROADCAST_TO",
)  # fmt: skip
# Of these the kernels that refuse others; CONCATENATION of int8 does, that of uint8 rescales.
REFUSED = ("EXPAND_DIMS", "MIRROR_PAD", "PACK", "UNPACK")
# Scale and zero point that outputs must have, and whether the kernel refuses others.
FIXED = {
    ("SOFTMAX", "INT8"): (1 / 256, -128, True), ("LOGISTIC", "INT8"): (1 / 256, -128, True),
    ("TANH", "INT8"): (1 / 128, 0, False), ("L2_NORMALIZATION", "INT8"): (1 / 128, 0, True),
    ("LOG_SOFTMAX", "INT8"): (16 / 256, 127, True), ("SOFTMAX", "UINT8"): (1 / 256, 0, False),
    ("LOGISTIC", "UINT8"): (1 / 256, 0, True), ("L2_NORMALIZATION", "UINT8"): (1 / 128, 128, True),
    ("LOG_SOFTMAX", "UINT8"): (16 / 256, 255, True), ("SOFTMAX", "INT16"): (1 / 32768, 0, True),
    ("LOGISTIC", "INT16"): (1 / 32768, 0, True), ("TANH", "INT16"): (1 / 32768, 0, True),
}  # fmt: skip
TOLERANCE = 1e-3
# The integer kernel of UNIDIRECTIONAL_SEQUENCE_LSTM has its inner scales from intermediate tensors, that of the hidden
# state from the fifth; older ones also knew a variant with 12.
_INTERMEDIATES, _HIDDEN, _CELL_STATE = 5, 4, 19


def check_kernels(model: Model) -> Iterator[Found]:
    """Findings on the operands of an operator against each other."""
    scale, zero_point = one_of_each(model)
    yield from _same_scales(model, scale, zero_point)
    yield from _fixed_outputs(model, scale, zero_point)
    yield from _lstm(model, scale)


def one_of_each(model: Model) -> tuple[Array, Array]:
    """Scale (float64) and zero point (int64) of tensors that have one of each; NaN and 0 for the others."""
    found = model.quantization
    one = (found.scale.counts == 1) & (found.zero_point.counts == 1)
    scale, zero_point = np.full(len(one), np.nan), np.zeros(len(one), np.int64)
    scale[one] = found.scale.values[found.scale.offsets[:-1][one]]
    zero_point[one] = found.zero_point.values[found.zero_point.offsets[:-1][one]]
    return scale, zero_point


def typed(model: Model, tensors: Array, *names: str) -> Array:
    """Bool per id: the tensor is there and of one of the types."""
    wanted = np.array([dtype_name(value) in names for value in range(256)])
    there = tensors >= 0
    found = np.zeros(len(tensors), bool)
    found[there] = wanted[model.tensors.type[tensors[there]]]
    return found


def _same_scales(model: Model, scale: Array, zero_point: Array) -> Iterator[Found]:
    wanted, columns = is_type(model, *SAME_SCALE), (model.operators.inputs, model.operators.outputs)
    rows = np.concatenate([column.rows for column in columns])
    tensors = np.concatenate([column.values for column in columns])
    kept = wanted[rows] & typed(model, tensors, "INT8", "UINT8", "INT16")
    rows, tensors = rows[kept], tensors[kept]
    kept = np.isfinite(scale[tensors]) & ~model.is_constant[tensors]
    rows, tensors = rows[kept], tensors[kept]
    low, high = np.full((2, len(model.operators)), np.inf), np.full((2, len(model.operators)), -np.inf)
    for place, values in enumerate((scale, zero_point)):
        np.minimum.at(low[place], rows, values[tensors])
        np.maximum.at(high[place], rows, values[tensors])
    found = np.isfinite(low[0])
    differ = np.zeros(len(found), bool)
    differ[found] = (high[0] > low[0] * (1 + 1e-6))[found] | (high[1] > low[1])[found]
    concatenates, kinds = is_type(model, "CONCATENATION"), np.zeros((2, len(found)), bool)
    for place, name in enumerate(("INT8", "UINT8")):
        kinds[place, rows[typed(model, tensors, name)]] = True
    differ &= ~(concatenates & kinds[1])
    refused = differ & (is_type(model, *REFUSED) | concatenates & kinds[0])
    details = {row: f"scales from {low[0, row]:.6g} to {high[0, row]:.6g}" for row in np.flatnonzero(differ).tolist()}
    yield from of_operators(
        model, "error", "quant-scales-refused", np.flatnonzero(refused),
        "inputs and outputs must have one scale and zero point; kernels refuse others", details,
    )  # fmt: skip
    yield from of_operators(
        model, "warning", "quant-scales-differ", np.flatnonzero(differ & ~refused),
        "the specification wants one scale and zero point for inputs and outputs: values pass through unchanged",
        details,
    )  # fmt: skip


def _fixed_outputs(model: Model, scale: Array, zero_point: Array) -> Iterator[Found]:
    wrong = {True: [np.zeros(0, np.int64)], False: [np.zeros(0, np.int64)]}
    for (name, dtype), (wanted, zero, is_refused) in FIXED.items():
        operators = np.flatnonzero(is_type(model, name))
        read, written = (numbered(column, operators, 0) for column in (model.operators.inputs, model.operators.outputs))
        # SOFTMAX from int8 to int16 has parameters of its own.
        usable = typed(model, read, dtype) & typed(model, written, dtype)
        operators, written = operators[usable], written[usable]
        known = np.isfinite(scale[written])
        off = (np.abs(scale[written] - wanted) > wanted * TOLERANCE) | (zero_point[written] != zero)
        wrong[is_refused].append(operators[known & off])
    text = "the output's scale and zero point are prescribed for this operator, and are others"
    yield from of_operators(
        model, "error", "quant-fixed-output", np.concatenate(wrong[True]), f"{text}; the runtime refuses the model"
    )
    yield from of_operators(
        model, "warning", "quant-other-output", np.concatenate(wrong[False]),
        f"{text}; LiteRT's kernels run all the same, delegates and chips may not",
    )  # fmt: skip


def _lstm(model: Model, scale: Array) -> Iterator[Found]:
    operators = np.flatnonzero(is_type(model, "UNIDIRECTIONAL_SEQUENCE_LSTM"))
    inputs = model.operators.inputs
    integer = typed(model, numbered(inputs, operators, 0), "INT8") & typed(
        model, numbered(inputs, operators, 2), "INT8"
    )
    operators = operators[integer]
    inner = model.operators.intermediates.take(operators)
    hidden = numbered(inner, np.arange(len(operators)), _HIDDEN)
    scaled = (hidden >= 0) & np.isfinite(scale[np.maximum(hidden, 0)])
    wrong = (inner.counts != _INTERMEDIATES) | ~scaled
    yield from of_operators(
        model, "error", "quant-lstm-intermediates", operators[wrong],
        "an LSTM in integers needs 5 intermediate tensors that carry scales; the runtime refuses the model",
    )  # fmt: skip
    cell = numbered(inputs, operators, _CELL_STATE)
    step = np.where(typed(model, cell, "INT16"), scale[np.maximum(cell, 0)], np.nan)
    step = np.where(step > 0, step, np.nan)
    exponent = np.log2(step)
    yield from of_operators(
        model, "error", "quant-lstm-cell", operators[np.abs(exponent - np.round(exponent)) > TOLERANCE],
        "the scale of an LSTM's cell state of 16 bits must be a power of two: LiteRT runs it and gives wrong results",
    )  # fmt: skip
