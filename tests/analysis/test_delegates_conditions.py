"""Every condition of every module of rules is tried: there is a case that fails it, as told, and one that meets it.

The cases of the other files count; those here fill their gaps.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.delegates import coreml, delegates, edgetpu, gpu, hexagon, nnapi, xnnpack
from tb_tflite_plugin.analysis.delegates.rules import Rules
from tb_tflite_plugin.analysis.delegates.simulation import place
from tb_tflite_plugin.analysis.model import Model


def beside(name: str) -> ModuleType:
    """A file of tests that lies here, for its cases: files of tests cannot import each other."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


by_device, by_source = (beside(name) for name in ("test_delegates_rules", "test_delegates"))
T, numbers = by_device.T, by_device.numbers
F, H, Q, U, I16, I32, I64, BOOL = "FLOAT32", "FLOAT16", "INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL"


def scalar(kind: str) -> Any:
    """A computed operand without dimensions."""
    operand = T(kind)
    operand.shape = []
    return operand


Case = tuple[int, str, list[Any], Any, Any, str, int]
AXIS = T(I32, [1], data=True)
PADS = T(I32, [4, 2], data=True)
# The option, operator, operands, output, options, the reason (empty where it is taken), and the operator's version.
NNAPI: list[Case] = [
    (1, "ADD", [T(), T()], T(), None, "operator version is 3", 3),
    (3, "MUL", [T(), T()], T(), None, "operator version is 4", 4),
    (5, "TRANSPOSE_CONV", [numbers(1, 4, 4, 4), T(data=True), T()], T(), None, "operator version is 5", 5),
    (5, "CONV_2D", [T(), T(data=True), T(shape=[4], data=True)], T(), by_device.CONV, "operator version is 6", 6),
    (5, "DIV", [T(), T()], T(), None, "operator version is 2", 2),
    (3, "ELU", [T()], T(), None, "feature_level is 3; needed: at least 4", 1),
    (5, "MAXIMUM", [scalar(F), T()], T(), None, "input 0 is a computed scalar", 1),
    (5, "MAXIMUM", [T(), scalar(F)], T(), None, "input 1 is a computed scalar", 1),
    (5, "MAXIMUM", [T(BOOL), T(BOOL)], T(BOOL), None, "needed: FLOAT32 or UINT8 or INT8 or INT32", 1),
    (5, "DEQUANTIZE", [T(I16)], T(), None, "INT16", 1),
    (5, "DEQUANTIZE", [T(Q)], T(), None, "", 1),
    (2, "DEQUANTIZE", [T(U)], T(), None, "", 1),
    (3, "LSTM", [T()] * 24, T(), None, "", 1),
    (5, "PAD", [T(shape=[1, 0, 4, 4]), PADS], T(), None, "input 0 is empty", 1),
    (5, "PAD", [T()], T(), None, "inputs is 1", 1),
    (5, "ADD", [T(), T(shape=[1, 1, 1, 1, 2])], T(), None, "input 1 is 5-dimensional", 1),
    (5, "SPLIT_V", [T(), T(I32, [1, 2], [3, 1]), numbers(3)], T(), None, "input 1 is 2-dimensional", 1),
    (5, "SPLIT_V", [T(), numbers(4), T(I32, [1])], T(), None, "input 2 (axis)", 1),
    (5, "SPLIT_V", [T(), numbers(4), T(I64, data=[3])], T(), None, "input 2 is INT64", 1),
    (5, "REDUCE_MAX", [scalar(F), numbers(0)], T(), None, "input 0 is 0-dimensional", 1),
    (5, "REDUCE_MAX", [T(), numbers(1)], T(), None, "", 1),
    (5, "SUM", [T(), numbers(1)], scalar(F), None, "output 0 is 0-dimensional", 1),
    (5, "GATHER", [T(), scalar(I32)], T(), None, "input 1 is 0-dimensional", 1),
    (5, "GATHER", [T(I64), numbers(0)], T(I64), None, "needed: FLOAT32 or FLOAT16 or INT32", 1),
    (2, "RESIZE_BILINEAR", [T(shape=[4, 4, 4]), numbers(8, 8)], T(), None, "input 0 is 3-dimensional", 1),
    (2, "RESIZE_BILINEAR", [T(), numbers(8, 8)], T(shape=[1, 8, 8, 4]), None, "", 1),
    (3, "RESIZE_BILINEAR", [T(), numbers(8, 8)], T(), tfl.ResizeBilinearOptionsT(halfPixelCenters=True),
     "half_pixel_centers", 1),
    (5, "RESIZE_BILINEAR", [T(), T(I32, [2])], T(), None, "input 1 (size)", 1),
    (5, "RESHAPE", [T(shape=[1])], scalar(F), None, "a scalar", 1),
    (5, "RESHAPE", [T(), T(I32, [2])], T(shape=[4, 16]), None, "input 1 (shape)", 1),
    (5, "LSH_PROJECTION", [T(), T()], T(I32), tfl.LSHProjectionOptionsT(type=1), "", 1),
    (5, "ARG_MAX", [T(), T(I64, [1])], T(I32), None, "input 1 (axis)", 1),
    (5, "ARG_MAX", [T(BOOL), AXIS], T(I32), None, "needed: FLOAT16 or FLOAT32", 1),
    (5, "ARG_MAX", [T(), T(Q, [1], data=True)], T(I32), None, "needed: INT32 or INT64", 1),
    (5, "SPLIT", [T(I32, [1]), T()], T(), None, "input 0 (axis)", 1),
    (5, "SPLIT", [T(I64, [1], data=True), T()], T(), None, "input 0 is INT64", 1),
    (3, "SPLIT", [AXIS, T()], T(), None, "", 1),
    (5, "SPLIT", [AXIS, T(I64)], T(I64), None, "input 1 is INT64", 1),
    (5, "EXPAND_DIMS", [T(shape=[4]), T(I32, [1])], T(shape=[1, 4]), None, "input 1 (axis)", 1),
    (5, "TRANSPOSE", [T(), T(I32, [4])], T(), None, "input 1 (permutation)", 1),
    (5, "TRANSPOSE", [T(), numbers(0, 1, 2, 3)], T(), None, "", 1),
    (5, "TRANSPOSE_CONV", [numbers(1, 4, 4, 4), T(), T()], T(), None, "input 1 (weights)", 1),
    (5, "DENSIFY", [T(data=True)], T(), None, "", 1),
    (5, "TOPK_V2", [T(), AXIS], T(), None, "", 1),
    (5, "SVDF", [T()] * 4, T(), None, "inputs is 4", 1),
    (5, "SVDF", [T()] * 5, T(), None, "", 1),
    (2, "CONV_2D", [T(), T(data=True), T(shape=[4], data=True)], T(),
     tfl.Conv2DOptionsT(strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=2), "dilation_w_factor", 1),
    (3, "FULLY_CONNECTED", [T(), T(data=True)], T(), tfl.FullyConnectedOptionsT(), "", 1),
    (5, "FILL", [numbers(4), T(BOOL, [1])], T(BOOL, [4]), None, "input 1 is BOOL", 1),
    (5, "FILL", [T(Q, [1], data=True), T(shape=[1])], T(), None, "input 0 is INT8", 1),
    (5, "FILL", [numbers(4), T(shape=[1])], T(shape=[4]), None, "", 1),
    (6, "BATCH_MATMUL", [T(U), T(U)], T(U), None, "input 0 is UINT8", 1),
    (5, "CAST", [T(BOOL)], T(), None, "input 0 is BOOL", 1),
    (5, "CAST", [T(Q)], T(I32), None, "", 1),
    (5, "CAST", [T()], T(BOOL), None, "output 0 is BOOL", 1),
    (3, "CAST", [T()], T(Q), None, "output 0 is INT8", 1),
    (3, "CAST", [T(U)], T(), None, "", 1),
    (5, "NEG", [T(Q)], T(Q), None, "input 0 is INT8", 1),
    (5, "NEG", [T()], T(), None, "", 1),
    (5, "PACK", [T(U), T(U)], T(U), None, "input 0 is UINT8", 1),
    (5, "PACK", [T(), T()], T(), None, "", 1),
    (5, "SELECT", [T(BOOL), T(I64), T(I64)], T(I64), None, "input 1 is INT64", 1),
    (5, "SELECT", [T(BOOL), T(), T()], T(), None, "", 1),
    (5, "HASHTABLE_LOOKUP", [T(I32), T(I32), T()], T(I32), None, "output 0 is INT32", 1),
    (5, "HASHTABLE_LOOKUP", [T(I32), T(I32), T()], T(), None, "", 1),
    (5, "SLICE", [T(), numbers(0), T(I64, data=[1])], T(), None, "input 2 is INT64", 1),
    (5, "QUANTIZE", [T()], T(I16), None, "output 0 is INT16", 1),
    (3, "QUANTIZE", [T()], T(U), None, "", 1),
    (5, "LOGICAL_AND", [T(BOOL), T(BOOL)], T(BOOL), None, "", 1),
    (5, "GREATER", [T(), T()], T(BOOL), None, "", 1),
    (2, "AVERAGE_POOL_2D", [T(Q)], T(Q), tfl.Pool2DOptionsT(filterHeight=2, filterWidth=2), "", 1),
    (2, "CONCATENATION", [T(U), T(U)], T(U), tfl.ConcatenationOptionsT(axis=3), "", 1),
    (2, "SOFTMAX", [T()], T(), tfl.SoftmaxOptionsT(beta=1.0), "", 1),
]  # fmt: skip
CORE_ML: list[Case] = [
    (3, "TANH", [T()], T(), None, "operator version is 2", 2),
    (3, "TRANSPOSE_CONV", [T(I32, [4]), T(data=True), T()], T(), None, "input 0 (shape)", 1),
    (2, "RESHAPE", [T(), T(I32, [3])], T(shape=[1, 16, 4]), None, "input 1 (shape)", 1),
    (3, "RESIZE_BILINEAR", [T(), T(I32, [2])], T(), None, "input 1 (size)", 1),
    (3, "CONCATENATION", [T()], T(), tfl.ConcatenationOptionsT(axis=-1), "inputs is 1", 1),
    (3, "FULLY_CONNECTED", [T(shape=[1, 4]), T(shape=[4, 4], data=True)], T(shape=[1, 4]),
     tfl.FullyConnectedOptionsT(weightsFormat=1), "weights_format", 1),
    (3, "SOFTMAX", [T()], T(), tfl.SoftmaxOptionsT(beta=1.0), "", 1),
    (3, "MIRROR_PAD", [T(), PADS], T(), tfl.MirrorPadOptionsT(mode=0), "", 1),
]  # fmt: skip
EDGE_TPU: list[Case] = [
    (0, "CONV_2D", [T(Q), T(Q, data=True), T(I32, [4])], T(Q), by_device.CONV, "input 2 (bias)", 1),
    (0, "FULLY_CONNECTED", [T(Q, [1, 4]), T(Q, [4, 4], data=True)], T(Q, [1, 4]),
     tfl.FullyConnectedOptionsT(weightsFormat=1), "weights_format", 1),
    (0, "STRIDED_SLICE", [T(Q), numbers(0), numbers(1), numbers(1)], T(Q), tfl.StridedSliceOptionsT(ellipsisMask=1),
     "ellipsis_mask", 1),
    (0, "PRELU", [T(Q), T(Q, [1, 1, 4], data=True)], T(Q), None, "", 1),
    (0, "PAD", [T(Q), PADS], T(Q), None, "", 1),
]  # fmt: skip
BIAS, MATRIX, ROW = T(I32, [4], data=True), T(Q, [4, 4], data=True), T(Q, [1, 4])
KERNEL = T(Q, [4, 2, 2, 4], data=True)
SLICES = [T(Q), numbers(0), numbers(1), numbers(1)]
HEXAGON: list[Case] = [
    (0, "CONV_2D", [T(Q), KERNEL, BIAS], T(Q), tfl.Conv2DOptionsT(strideH=1, strideW=4), "option stride_w is 4", 1),
    (0, "CONV_2D", [T(Q), KERNEL, BIAS], T(Q), tfl.Conv2DOptionsT(strideH=1, strideW=1, dilationWFactor=2),
     "dilation_w_factor", 1),
    (0, "CONV_2D", [T(Q), KERNEL, T(F, [4], data=True)], T(Q), by_device.CONV, "input 2 is FLOAT32", 1),
    (0, "DEPTHWISE_CONV_2D", [T(Q), KERNEL, BIAS], T(Q),
     tfl.DepthwiseConv2DOptionsT(strideH=1, strideW=1, depthMultiplier=1), "", 1),
    (0, "FULLY_CONNECTED", [ROW, T(Q, [4, 4], data=True, scales=4), BIAS], ROW, None, "quantized per channel", 1),
    (0, "FULLY_CONNECTED", [ROW, MATRIX, BIAS], ROW, tfl.FullyConnectedOptionsT(), "", 1),
    (0, "FULLY_CONNECTED", [ROW, MATRIX, T(I32, [4])], ROW, None, "input 2 (bias)", 1),
    (0, "FULLY_CONNECTED", [ROW, MATRIX, BIAS], ROW, tfl.FullyConnectedOptionsT(keepNumDims=True), "keep_num_dims", 1),
    (0, "FULLY_CONNECTED", [ROW, MATRIX, BIAS], ROW, tfl.FullyConnectedOptionsT(weightsFormat=1), "weights_format", 1),
    (0, "SLICE", [T(Q), T(I32, [1]), numbers(1)], T(Q), None, "input 1 (begin)", 1),
    (0, "SLICE", [T(Q), numbers(0), T(I32, [1])], T(Q), None, "input 2 (size)", 1),
    (0, "SLICE", [T(Q), numbers(0), numbers(1)], T(Q), None, "", 1),
    (0, "STRIDED_SLICE", SLICES, T(Q), tfl.StridedSliceOptionsT(), "", 1),
    (0, "STRIDED_SLICE", [*SLICES[:2], T(I32, [1]), SLICES[3]], T(Q), None, "input 2 (end)", 1),
    (0, "STRIDED_SLICE", [*SLICES[:3], T(I32, [1])], T(Q), None, "input 3 (strides)", 1),
    (0, "STRIDED_SLICE", SLICES, T(Q), tfl.StridedSliceOptionsT(ellipsisMask=1), "ellipsis_mask", 1),
    (0, "SPLIT", [T(I64, [1], data=True), T(Q)], T(Q), None, "input 0 is INT64", 1),
    (0, "SPLIT", [AXIS, T(Q)], T(Q), None, "", 1),
    (0, "MEAN", [T(Q), T(I64, [1], data=True)], T(Q), None, "input 1 is INT64", 1),
    (0, "TRANSPOSE_CONV", [numbers(1, 4, 4, 4), KERNEL, T(F), BIAS], T(Q), None, "input 2 is FLOAT32", 1),
    (0, "TRANSPOSE_CONV", [numbers(1, 4, 4, 4), KERNEL, T(Q), T(F, [4])], T(Q), None, "input 3 is FLOAT32", 1),
    (0, "TRANSPOSE_CONV", [numbers(1, 4, 4, 4), KERNEL, T(Q), BIAS], T(Q), None, "", 1),
    (0, "CONCATENATION", [T(Q), T(Q)], T(Q), None, "", 1),
    (0, "MAX_POOL_2D", [T(Q)], T(Q), tfl.Pool2DOptionsT(), "", 1),
    (0, "SQUARED_DIFFERENCE", [T(Q), T(Q)], T(Q), None, "", 2),
]  # fmt: skip
PLAIN, FLOAT_BIAS = T(data=True), T(F, [4], data=True)
GPU: list[Case] = [
    (0, "DEQUANTIZE", [T(Q)], T(), None, "", 1),
    (0, "DEQUANTIZE", [T(Q, scales=4)], T(), None, "input 0 is computed, with a scale per channel", 1),
    (0, "CONV_2D", [T(Q), T(Q, scales=4), BIAS], T(Q), by_device.CONV, "input 1 is computed, with a scale per", 1),
    (0, "CONV_2D", [T(Q), KERNEL, BIAS], T(Q), by_device.CONV, "", 1),
    (0, "FULLY_CONNECTED", [ROW, MATRIX], ROW, None, "", 1),
    # The types that it reads and writes, by groups of operators.
    (0, "RELU", [T(I32)], T(), None, "input 0 is INT32", 1),
    (0, "RELU", [T()], T(I32), None, "output 0 is INT32", 1),
    (0, "RELU", [T(BOOL)], T(), None, "", 1),
    (0, "ARG_MAX", [T(), AXIS], T(I32), None, "", 1),
    (0, "ARG_MAX", [T(), AXIS], T(), None, "output 0 is FLOAT32; needed: INT32", 1),
    (0, "REDUCE_ALL", [T(BOOL), AXIS], T(BOOL), None, "", 1),
    (0, "REDUCE_ANY", [T(), AXIS], T(BOOL), None, "input 0 is FLOAT32; needed: BOOL", 1),
    (0, "ONE_HOT", [T(I32), AXIS, PLAIN, PLAIN], T(), None, "", 1),
    (0, "ONE_HOT", [T(I64), AXIS, PLAIN, PLAIN], T(), None, "input 0 is INT64", 1),
    (0, "LESS", [T("UINT32"), T("UINT32")], T(BOOL), None, "", 1),
    (0, "LESS", [T(I64), T(I64)], T(BOOL), None, "input 0 is INT64", 1),
    (0, "LOGICAL_OR", [T(BOOL), T(BOOL)], T(BOOL), None, "", 1),
    (0, "TOPK_V2", [T(), AXIS], T(I64), None, "output 0 is INT64", 1),
    (0, "SUM", [T(I16), AXIS], T(I16), None, "", 1),
    (0, "SUM", [T(I64), AXIS], T(I64), None, "input 0 is INT64", 1),
    (0, "SLICE", [T("UINT16"), numbers(0), numbers(1)], T(BOOL), None, "", 1),
    (0, "SLICE", [T(I64), numbers(0), numbers(1)], T(I64), None, "input 0 is INT64", 1),
    (0, "STABLEHLO_SHIFT_LEFT", [T(I32), T(I32)], T(I32), None, "", 1),
    (0, "STRIDED_SLICE", [T(), numbers(0), numbers(1), numbers(1)], T(), tfl.StridedSliceOptionsT(), "", 1),
    (0, "STRIDED_SLICE", [T(), numbers(0), numbers(1), numbers(1)], T(), tfl.StridedSliceOptionsT(ellipsisMask=1),
     "ellipsis_mask", 1),
    (0, "STRIDED_SLICE", [T(), numbers(0), numbers(1), numbers(1)], T(), tfl.StridedSliceOptionsT(newAxisMask=1),
     "new_axis_mask", 1),
]  # fmt: skip
XNNPACK: list[Case] = [
    (0, "CONV_2D", [T(Q), KERNEL], T(Q), by_device.CONV, "input 2 (bias) is left out", 1),
    (0, "CONV_2D", [T(Q), KERNEL, BIAS], T(Q), by_device.CONV, "", 1),
    (0, "CONV_2D", [T(), KERNEL, FLOAT_BIAS], T(), by_device.CONV, "", 1),
    (0, "CONV_2D", [T(), T(U, data=True), FLOAT_BIAS], T(), by_device.CONV, "UINT8; needed: FLOAT32 like the input", 1),
    (0, "CONV_2D", [T(Q), T(I16, data=True), BIAS], T(Q), by_device.CONV, "FLOAT16 or INT8 or UINT8", 1),
    (0, "CONV_2D", [T(Q), T(Q), BIAS], T(Q), by_device.CONV, "input 1 (weights) is computed", 1),
    (0, "CONV_2D", [T(Q), KERNEL, T(I32, [4])], T(Q), by_device.CONV, "input 2 (bias) is computed", 1),
    (0, "CONV_2D", [T(Q), KERNEL, FLOAT_BIAS], T(Q), by_device.CONV, "input 2 (bias) is FLOAT32; needed: INT32", 1),
    (0, "DEPTHWISE_CONV_2D", [T(), KERNEL, FLOAT_BIAS], T(), None, "INT8; needed: FLOAT32 like the input", 1),
    (0, "DEPTHWISE_CONV_2D", [T(Q), KERNEL, BIAS], T(Q), None, "", 1),
    (0, "FULLY_CONNECTED", [ROW, MATRIX, FLOAT_BIAS], ROW, None, "input 2 (bias) is FLOAT32; needed: INT32", 1),
    (0, "FULLY_CONNECTED", [ROW, MATRIX, BIAS], ROW, None, "", 1),
    (0, "FULLY_CONNECTED", [ROW, T(Q, [4, 4]), BIAS], ROW, None, "input 1 (weights) is computed", 1),
    (0, "FULLY_CONNECTED", [ROW, T(Q, [4, 4], data=True, zero=3), BIAS], ROW, None, "zero point 3", 1),
    (0, "TRANSPOSE_CONV", [numbers(1, 4, 4, 4), KERNEL, T(Q), FLOAT_BIAS], T(Q), None, "FLOAT32; needed: INT32", 1),
    (0, "TRANSPOSE_CONV", [numbers(1, 4, 4, 4), KERNEL, T(Q), T(I32, [4])], T(Q), None, "input 3 (bias)", 1),
    (0, "TRANSPOSE_CONV", [numbers(1, 4, 4, 4), KERNEL, T(Q), BIAS], T(Q), None, "", 1),
    (0, "LOGISTIC", [T(I32)], T(), None, "input 0 is INT32; needed: float or INT8 or UINT8", 1),
    (0, "LOGISTIC", [T()], T(I32), None, "output 0 is INT32", 1),
    (0, "LOGISTIC", [T(Q, scales=4)], T(Q), None, "quantized per channel", 1),
    *((0, "CONCATENATION", [*[T()] * place, T(I32), *[T()] * (4 - place)], T(), tfl.ConcatenationOptionsT(axis=3),
       f"input {place} is INT32", 1) for place in (1, 2, 3, 4)),
    (0, "ELU", [T(Q)], T(Q), None, "", 1),
    (0, "QUANTIZE", [T()], T(Q), None, "", 1),
    (0, "ADD", [T(), T(Q)], T(), None, "FLOAT32 and INT8", 1),
    (0, "ADD", [T(Q), T(Q)], T(Q), None, "", 1),
    (0, "ADD", [T(Q, scale=1e4), T(Q)], T(Q), None, "an input's scale by the output's is 20000", 1),
    (0, "MUL", [T(Q, scale=1e4), T(Q)], T(Q), None, "the product of the inputs' scales by the output's is 10000", 1),
    (0, "MUL", [T(Q), T(Q)], T(Q), None, "", 1),
    (0, "ABS", [T(Q)], T(Q), None, "input 0 is INT8; needed: FLOAT32 or FLOAT16", 1),
    (0, "ABS", [T()], T(Q), None, "output 0 is INT8", 1),
    (0, "DIV", [T(), T(Q)], T(), None, "input 1 is INT8", 1),
    (0, "BATCH_MATMUL", [T(), T(U)], T(), None, "UINT8; needed: FLOAT32 like input 0", 1),
    (0, "BATCH_MATMUL", [T(U), T(U)], T(U), None, "", 1),
    (0, "MAX_POOL_2D", [T(H)], T(H), tfl.Pool2DOptionsT(filterHeight=2, filterWidth=2), "needed: FLOAT32 or INT8", 1),
    (0, "MAX_POOL_2D", [T()], T(), tfl.Pool2DOptionsT(filterHeight=2, filterWidth=2, strideH=1, strideW=1), "", 1),
    (0, "DEQUANTIZE", [T(H)], T(), None, "needed: INT8 or UINT8", 1),
    (0, "DEQUANTIZE", [T(Q)], T(), None, "", 1),
    (0, "SPLIT", [T(I32, [1]), T()], T(), None, "input 0 (axis)", 1),
    (0, "SPLIT", [AXIS, T()], [T(), T()], None, "", 1),
    (0, "MEAN", [T(), T(I32, [1])], T(), None, "input 1 (axes)", 1),
    (0, "MEAN", [T(), numbers(1)], T(), None, "", 1),
    (0, "SLICE", [T(), T(I32, [1]), numbers(1)], T(), None, "input 1 (begin)", 1),
    (0, "SLICE", [T(), numbers(0), T(I32, [1])], T(), None, "input 2 (size)", 1),
    (0, "SLICE", [T(), numbers(0), numbers(1)], T(), None, "", 1),
    (0, "RESHAPE", [T(), T(I32, [1])], T(), None, "input 1 (shape)", 1),
    (0, "RESHAPE", [T(), numbers(64)], T(), None, "", 1),
    (0, "RESIZE_BILINEAR", [T(), T(I32, [2])], T(), None, "input 1 (size)", 1),
    (0, "RESIZE_BILINEAR", [T(), numbers(8, 8)], T(), None, "", 1),
    (0, "STRIDED_SLICE", [T(), *SLICES[1:]], T(), tfl.StridedSliceOptionsT(), "", 1),
    (0, "STRIDED_SLICE", [T(), SLICES[1], T(I32, [1]), SLICES[3]], T(), None, "input 2 (end)", 1),
    (0, "STRIDED_SLICE", [T(), *SLICES[1:3], T(I32, [1])], T(), None, "input 3 (strides)", 1),
    *((0, "STRIDED_SLICE", [T(), *SLICES[1:]], T(), tfl.StridedSliceOptionsT(**{f"{name}Mask": 1}), f"{word}_mask", 1)
      for name, word in (("ellipsis", "ellipsis"), ("newAxis", "new_axis"), ("shrinkAxis", "shrink_axis"))),
    (0, "PRELU", [T(), PLAIN], T(), None, "", 1),
    (0, "SOFTMAX", [T()], T(), tfl.SoftmaxOptionsT(beta=1.0), "", 1),
]  # fmt: skip
FLOAT_ROW = T(F, [1, 4])
# With one flag of XNNPACK set otherwise than in the package.
FLAGS: list[tuple[str, str, list[Any], Any, str]] = [
    ("qs8=false", "CONV_2D", [T(U), T(U, data=True), BIAS], T(U), "INT32; needed: float, or qs8=true"),
    ("qs8=false", "ELU", [T(Q)], T(Q), "INT8; needed: float"),
    ("qs8=false", "BATCH_MATMUL", [T(), T(Q)], T(), "INT8; needed: FLOAT32 or FLOAT16 or UINT8"),
    ("qs8=false", "FULLY_CONNECTED", [FLOAT_ROW, MATRIX], FLOAT_ROW, "needed: FLOAT32 or FLOAT16 or UINT8"),
    ("qs8=false", "LOGISTIC", [T(U)], T(U), ""),
    ("qu8=false", "LOGISTIC", [T(U)], T(U), "UINT8; needed: float or INT8"),
    ("qu8=false", "LOGISTIC", [T(Q)], T(Q), ""),
    ("dynamically_quantized=false", "FULLY_CONNECTED", [FLOAT_ROW, MATRIX], FLOAT_ROW, "INT4 or INT2 for INT8"),
    ("dynamically_quantized=false", "CONV_2D", [T(), KERNEL, FLOAT_BIAS], T(), "INT8; needed: FLOAT32 like the input"),
    ("dynamically_quantized=false", "FULLY_CONNECTED", [ROW, MATRIX], ROW, ""),
    ("dynamic_fully_connected=true", "FULLY_CONNECTED", [FLOAT_ROW, T(F, [4, 4]), T(F, [4])], FLOAT_ROW, ""),
    ("dynamic_fully_connected=true", "FULLY_CONNECTED", [ROW, T(Q, [4, 4])], ROW, "input 1 (weights) is computed"),
    ("dynamic_fully_connected=true", "FULLY_CONNECTED", [ROW, MATRIX, T(I32, [4])], ROW, "input 2 (bias) is computed"),
]  # fmt: skip
# Delegate, name of the option that the number of a case is, and cases.
MINE: list[tuple[str, str, list[Case]]] = [
    ("nnapi", "feature_level", NNAPI), ("coreml", "coreml_version", CORE_ML), ("edgetpu", "", EDGE_TPU),
    ("hexagon", "", HEXAGON), ("gpu", "", GPU), ("xnnpack", "", XNNPACK),
]  # fmt: skip
ALL = [pytest.param(name, option, case, id=f"{name}-{case[1]}-{case[5]}") for name, option, own in MINE for case in own]


