"""What a GPU must hold for a model's tensors: the limit of a device that both GPU delegates look at.

TensorDescriptor::CanCreateTensorWithShape and UpdateToSupportedStorageType: a tensor that fits no texture goes to a
buffer, and one that is larger than a buffer may be fails the whole delegate. Read in
ml_drift/common/task/tensor_desc.cc of google-ai-edge/ml-drift 6ac7cb5, and in
tflite/delegates/gpu/common/task/tensor_desc.cc of LiteRT f674577, with ExtractTensorShape of model_builder_helper.cc.
What constants become on the device is not looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from ..dtypes import bits_of
from ..model import Model
from ..ragged import Array
from ..schema import enum_values
from .rules import whole

BUFFER, PRECISION = "max_buffer_mib", "precision"
# 128 MiB is what the delegate takes where the driver does not say, as OpenGL's, and what Vulkan and WebGPU promise at
# least. By default computation is in 16 bits where the device can (MlDriftDelegatePrecision).
OPTIONS = {BUFFER: "128", PRECISION: "fp16"}
_PRECISIONS = {"fp16": 16, "fp32": 32}
_FLOATS = ("FLOAT16", "FLOAT32", "BFLOAT16")


def needs(
    model: Model, operators: Collection[int], skipped: Collection[int], values: Mapping[str, str]
) -> dict[int, str]:
    """Of operators that the delegate takes, those with a tensor that not every device can hold.

    Args:
        model: the model.
        operators: global ids.
        skipped: tensors that the delegate does not keep, as it reads others in their place.
        values: options of the delegate.

    Returns:
        By operator, what a device must hold.

    Raises:
        ValueError: for values that are no options.
    """
    most, float_bits = whole(values, BUFFER) << 20, _PRECISIONS.get(values[PRECISION])
    if float_bits is None:
        raise ValueError(f"{PRECISION}={values[PRECISION]}: must be fp16 or fp32")
    held = _held(model, float_bits)
    held[list(skipped)] = 0
    ids = np.array(sorted(operators), np.int64)
    largest = np.zeros(len(ids), np.int64)
    for side in (model.operators.inputs, model.operators.outputs):
        mine = side.take(ids)
        there = mine.values >= 0
        np.maximum.at(largest, mine.rows[there], held[mine.values[there]])
    over = largest > most
    return {
        operator: f"buffers of at least {size:,} bytes"
        for operator, size in zip(ids[over].tolist(), largest[over].tolist(), strict=True)
    }


def _held(model: Model, float_bits: int) -> Array:
    """Bytes of every computed tensor on the device, its channels filled up to a multiple of four."""
    shape, elements = model.tensors.shape, np.minimum(model.tensors.elements, 1 << 40)
    # A vector is taken for a batch of single values.
    channels = np.ones(len(model.tensors), np.int64)
    deep = shape.counts > 1
    channels[deep] = shape.values[shape.offsets[1:][deep] - 1]
    padded = np.where(channels > 0, elements // np.maximum(channels, 1) * (-(-channels // 4) * 4), 0)
    types = enum_values("TensorType")
    is_float = np.isin(model.tensors.type, [types[name] for name in _FLOATS if name in types])
    bits = np.where(is_float, float_bits, np.maximum(bits_of(model.tensors.type), 8))
    sizes: Array = np.where(model.is_constant | (elements < 0), 0, padded * bits // 8)
    return sizes
