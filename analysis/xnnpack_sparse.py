"""The conditions under which XNNPACK infers with sparse weights.

From the section on sparse inference of tflite/delegates/xnnpack/README.md of LiteRT f674577: a graph from a first
convolution to a pooling, in which all convolutions but the first are pointwise and at least two thirds of their weights
are zero. The delegate looks for them when it prepares a partition; the whole subgraph is looked at here.
"""

from __future__ import annotations

import numpy as np

from .dtypes import dtype_name
from .model import Model
from .operands import numbered
from .options import option_column

_LEAST_ZEROS = 2 / 3
_ENDS = ("MEAN", "DEPTH_TO_SPACE")
_INSIDE = {
    "CONV_2D", "DEPTHWISE_CONV_2D", "RESIZE_BILINEAR", "ADD", "MUL", "ABS", "CEIL", "ELU", "FLOOR", "HARD_SWISH",
    "LEAKY_RELU", "LOGISTIC", "NEG", "RELU", "RELU6", "RELU_N1_TO_1", "ROUND", "SQUARE",
}  # fmt: skip


def failed_conditions(model: Model, zeros: dict[int, tuple[int, int]]) -> list[str]:
    """The conditions that the first subgraph fails, in words; empty where all hold.

    Args:
        model: the model.
        zeros: by operator with weights, how many are zero, of how many.
    """
    names = model.operators.ops
    kept = [
        operator
        for operator in np.flatnonzero(model.operators.subgraph == 0).tolist()
        if names[operator] not in ("DEQUANTIZE", "DENSIFY")
    ]
    ends = [place for place, operator in enumerate(kept) if names[operator] in _ENDS]
    first = next((place for place, operator in enumerate(kept) if _is_stem(model, operator, names)), None)
    failed = []
    if first is None:
        failed.append("no CONV_2D with 3 input channels, 3x3, stride 2 begins it")
    if not ends:
        failed.append("no MEAN over height and width and no DEPTH_TO_SPACE ends it")
    inside = kept[(first or 0) + (first is not None) : ends[0] if ends else None]
    others = sorted({names[operator] for operator in inside} - _INSIDE)
    if others:
        failed.append(f"{', '.join(others[:6])} in between")
    wide = [o for o in inside if names[o] == "CONV_2D" and _kernel(model, o) != (1, 1)]
    if wide:
        failed.append(f"{len(wide)} convolutions in between are not 1x1")
    odd = [o for o in inside if names[o] == "DEPTHWISE_CONV_2D" and _kernel(model, o) not in ((3, 3), (5, 5))]
    if odd:
        failed.append(f"{len(odd)} depthwise convolutions are neither 3x3 nor 5x5")
    pointwise = [zeros[o] for o in inside if names[o] == "CONV_2D" and _kernel(model, o) == (1, 1) and o in zeros]
    share = sum(n for n, _ in pointwise) / max(sum(count for _, count in pointwise), 1)
    if share < _LEAST_ZEROS:
        failed.append(f"{share:.0%} of the weights of 1x1 convolutions are zero, and two thirds are needed")
    integer = [o for o in inside if _is_integer(model, o)]
    if integer:
        failed.append(f"{len(integer)} operators compute in integers, and floats are needed")
    return failed


def _kernel(model: Model, operator: int) -> tuple[int, int]:
    """Height and width of a convolution's filter."""
    weight = int(numbered(model.operators.inputs, np.array([operator]), 1)[0])
    shape = model.tensors.shape[weight].tolist() if weight >= 0 else []
    return (shape[1], shape[2]) if len(shape) == 4 else (0, 0)


def _is_stem(model: Model, operator: int, names: list[str]) -> bool:
    weight = int(numbered(model.operators.inputs, np.array([operator]), 1)[0])
    if names[operator] != "CONV_2D" or weight < 0:
        return False
    strides = []
    for name in ("stride_h", "stride_w"):
        having, values = option_column(model, name)
        strides += values[having == operator].tolist()
    shape = model.tensors.shape[weight].tolist()
    return len(shape) == 4 and shape[1:] == [3, 3, 3] and strides == [2, 2]


def _is_integer(model: Model, operator: int) -> bool:
    output = int(numbered(model.operators.outputs, np.array([operator]), 0)[0])
    return output >= 0 and not dtype_name(int(model.tensors.type[output])).startswith("FLOAT")