@pytest.mark.parametrize(("name", "option", "case"), ALL)
def test_conditions(handmade: Any, name: str, option: str, case: Case) -> None:
    value, op, inputs, output, options, reason, version = case
    model = by_device.single(handmade, op, inputs, output, options, version)
    by_device.check(model, name, {option: str(value)} if option else {}, reason)


# Delegates of which lists are known: two operators of each, and types where they matter.
LISTED = [
    ("intel", "RELU", [T()], ""), ("intel", "NEG", [T()], "an operator of its list"),
    ("mediatek", "RELU", [T()], ""), ("mediatek", "SPLIT_V", [T()], "an operator of its list"),
    ("tflm", "RELU", [T()], ""), ("tflm", "ROLL", [T()], "an operator of its list"),
    ("flex", "FlexMatrixInverse", [T()], ""), ("flex", "RELU", [T()], "an operator of TensorFlow"),
    ("gpu-legacy", "RELU", [T()], ""), ("gpu-legacy", "ROLL", [T()], "an operator of its list"),
    ("gpu-legacy", "RELU", [T(I32)], ""),  # what the caller gives is not looked at
]  # fmt: skip


@pytest.mark.parametrize(("name", "op", "inputs", "reason"), LISTED)
def test_lists(handmade: Any, name: str, op: str, inputs: list[Any], reason: str) -> None:
    by_device.check(by_device.single(handmade, op, inputs, T(), None, 1), name, {}, reason)


