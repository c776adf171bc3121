"""Which kernels of XNNPACK do the work of which operator, as its profile names them.

Names: src/xnnpack/operator-type-defs.inc of XNNPACK (2026-08), as they stand in the runtime's library. What belongs to
what: tflite/delegates/xnnpack/xnnpack_delegate.cc of LiteRT f674577, and profiles of the models in tests/models.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..analysis.dtypes import bits_of, dtype_name
from ..analysis.model import Model
from ..analysis.ragged import Array

# Operator type: the families of kernels that do its work.
_MAIN = {
    "CONV_2D": ("Convolution", "Fully Connected"),
    "DEPTHWISE_CONV_2D": ("Convolution",),
    "TRANSPOSE_CONV": ("Deconvolution",),
    "FULLY_CONNECTED": ("Fully Connected", "Dynamic Fully Connected", "Batch Matrix Multiply"),
    "BATCH_MATMUL": ("Batch Matrix Multiply", "Fully Connected", "Dynamic Fully Connected"),
    "RESHAPE": ("Static Reshape", "Copy"),
    "SQUEEZE": ("Static Reshape", "Copy"),
    "EXPAND_DIMS": ("Static Expand Dims", "Static Reshape", "Copy"),
    "TRANSPOSE": ("Transpose", "Copy"),
    "CONCATENATION": ("Copy", "Concatenate"),
    "PACK": ("Copy", "Concatenate"),
    "SPLIT": ("Copy", "Slice", "Split"),
    "SPLIT_V": ("Copy", "Slice", "Split"),
    "SLICE": ("Slice", "Copy"),
    "STRIDED_SLICE": ("Slice", "Copy"),
    "PAD": ("Constant Pad",),
    "PADV2": ("Constant Pad",),
    "MEAN": ("Mean", "Average Pooling", "Global Average Pooling"),
    "SUM": ("Sum",),
    "REDUCE_MAX": ("Reduce Max",),
    "REDUCE_MIN": ("Reduce Min",),
    "MAX_POOL_2D": ("Max Pooling",),
    "AVERAGE_POOL_2D": ("Average Pooling", "Mean"),
    "RESIZE_BILINEAR": ("Resize Bilinear",),
    "DEPTH_TO_SPACE": ("Depth To Space",),
    "SPACE_TO_DEPTH": ("Space To Depth",),
    "SOFTMAX": ("Softmax",),
    "QUANTIZE": ("Convert",),
    "DEQUANTIZE": ("Convert",),
    "CAST": ("Convert",),
    "ADD": ("Add",),
    "SUB": ("Subtract",),
    "MUL": ("Multiply",),
    "DIV": ("Divide",),
    "POW": ("Power",),
    "MAXIMUM": ("Maximum",),
    "MINIMUM": ("Minimum",),
    "SQUARED_DIFFERENCE": ("Squared Difference",),
    "PRELU": ("PReLU",),
    "LOGISTIC": ("Sigmoid",),
    "TANH": ("TanH",),
    "RELU": ("Clamp",),
    "RELU6": ("Clamp",),
    "RELU_N1_TO_1": ("Clamp",),
    "RELU_0_TO_1": ("Clamp",),
    "LEAKY_RELU": ("LeakyReLU",),
    "ELU": ("ELU",),
    "GELU": ("GELU", "ApproxGELU"),
    "HARD_SWISH": ("HardSwish",),
    "ABS": ("Abs",),
    "NEG": ("Negate",),
    "SQUARE": ("Square",),
    "SQRT": ("Square Root",),
    "RSQRT": ("Reciprocal Square Root",),
    "EXP": ("Exp",),
    "LOG": ("Log",),
    "SIN": ("Sine",),
    "COS": ("Cosine",),
    "SIGN": ("Sign",),
    "FLOOR": ("Floor",),
    "CEIL": ("Ceiling",),
    "ROUND": ("Bankders Rounding", "Bankers Rounding"),
    "READ_VARIABLE": ("Copy",),
    "ASSIGN_VARIABLE": ("Copy",),
    "STABLEHLO_COMPOSITE": ("RoPE", "Normalize", "Mean Squared"),
}
# Rows before the main one: a reshape to two dimensions, and the quantization of real inputs on the way (QD, QP).
_BEFORE = {
    "FULLY_CONNECTED": ("Static Reshape", "Transpose"),
    "BATCH_MATMUL": ("Static Reshape", "Transpose"),
    "CONV_2D": ("Constant Pad",),
    "DEPTHWISE_CONV_2D": ("Constant Pad",),
}
_QUANTIZES = ("FULLY_CONNECTED", "BATCH_MATMUL", "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV")
_AFTER = "Clamp"  # an activation that is part of the operator and not of the kernel
_SEVERAL = ("CONCATENATION", "PACK", "SPLIT", "SPLIT_V")  # one kernel for each part
# Operators that often leave no row: a view of the same memory, or part of a neighbour's kernel.
_ELIDED = (
    "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "PAD", "PADV2", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "QUANTIZE",
    "DEQUANTIZE", "CAST", "CONCATENATION", "SPLIT", "TRANSPOSE",
)  # fmt: skip
_NEVER = ("VAR_HANDLE", "DENSIFY")
_TAG = re.compile(r"^(.*?) \((.*?)\)")


@dataclass(frozen=True)
class Fit:
    """How well rows fit operators, as matrices of rows x operators and vectors over operators.

    Attributes:
        main: bool, the row is a kernel that does such work.
        before: bool, or comes before it.
        after: bool per row, may come after any.
        typed: bool, and works on such numbers, as far as the row says.
        several: bool per operator, has one kernel for each part.
        elided: bool per operator, may well leave no row.
        absent: bool per operator, leaves none: it prepares a constant, or reads or writes a variable where it lies.
    """

    main: Array
    before: Array
    after: Array
    typed: Array
    several: Array
    elided: Array
    absent: Array


def fit(model: Model, tags: list[str], operators: Array) -> Fit:
    """How rows with these tags fit these operators (global ids), which are those of one partition."""
    ops = model.operators.ops
    types = np.array([ops[operator] for operator in operators.tolist()], str)
    families, kinds = ([part[i] for part in map(_parsed, tags)] for i in (0, 1))
    distinct_ops, op = np.unique(types, return_inverse=True)
    distinct_rows, row = np.unique(np.array(families, str), return_inverse=True)
    tables = [
        np.array([[name in table.get(t, ()) for t in distinct_ops.tolist()] for name in distinct_rows.tolist()], bool)
        for table in (_MAIN, _BEFORE)
    ]
    main, before = (table.reshape(len(distinct_rows), len(distinct_ops))[np.ix_(row, op)] for table in tables)
    quantizes = np.array(["Convert" in tag and ("QD" in tag or "QP" in tag) for tag in tags], bool)
    before |= quantizes[:, None] & np.isin(types, _QUANTIZES)
    return Fit(
        main & ~quantizes[:, None],
        before,
        np.array([family == _AFTER for family in families], bool),
        _typed(model, kinds, operators),
        np.isin(types, _SEVERAL),
        np.isin(types, _ELIDED),
        np.isin(types, _NEVER) | _prepares_constant(model, operators) | _in_place(model, operators),
    )


def _parsed(tag: str) -> tuple[str, str]:
    """Family and number type of a row: ``Fully Connected (NC, QS8, QC8W) GEMM`` is of ``Fully Connected``, ``QS8``."""
    found = _TAG.match(tag)
    if found is None:
        return tag, ""
    parts = found[2].split(", ")
    return found[1], parts[1] if len(parts) > 1 else ""


def _prepares_constant(model: Model, operators: Array) -> Array:
    """Bool: DEQUANTIZE and DENSIFY of a constant, which are done once when the model is compiled."""
    prepares = np.isin(model.operators.ops, ("DENSIFY", "DEQUANTIZE"))
    inputs, outputs = model.operators.inputs, model.operators.outputs
    constant = model.is_constant.copy()
    found = np.zeros(len(prepares), bool)
    for operator in np.flatnonzero(prepares).tolist():  # in the order of execution: one may read what another made
        read = inputs[operator]
        found[operator] = read.size > 0 and read[0] >= 0 and constant[read[0]]
        constant[outputs[operator]] |= found[operator]
    chosen: Array = found[operators]
    return chosen


def _in_place(model: Model, operators: Array) -> Array:
    """Bool: variables that are read for use within the partition only, or written from within; others are copied."""
    inside = set(operators.tolist())
    ops, outputs = model.operators.ops, set(model.subgraphs.outputs.values.tolist())

    def stays(operator: int) -> bool:
        if ops[operator] == "READ_VARIABLE":
            tensor = int(model.operators.outputs[operator][0])
            return tensor not in outputs and inside.issuperset(model.consumers[tensor].tolist())
        if ops[operator] == "ASSIGN_VARIABLE":
            return int(model.producer[model.operators.inputs[operator][-1]]) in inside
        return False

    return np.array([stays(operator) for operator in operators.tolist()], bool)


def _typed(model: Model, kinds: list[str], operators: Array) -> Array:
    """Bool, rows x operators: what the row says of its numbers does not contradict the operator's first output."""
    outputs = model.operators.outputs
    tensor = np.array([outputs[o][0] if outputs[o].size else -1 for o in operators.tolist()], np.int64)
    types = np.where(tensor >= 0, model.tensors.type[tensor], 255).astype(np.uint8)
    bits, names = bits_of(types), [dtype_name(int(value)) for value in types.tolist()]
    real = np.array([name.startswith(("FLOAT", "BFLOAT")) for name in names])
    table = {kind: _agrees(kind, bits, real) for kind in set(kinds)}
    return np.array([table[kind] for kind in kinds]).reshape(len(kinds), len(operators))


def _agrees(kind: str, bits: Array, real: Array) -> Array:
    if re.fullmatch(r"X\d+", kind):
        agrees: Array = (bits == int(kind[1:])) | (bits == 0)
        return agrees
    if kind.startswith(("F", "PF", "BF", "QD", "QP")):  # QD, QP: real inputs that are quantized on the way
        return real
    if kind.startswith(("QS", "QC", "QU", "PQ")):
        return ~real
    return np.ones(len(bits), bool)
