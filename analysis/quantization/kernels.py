"""Checks of what kernels demand of the parameters around an operator: weights, biases, equal scales, fixed outputs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..dtypes import dtype_name
from ..model import Model
from ..operands import numbered
from ..ragged import Array
from ..report import Finding
from ..values import INTEGERS, stored
from .channels import PER_CHANNEL, PER_TENSOR, axis_of, bits, extremes
from .findings import of_operators
from .modes import WEIGHTS, is_type

# Operators whose inputs and outputs share one scale (the 8-bit quantization specification of LiteRT).
SAME_SCALE = (
    "AVERAGE_POOL_2D", "MAX_POOL_2D", "CONCATENATION", "RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR",
    "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "PAD", "PADV2", "MIRROR_PAD", "GATHER", "GATHER_ND", "BATCH_TO_SPACE_ND",
    "SPACE_TO_BATCH_ND", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "MAXIMUM", "MINIMUM", "SLICE", "STRIDED_SLICE", "SPLIT",
    "SPLIT_V", "PACK", "UNPACK", "TILE", "REVERSE_V2", "BROADCAST_TO",
)  # fmt: skip
# Of these the kernels themselves refuse other scales (tflite/kernels/{concatenation,pooling}.cc of LiteRT f674577).
_REFUSED = ("CONCATENATION", "MAX_POOL_2D")
# Scale and zero point that outputs must have, by type (the same specification; kernels allow 0.1 % on the scale).
FIXED = {
    "INT8": {"SOFTMAX": (1 / 256, -128), "LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0),
             "L2_NORMALIZATION": (1 / 128, 0), "LOG_SOFTMAX": (16 / 256, 127)},
    "INT16": {"SOFTMAX": (1 / 32768, 0)},
}  # fmt: skip
_TOLERANCE = 1e-3
# GetQuantizedConvolutionMultipler in tflite/kernels/kernel_util.cc refuses a bias further off than this of the output.
_REFUSED_BIAS = 0.02
_NEAR_LIMIT = 2**30
_FEW_BITS = 5.0
_UNDERUSED = 0.9


def check_kernels(model: Model) -> Iterator[Finding]:
    """Findings on operators one by one."""
    yield from _weights(model)
    yield from _biases(model)
    yield from _same_scales(model)
    yield from _fixed_outputs(model)


def _typed(model: Model, tensors: Array, *names: str) -> Array:
    """Bool per id: the tensor is there and of one of the types."""
    wanted = [value for value in np.unique(model.tensors.type).tolist() if dtype_name(value) in names]
    there = tensors >= 0
    found = np.zeros(len(tensors), bool)
    found[there] = np.isin(model.tensors.type[tensors[there]], wanted)
    return found


def _scaled(model: Model, tensors: Array) -> Array:
    """Bool per id: the tensor is there and has as many scales as zero points."""
    counts = model.quantization.scale.counts
    there = tensors >= 0
    found = np.zeros(len(tensors), bool)
    ids = tensors[there]
    found[there] = (counts[ids] > 0) & (counts[ids] == model.quantization.zero_point.counts[ids])
    return found


def _weights(model: Model) -> Iterator[Finding]:
    """Each weight tensor is looked at once, at the first operator that reads it as its weights."""
    asymmetric, narrow, unused, coarse, weak = [], [], [], [], []
    seen: set[int] = set()
    for name, (place, _, axis) in WEIGHTS.items():
        operators = np.flatnonzero(is_type(model, name))
        tensors = numbered(model.operators.inputs, operators, place)
        usable = _typed(model, tensors, "INT8", "INT4", "INT2") & _scaled(model, tensors)
        for operator, tensor in zip(operators[usable].tolist(), tensors[usable].tolist(), strict=True):
            if tensor in seen or not model.is_constant[tensor] or name == "GATHER":
                continue
            seen.add(tensor)
            if model.quantization.zero_point[tensor].any():
                asymmetric.append(operator)
            found = extremes(model, tensor, axis_of(model, tensor, axis)) if axis >= 0 else None
            if found is None:
                continue
            lowest, highest = INTEGERS[dtype_name(int(model.tensors.type[tensor]))]
            if lowest == -128 and int(found.low.min()) == lowest:
                narrow.append(operator)
            kind, reach = model.quantization.kind[tensor], found.reach[found.reach > 0]
            if kind == PER_CHANNEL and len(reach) and reach.max() < _UNDERUSED * highest:
                unused.append(operator)
            if kind == PER_TENSOR and len(found.reach) > 1 and len(reach):
                few = name == "DEPTHWISE_CONV_2D" or bits(reach).min() < _FEW_BITS
                (weak if few else coarse).append(operator)
    yield from of_operators(
        model,
        "error",
        "quant-asymmetric-weights",
        _ids(asymmetric),
        "weights with a zero point other than 0: the kernels of signed weights take it for 0",
    )
    yield from of_operators(
        model,
        "warning",
        "quant-range-use",
        _ids(unused),
        "per-channel weights reach less than 90 % of their range: the scales are larger than the values need",
    )
    yield from of_operators(
        model,
        "warning",
        "quant-per-tensor-weak",
        _ids(weak),
        f"one scale for all channels, where a channel is left with less than {_FEW_BITS:g} bits or the operator is "
        "depthwise: quantize per channel",
    )
    yield from of_operators(
        model, "note", "quant-per-tensor", _ids(coarse), "one scale for all channels of the weights"
    )
    yield from of_operators(
        model, "note", "quant-narrow-range", _ids(narrow),
        "weights hold -128: the specification has them from -127, which some kernels rely on",
    )  # fmt: skip


def _ids(operators: list[int]) -> Array:
    return np.array(sorted(operators), np.int64)


def _biases(model: Model) -> Iterator[Finding]:
    refused, off, bare, near = [], [], [], []
    for name, (place, bias_place, _) in WEIGHTS.items():
        if bias_place < 0:
            continue
        operators = np.flatnonzero(is_type(model, name))
        inputs = model.operators.inputs
        data = numbered(inputs, operators, 2 if name in ("TRANSPOSE_CONV", "CONV_3D_TRANSPOSE") else 0)
        weight, bias = numbered(inputs, operators, place), numbered(inputs, operators, bias_place)
        output = numbered(model.operators.outputs, operators, 0)
        usable = _typed(model, bias, "INT32", "INT64") & _scaled(model, weight) & _scaled(model, data)
        for k in np.flatnonzero(usable).tolist():
            operator, tensor = int(operators[k]), int(bias[k])
            if not len(model.quantization.scale[tensor]):
                bare.append(operator)
            else:
                share, of_output = _deviation(model, int(data[k]), int(weight[k]), tensor, int(output[k]))
                if share > _TOLERANCE:
                    checked = _is_checked(model, name, int(data[k]), int(weight[k]))
                    (refused if checked and of_output > _REFUSED_BIAS else off).append(operator)
            values = stored(model, tensor) if model.is_constant[tensor] else None
            if values is not None and _reaches(values.read(0, values.count)):
                near.append(operator)
    yield from of_operators(
        model,
        "error",
        "quant-bias-refused",
        _ids(refused),
        "the bias's scale is not that of input times weights, and these kernels refuse it",
    )
    yield from of_operators(
        model,
        "warning",
        "quant-bias-scale",
        _ids(off),
        "the bias's scale is more than 0.1 % off that of input times weights: kernels take it for that one",
    )
    yield from of_operators(
        model, "warning", "quant-bias-limits", _ids(near), "the bias is close to the limits of int32: sums may overflow"
    )
    yield from of_operators(model, "note", "quant-bias-bare", _ids(bare), "the integer bias has no scale")  # fmt: skip


def _reaches(values: Array) -> bool:
    return values.dtype == np.int32 and bool((np.abs(values.astype(np.int64)) > _NEAR_LIMIT).any())


def _deviation(model: Model, data: int, weight: int, bias: int, output: int) -> tuple[float, float]:
    """How far the bias's scale is off, by what it should be and by the output's scale."""
    scale = model.quantization.scale
    wanted = scale[data][0].astype(np.float64) * scale[weight]
    found = scale[bias].astype(np.float64)
    if len(wanted) not in (1, len(found)) and len(found) != 1:
        return 0.0, 0.0  # the counts are wrong, which is a finding of its own
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.abs(found - wanted)
        of_output = gap / scale[output][0] if output >= 0 and len(scale[output]) else np.zeros(1)
        return float(np.nanmax(gap / wanted)), float(np.nanmax(of_output))


def _is_checked(model: Model, name: str, data: int, weight: int) -> bool:
    """Whether the kernel looks: those of uint8, and FULLY_CONNECTED with one scale."""
    is_uint8 = dtype_name(int(model.tensors.type[data])) == "UINT8"
    return is_uint8 or (name == "FULLY_CONNECTED" and len(model.quantization.scale[weight]) == 1)


def _same_scales(model: Model) -> Iterator[Finding]:
    """Rows of operators and their computed operands with one scale, of which the extremes must be equal."""
    scale, zero = model.quantization.scale, model.quantization.zero_point
    one = (scale.counts == 1) & (zero.counts == 1) & ~model.is_constant
    ids = np.arange(len(model.tensors))
    one &= _typed(model, ids, "INT8", "UINT8", "INT16")
    first, second = np.zeros(len(ids)), np.zeros(len(ids))
    first[one] = scale.values[scale.offsets[:-1][one]]
    second[one] = zero.values[zero.offsets[:-1][one]]
    wanted = is_type(model, *SAME_SCALE)
    count = len(model.operators)
    low, high = np.full((2, count), np.inf), np.full((2, count), -np.inf)
    for column in (model.operators.inputs, model.operators.outputs):
        tensors = np.where(column.values >= 0, column.values, 0)
        mine = wanted[column.rows] & (column.values >= 0) & (one[tensors] if len(ids) else False)
        rows, of = column.rows[mine], tensors[mine]
        for place, values in enumerate((first, second)):
            np.minimum.at(low[place], rows, values[of])
            np.maximum.at(high[place], rows, values[of])
    with np.errstate(invalid="ignore"):
        differ = wanted & ((high[0] - low[0] > 1e-6 * high[0]) | (high[1] > low[1])) & np.isfinite(low[0])
    refused = differ & is_type(model, *_REFUSED)
    yield from of_operators(
        model,
        "error",
        "quant-scales-refused",
        np.flatnonzero(refused),
        "inputs and outputs must have one scale and zero point; kernels refuse others",
    )
    yield from of_operators(
        model, "warning", "quant-scales-differ", np.flatnonzero(differ & ~refused),
        "the specification wants one scale and zero point for inputs and outputs: values pass through unchanged",
    )  # fmt: skip


def _fixed_outputs(model: Model) -> Iterator[Finding]:
    wrong = []
    for dtype, rules in FIXED.items():
        for name, (scale, zero) in rules.items():
            operators = np.flatnonzero(is_type(model, name))
            outputs = numbered(model.operators.outputs, operators, 0)
            usable = _typed(model, outputs, dtype) & _scaled(model, outputs)
            operators, outputs = operators[usable], outputs[usable]
            places = model.quantization.scale.offsets[:-1][outputs], model.quantization.zero_point.offsets[:-1][outputs]
            found = model.quantization.scale.values[places[0]], model.quantization.zero_point.values[places[1]]
            wrong.append(operators[(np.abs(found[0] - scale) > scale * _TOLERANCE) | (found[1] != zero)])
    operators = np.sort(np.concatenate(wrong))
    yield from of_operators(
        model, "error", "quant-fixed-output", operators,
        "the output's scale and zero point are prescribed for this operator, and are others",
    )  # fmt: skip