def test_types_of_the_legacy_gpu(handmade: Any) -> None:
    model = by_device.single(handmade, "RELU", [T()], T(I32), None, 1)
    by_device.check(model, "gpu-legacy", {}, "output 0 is INT32")


@pytest.mark.parametrize(("flag", "op", "inputs", "output", "reason"), FLAGS)
def test_flags_of_xnnpack(handmade: Any, flag: str, op: str, inputs: list[Any], output: Any, reason: str) -> None:
    name, _, value = flag.partition("=")
    options = by_device.CONV if op == "CONV_2D" else None
    by_device.check(by_device.single(handmade, op, inputs, output, options, 1), "xnnpack", {name: value}, reason)


def made(handmade: Any, cases: Iterable[Any], table: Callable[[int], Rules]) -> Iterator[tuple[Model, Rules, str]]:
    """The cases as ``untried`` takes them."""
    for value, op, inputs, output, options, reason, *version in cases:
        model = by_device.single(type(handmade)(), op, inputs, output, options, *(version or [1]))
        yield model, table(value), reason


def test_every_condition_of_nnapi(untried: Any, handmade: Any) -> None:
    missing = untried(
        map(nnapi.rules, range(1, 9)), made(handmade, [*by_device.NNAPI_CASES, *NNAPI], nnapi.rules)
    )  # fmt: skip
    # The level that an operator came with is asked where it is too low only; some have no newest version.
    holds = {f"never holds: since(needed={needed})" for needed in (2, 3, 4, 6, 7)}
    assert missing == {*holds, f"never fails: version(most={1 << 30})"}


