"""Tensor element types: names and widths."""

from __future__ import annotations

import functools

import numpy as np

from . import schema
from .ragged import Array

# Bits of one element as stored, by TensorType name (tflite/util.cc GetSizeOfType of LiteRT f674577; INT4, UINT4 and
# INT2 are packed). STRING, RESOURCE and VARIANT have no fixed width.
BITS = {
    "FLOAT32": 32, "FLOAT16": 16, "INT32": 32, "UINT8": 8, "INT64": 64, "BOOL": 8, "INT16": 16, "COMPLEX64": 64,
    "INT8": 8, "FLOAT64": 64, "COMPLEX128": 128, "UINT64": 64, "UINT32": 32, "UINT16": 16, "INT4": 4, "BFLOAT16": 16,
    "INT2": 2, "UINT4": 4, "FLOAT8_E4M3FN": 8, "FLOAT8_E5M2": 8,
}  # fmt: skip


def bits_of(types: Array) -> Array:
    """Bits of an element for every TensorType value, 0 where the width is not fixed or the type unknown. int64."""
    return _bits()[types.astype(np.uint8)]


@functools.cache
def _bits() -> Array:
    table = np.zeros(256, np.int64)
    for name, value in schema.enum_values("TensorType").items():
        table[value] = BITS.get(name, 0)
    return table


def dtype_name(value: int) -> str:
    """The schema's name of a TensorType value, ``TYPE_n`` for one that it does not know."""
    return schema.enum_names("TensorType").get(value, f"TYPE_{value}")
