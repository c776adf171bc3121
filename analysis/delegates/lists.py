"""Delegates of which no more is known here than a list of operator types, and what goes for all operators.

They take no more than is foretold, and may take less: their drivers and compilers look at types, shapes and options
that the lists do not tell of.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..micro_operators import CUSTOM_METHODS, METHODS
from ..operators import tensorflow_op
from .nodes import Node, View
from .operator_lists import CORE_ML, GPU_LEGACY, INTEL, MEDIATEK, NNAPI
from .rules import LEAST, MOST, Claim, Claimer, Condition, Delegate, Failure, is_true


def _listed(names: Collection[str]) -> Condition:
    known = frozenset(names)

    def condition(node: Node) -> Failure | None:
        return None if node.op in known else Failure("operator", node.op, "an operator of its list")

    return condition


def _claims(*conditions: Condition) -> Claimer:
    def claim(view: View, subgraph: int) -> Claim:
        taken, failed = set(), {}
        for node in view.nodes(subgraph):
            found = [failure for condition in conditions if (failure := condition(node)) is not None]
            if found:
                failed[node.operator] = found
            else:
                taken.add(node.operator)
        return Claim(taken, failed)

    return claim


def _float_input(node: Node) -> Failure | None:
    tensor = node.input(2 if node.op == "TRANSPOSE_CONV" else 0)
    found = node.type(tensor)
    return None if found == "FLOAT32" else Failure("its input", found or "left out", "FLOAT32")


def _core_ml_version(node: Node) -> Failure | None:
    most = {"DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 6}.get(node.op, 1)
    found = node.view.version[node.operator]
    return None if found <= most else Failure("operator version", str(found), f"at most {most}")


def _gpu_types(allowed: tuple[str, ...]) -> Condition:
    def condition(node: Node) -> Failure | None:
        for side, tensors in (("input", node.inputs), ("output", node.outputs)):
            for place, tensor in enumerate(tensors):
                if tensor >= 0 and node.view.model.producer[tensor] >= 0 and node.type(tensor) not in allowed:
                    return Failure(f"{side} {place}", node.type(tensor), " or ".join(allowed))
        return None

    return condition


def _gpu_legacy(options: Mapping[str, str]) -> Claimer:
    quantized = ("INT8", "UINT8") if is_true(options, "quantized") else ()
    return _claims(_listed(GPU_LEGACY), _gpu_types(("FLOAT32", "FLOAT16", *quantized)))


def _flex(node: Node) -> Failure | None:
    return None if tensorflow_op(node.op) else Failure("operator", node.op, "an operator of TensorFlow")


_LITERT = "LiteRT f674577"
LISTS = (
    Delegate(
        "gpu-legacy", "GPU (TFLite delegate V2)", "list", f"tflite/delegates/gpu/common/model_builder.cc of {_LITERT}",
        _gpu_legacy({"quantized": "true"}), most_partitions=1, options={"quantized": "true", MOST: "1"},
        with_options=_gpu_legacy,
    ),
    Delegate(
        "nnapi", "NNAPI", "list", f"tflite/delegates/nnapi/nnapi_delegate.cc of {_LITERT}", _claims(_listed(NNAPI)),
        most_partitions=3, options={MOST: "3"},
    ),
    Delegate(
        "coreml", "Core ML", "list", f"tflite/delegates/coreml/coreml_delegate.mm of {_LITERT}",
        _claims(_listed(CORE_ML), _float_input, _core_ml_version), least_operators=2,
        options={MOST: "0", LEAST: "2"},
    ),
    Delegate(
        "intel", "Intel NPU (OpenVINO)", "list",
        f"litert/vendors/intel_openvino/compiler/openvino_compiler_plugin.cc of {_LITERT}", _claims(_listed(INTEL)),
        partitioner="runs",
    ),
    Delegate(
        "mediatek", "MediaTek NPU", "list", f"litert/vendors/mediatek/compiler/compiler_plugin.cc of {_LITERT}",
        _claims(_listed(MEDIATEK)), partitioner="runs",
    ),
    Delegate(
        "tflm", "TensorFlow Lite Micro", "list", "micro_mutable_op_resolver.h of tflite-micro 90b983c2",
        _claims(_listed([*METHODS, *CUSTOM_METHODS])),
    ),
    Delegate("flex", "Flex", "list", "custom codes that begin with Flex", _claims(_flex)),
)  # fmt: skip
