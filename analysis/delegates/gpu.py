"""The GPU delegate of LiteRT (ml_drift), which OpenCL, OpenGL, Metal, Vulkan and WebGPU share.

Read in GetOpsToReplaceWithOptions and IsAllAllowedTensors of ml_drift_delegate/tflite/model_builder.cc of LiteRT
f674577: which types an operator may read and write, and that tensors have fewer than five dimensions. What the parsers
of single operators look at besides is here as far as it was met; see docs/delegates.md. What the five of them are
created with changes nothing of that: 8 bits and BOOL are always allowed, and one partition is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .gpu_memory import OPTIONS, needs
from .halves import claimed
from .nodes import Node, View
from .operator_lists import GPU
from .rules import Claim, Claimer, Condition, Delegate, Failure, Rules, option

_FLOATS = ("FLOAT32", "FLOAT16")
_QUANTIZED_IN, _QUANTIZED_OUT = ("INT2", "INT4", "INT8", "UINT8"), ("INT8", "UINT8")
_SIGNED, _UNSIGNED = ("INT8", "INT16", "INT32"), ("UINT8", "UINT16", "UINT32")
_INTEGERS = {
    "ABS", "ADD", "ATAN2", "COS", "DIV", "FLOOR_DIV", "FLOOR_MOD", "MAXIMUM", "MINIMUM", "MUL", "NEG", "REDUCE_MAX",
    "REDUCE_MIN", "REDUCE_PROD", "RIGHT_SHIFT", "SIGN", "SIN", "STABLEHLO_CLAMP", "SUB", "SUM", "STABLEHLO_REMAINDER",
    "TILE",
}  # fmt: skip
_ANYTHING = {
    "STABLEHLO_BROADCAST_IN_DIM", "BITCAST", "CAST", "CONCATENATION", "DYNAMIC_UPDATE_SLICE", "GATHER", "PACK", "PAD",
    "PADV2", "RESHAPE", "REVERSE_V2", "SELECT", "SELECT_V2", "SLICE", "STRIDED_SLICE", "TRANSPOSE",
}  # fmt: skip
_COMPARES = {"GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "EQUAL", "NOT_EQUAL"}
_LOGICAL = {"LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT"}
_MOST_DIMENSIONS = 4


def _claimer(values: Mapping[str, str]) -> Claimer:
    def claim(view: View, subgraph: int) -> Claim:
        found = claimed(view, subgraph, _failures)
        return replace(found, needs=needs(view.model, found.operators, found.instead, values))

    return claim


def _failures(node: Node) -> list[Failure]:
    if node.op not in GPU:
        return [Failure("operator", node.op, "an operator that it has a kernel for")]
    reads, writes = _allowed(node)
    found: list[Failure] = []
    for side, tensors, allowed in (("input", node.inputs, reads), ("output", node.outputs, writes)):
        for place, tensor in enumerate(tensors):
            if tensor < 0:
                continue
            rank = len(node.view.shape[tensor])
            if rank > _MOST_DIMENSIONS:
                hint = "reshape to at most 4 dimensions around it"
                found.append(Failure(f"{side} {place}", f"{rank}-dimensional", "at most 4 dimensions", hint))
            if not node.is_static(tensor) and node.type(tensor) not in allowed:
                found.append(Failure(f"{side} {place}", node.type(tensor), " or ".join(sorted(allowed))))
    return found + [failure for condition in SINGLE.get(node.op, ()) if (failure := condition(node)) is not None]


def _dense(node: Node) -> Failure | None:
    before = node.view.model.producer[node.input(0)] if node.input(0) >= 0 else -1
    if before < 0 or node.view.ops[int(before)] != "DENSIFY":
        return None
    return Failure("input 0", "made by DENSIFY", "dense weights", "store the weights dense")


def _one_scale(place: int) -> Condition:
    """What is computed has one scale."""

    def condition(node: Node) -> Failure | None:
        tensor = node.input(place)
        if tensor < 0 or node.view.constant[tensor] or node.view.scales[tensor] <= 1:
            return None
        return Failure(f"input {place}", "computed, with a scale per channel", "one scale, or a constant")

    return condition


def _indices(node: Node) -> Failure | None:
    tensor = node.input(1)
    rank = len(node.view.shape[tensor]) if tensor >= 0 else 1
    hint = "flatten the indices, and reshape the result"
    return None if rank == 1 else Failure("input 1 (indices)", f"{rank}-dimensional", "1-dimensional", hint)


def _signed_weights(node: Node) -> Failure | None:
    tensor = node.input(1)
    if tensor < 0 or not node.view.constant[tensor] or node.type(tensor) != "UINT8":
        return None
    return Failure("input 1 (weights)", "UINT8", "INT8, INT4 or INT2", "quantize again, to signed weights")


# What parsers of single operators refuse, as far as it was met.
SINGLE: Rules = {
    "DEQUANTIZE": (_dense, _one_scale(0)),
    "CONV_2D": (_one_scale(1),),
    "DEPTHWISE_CONV_2D": (_one_scale(1),),
    "FULLY_CONNECTED": (_signed_weights,),
    "GATHER": (_indices,),
    "STRIDED_SLICE": tuple(option(f"{name}_mask", 0, needed="0") for name in ("ellipsis", "new_axis", "shrink_axis")),
}


def _allowed(node: Node) -> tuple[set[str], set[str]]:
    """The types that an operator may read and write, of what is computed."""
    reads, writes = {*_FLOATS, "BOOL", *_QUANTIZED_IN}, {*_FLOATS, *_QUANTIZED_OUT}
    if node.op == "ARG_MAX":
        writes = {"INT32"}
    if node.op in ("REDUCE_ALL", "REDUCE_ANY"):
        reads, writes = {"BOOL"}, {"BOOL"}
    if node.op in ("EMBEDDING_LOOKUP", "ONE_HOT", "DYNAMIC_UPDATE_SLICE"):
        reads.add("INT32")
    if node.op in _COMPARES:
        reads |= {*_SIGNED, *_UNSIGNED}
        writes.add("BOOL")
    if node.op in _LOGICAL:
        reads = writes = {"BOOL", *_SIGNED}
    if node.op == "TOPK_V2":
        writes.add("INT32")
    if node.op in _INTEGERS or node.op == "STABLEHLO_SHIFT_LEFT":
        reads, writes = reads | {*_SIGNED}, writes | {*_SIGNED}
    if node.op in _ANYTHING:
        every = {*_SIGNED, *_UNSIGNED, "BOOL", "BFLOAT16"}
        reads, writes = reads | every, writes | every
    return reads, writes


GPU_DELEGATE = Delegate(
    "gpu", "GPU", "rules", "ml_drift_delegate/tflite/model_builder.cc of LiteRT f674577", _claimer(OPTIONS),
    most_partitions=1, options=OPTIONS, with_options=_claimer,
)  # fmt: skip