def test_every_condition_of_core_ml(untried: Any, handmade: Any) -> None:
    missing = untried(
        map(coreml.rules, (2, 3)), made(handmade, [*by_device.CORE_ML_CASES, *CORE_ML], coreml.rules)
    )  # fmt: skip
    assert missing == {"never holds: _never_at_3()"}


def test_every_condition_of_edge_tpu(untried: Any, handmade: Any) -> None:
    others = [(0, *case) for case in by_device.EDGE_TPU_CASES]
    assert not untried([edgetpu.RULES], made(handmade, [*others, *EDGE_TPU], lambda _: edgetpu.RULES))


def by_place(handmade: Any, cases: Iterable[Any], table: Rules) -> Iterator[tuple[Model, Rules, str]]:
    for op, inputs, output, options, *rest in cases:
        model = by_source.single(type(handmade)(), op, inputs, output, options, *rest[:-1])
        yield model, table, rest[-1]


def test_every_condition_of_hexagon(untried: Any, handmade: Any) -> None:
    tried = [
        *by_place(handmade, by_source.HEXAGON_CASES, hexagon.RULES),
        *made(handmade, HEXAGON, lambda _: hexagon.RULES),
    ]
    assert untried([hexagon.RULES], tried) == {"never holds: _never()"}


def test_every_condition_of_the_gpu(untried: Any, handmade: Any) -> None:
    x, y = handmade.tensor([4, 4], H), handmade.tensor([4, 4])
    densified = handmade.tensor([4, 4], H, bytes(32))
    handmade.op("DENSIFY", [densified], [x])
    handmade.op("DEQUANTIZE", [x], [y])
    model = handmade.open()
    assert "made by DENSIFY" in str(place(model, delegates()["gpu"]).failures[1][0])
    tried = [
        (model, gpu.SINGLE, "made by DENSIFY"),
        *by_place(handmade, by_source.GPU_CASES, gpu.SINGLE),
        *made(handmade, GPU, lambda _: gpu.SINGLE),
    ]
    assert not untried([gpu.SINGLE], tried)


def test_every_condition_of_xnnpack(untried: Any, handmade: Any) -> None:
    table = xnnpack.rules(xnnpack.XNNPACK.options)
    tried = [
        *((by_source.single(type(handmade)(), op, inputs, output, options, version), table, reason)
          for op, inputs, output, options, version, reason in by_source.XNNPACK_CASES),
        *made(handmade, XNNPACK, lambda _: table),
    ]  # fmt: skip
    assert untried([table], tried) == {"never holds: _never()"}
