"""Delegates of which no more is known here than a list of operator types, and what goes for all operators.

They take no more than is foretold, and may take less: their drivers and compilers look at types, shapes and options
that the lists do not tell of.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial

from ..micro_operators import CUSTOM_METHODS, METHODS
from ..operators import tensorflow_op
from .gpu_memory import BUFFER, PRECISION, needs
from .halves import claimed
from .nodes import Node, View
from .operator_lists import GPU_LEGACY, INTEL, MEDIATEK, QUALCOMM
from .rules import MOST, STRATEGY, SWITCH, Claim, Claimer, Condition, Delegate, Failure, claim_by, is_true


def _listed(names: Collection[str]) -> Condition:
    known = frozenset(names)

    def condition(node: Node) -> Failure | None:
        return None if node.op in known else Failure("operator", node.op, "an operator of its list")

    return condition


def _judge(*conditions: Condition) -> Callable[[Node], list[Failure]]:
    def judge(node: Node) -> list[Failure]:
        return [failure for condition in conditions if (failure := condition(node)) is not None]

    return judge


def _claims(*conditions: Condition) -> Claimer:
    return partial(claim_by, judge=_judge(*conditions))


def _gpu_types(allowed: tuple[str, ...]) -> Condition:
    def condition(node: Node) -> Failure | None:
        for side, tensors in (("input", node.inputs), ("output", node.outputs)):
            for place, tensor in enumerate(tensors):
                if tensor >= 0 and node.view.computed[tensor] and node.type(tensor) not in allowed:
                    return Failure(f"{side} {place}", node.type(tensor), " or ".join(allowed))
        return None

    return condition


def _opencl(node: Node) -> Failure | None:
    """DelegatePrepare of tflite/delegates/gpu/delegate.cc takes no SPLIT where there is no OpenCL."""
    if node.op not in ("SPLIT", "SPLIT_V"):
        return None
    return Failure("operator", f"{node.op} without OpenCL", "a device with OpenCL")


def _gpu_legacy(values: Mapping[str, str]) -> Claimer:
    quantized = ("INT8", "UINT8") if is_true(values, "quantized") else ()
    without = () if is_true(values, "opencl") else (_opencl,)
    judge = _judge(_listed(GPU_LEGACY), _gpu_types(("FLOAT32", "FLOAT16", *quantized)), *without)

    def claim(view: View, subgraph: int) -> Claim:
        found = claimed(view, subgraph, judge)
        return replace(found, needs=needs(view.model, found.operators, found.instead, values))

    return claim


def _flex(node: Node) -> Failure | None:
    return None if tensorflow_op(node.op) else Failure("operator", node.op, "an operator of TensorFlow")


# Element types that QNN has something for; the same page.
_QNN_TYPES = (
    "BOOL", "INT4", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FLOAT16", "FLOAT32",
    "FLOAT64",
)  # fmt: skip


def _qualcomm_types(node: Node) -> Failure | None:
    for side, tensors in (("input", node.inputs), ("output", node.outputs)):
        for place, tensor in enumerate(tensors):
            if tensor >= 0 and node.type(tensor) not in _QNN_TYPES:
                return Failure(f"{side} {place}", node.type(tensor), "a type of QNN")
    return None


_LITERT = "LiteRT f674577"
_STRATEGY = {STRATEGY: "default"}
# In 32 bits unless loss of precision is allowed (TfLiteGpuDelegateOptionsV2Default).
_GPU_LEGACY = {"quantized": "true", "opencl": "true", BUFFER: "128", PRECISION: "fp32"}
LISTS = (
    Delegate(
        "gpu-legacy", "GPU (TFLite delegate V2)", "list", f"tflite/delegates/gpu/common/model_builder.cc of {_LITERT}",
        _gpu_legacy(_GPU_LEGACY), most_partitions=1, options={**_GPU_LEGACY, MOST: "1"}, with_options=_gpu_legacy,
        choices={"quantized": SWITCH, "opencl": SWITCH},
    ),
    Delegate(
        "intel", "Intel NPU (OpenVINO)", "list",
        f"litert/vendors/intel_openvino/compiler/openvino_compiler_plugin.cc of {_LITERT}", _claims(_listed(INTEL)),
        partitioner="runs", options=_STRATEGY,
    ),
    Delegate(
        "mediatek", "MediaTek NPU", "list", f"litert/vendors/mediatek/compiler/compiler_plugin.cc of {_LITERT}",
        _claims(_listed(MEDIATEK)), partitioner="runs", options=_STRATEGY,
    ),
    Delegate(
        "qualcomm", "Qualcomm NPU (QNN)", "list",
        f"litert/vendors/qualcomm/compiler/Qualcomm_QNN_Compiler.md of {_LITERT}",
        _claims(_listed(QUALCOMM), _qualcomm_types), partitioner="runs", options=_STRATEGY,
    ),
    Delegate(
        "tflm", "TensorFlow Lite Micro", "list", "micro_mutable_op_resolver.h of tflite-micro 90b983c2",
        _claims(_listed([*METHODS, *CUSTOM_METHODS])),
    ),
    Delegate("flex", "Flex", "list", "custom codes that begin with Flex", _claims(_flex)),
)  # fmt: skip
