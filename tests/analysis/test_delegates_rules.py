"""Conditions of delegates that run on devices only, one by one, on models of one operator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.delegates import delegates, edgetpu, nnapi
from tb_tflite_plugin.analysis.delegates.rules import created
from tb_tflite_plugin.analysis.delegates.several import in_order
from tb_tflite_plugin.analysis.delegates.simulation import place, report
from tb_tflite_plugin.analysis.model import Model

F, H, Q, U, I16, I32, I64, BOOL = "FLOAT32", "FLOAT16", "INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL"
S = [1, 4, 4, 4]
_WIDTH = {Q: 1, U: 1, BOOL: 1, H: 2, I16: 2, I64: 8}
Numbers = list[int] | bool | None


class Operand:
    """A tensor of an operator: ``data`` is True for a constant of zeros, or its numbers (INT32 unless told)."""

    def __init__(
        self, kind: str = F, shape: list[int] | None = None, data: Numbers = None, *, zero: int = 0, scales: int = 1,
        scale: float = 0.5,
    ) -> None:  # fmt: skip
        self.kind, self.shape, self.scale, self.zero, self.scales = kind, shape or S, scale, zero, scales
        self.data = b""
        if isinstance(data, list):
            self.shape = shape or [len(data)]
            self.data = np.array(data, {I32: "<i4", I64: "<i8", Q: "i1", U: "u1"}[kind]).tobytes()
        elif data:
            self.data = bytes(_WIDTH.get(kind, 4) * int(np.prod(self.shape, dtype=int)))

    def add(self, handmade: Any) -> int:
        """Its number in the model."""
        fields = {}
        if self.kind in (Q, U):
            fields["quantization"] = tfl.QuantizationParametersT(
                scale=[self.scale] * self.scales, zeroPoint=[self.zero] * self.scales
            )
        number: int = handmade.tensor(self.shape, self.kind, self.data, **fields)
        return number


T = Operand


def numbers(*values: int) -> Operand:
    """A constant INT32 vector."""
    return T(I32, data=list(values))


def single(
    handmade: Any, op: str, inputs: list[Operand], output: Operand | list[Operand], options: Any, version: int
) -> Model:
    ids = [operand.add(handmade) for operand in inputs]
    outputs = output if isinstance(output, list) else [output]
    handmade.op(op, ids, [operand.add(handmade) for operand in outputs], options)
    handmade.model.operatorCodes[0].version = version
    model: Model = handmade.open()
    return model


def check(model: Model, name: str, options: dict[str, str], reason: str) -> None:
    placed = place(model, created(delegates()[name], options))
    texts = "; ".join(map(str, placed.failures.get(0, [])))
    if reason:
        assert 0 not in placed.wanted
        assert reason in texts
    else:
        assert texts == ""
        assert placed.wanted == {0}


CONV = tfl.Conv2DOptionsT(strideH=1, strideW=1)
DILATED = tfl.Conv2DOptionsT(strideH=1, strideW=1, dilationHFactor=2)
RELU = 1
Case = tuple[int, str, list[Operand], Operand, Any, str]
# Feature level, operator, operands, output, options, and the reason, empty where it is taken.
NNAPI_CASES: list[Case] = [
    (5, "SCATTER_ND", [T(I32), T()], T(), None, "an operator that it has a kernel for"),
    (1, "ADD", [T(), T()], T(), tfl.AddOptionsT(), ""),
    (3, "ADD", [T(I32), T(I32)], T(I32), tfl.AddOptionsT(), "INT32"),
    (4, "ADD", [T(I32), T(I32)], T(I32), tfl.AddOptionsT(), ""),
    (4, "ADD", [T(I32), T(I32)], T(I32), tfl.AddOptionsT(fusedActivationFunction=RELU), "needed: none"),
    (5, "MUL", [T(shape=[1, 1, 1, 1, 2]), T()], T(), tfl.MulOptionsT(), "5-dimensional"),
    (1, "SUB", [T(), T()], T(), tfl.SubOptionsT(), "feature_level is 1; needed: at least 2"),
    (2, "SUB", [T(Q), T(Q)], T(Q), tfl.SubOptionsT(), "INT8"),
    (3, "SUB", [T(Q), T(Q)], T(Q), tfl.SubOptionsT(), ""),
    (5, "DIV", [T(Q), T(Q)], T(Q), tfl.DivOptionsT(), "FLOAT32"),
    (5, "MAXIMUM", [T(), T(shape=[1], data=True)], T(), None, ""),
    (5, "SQUARED_DIFFERENCE", [T(Q), T(Q)], T(Q), None, ""),
    (3, "SQUARED_DIFFERENCE", [T(Q), T(Q)], T(Q), None, "INT8"),
    (6, "RSQRT", [T(Q)], T(Q), None, "INT8"),
    (7, "RSQRT", [T(Q)], T(Q), None, ""),
    (2, "EXP", [T()], T(), None, "at least 3"),
    (2, "TANH", [T(Q)], T(Q), None, "INT8"),
    (5, "GREATER", [T(I64), T(I64)], T(BOOL), None, "INT64"),
    (5, "LOGICAL_AND", [T(), T()], T(BOOL), None, "BOOL"),
    (2, "SOFTMAX", [T(shape=[1, 2, 3])], T(shape=[1, 2, 3]), tfl.SoftmaxOptionsT(beta=1.0), "2 or 4 dimensions"),
    (5, "SOFTMAX", [T(I16)], T(I16), tfl.SoftmaxOptionsT(beta=1.0), "INT16"),
    (2, "AVERAGE_POOL_2D", [T(Q)], T(Q), tfl.Pool2DOptionsT(filterHeight=17, filterWidth=17), "at most 256"),
    (3, "AVERAGE_POOL_2D", [T(Q)], T(Q), tfl.Pool2DOptionsT(filterHeight=17, filterWidth=17), ""),
    (2, "L2_POOL_2D", [T()], T(), tfl.Pool2DOptionsT(fusedActivationFunction=RELU), "needed: none"),
    (5, "CONV_2D", [T(), T(data=True)], T(), CONV, "inputs is 2"),
    (2, "CONV_2D", [T(), T(Q, data=True), T(shape=[4], data=True)], T(), CONV, "of 8 bits with inputs in floats"),
    (3, "CONV_2D", [T(), T(Q, data=True), T(shape=[4], data=True)], T(), CONV, ""),
    (2, "CONV_2D", [T(U), T(U, data=True, scales=4), numbers(0, 0, 0, 0)], T(U), CONV, "per channel"),
    (3, "CONV_2D", [T(U), T(U, data=True, scales=4), numbers(0, 0, 0, 0)], T(U), CONV, ""),
    (2, "CONV_2D", [T(U), T(U, data=True), numbers(0, 0, 0, 0)], T(U, scale=0.25), CONV, "less than 0.25"),
    (2, "CONV_2D", [T(), T(data=True), T(shape=[4], data=True)], T(), DILATED, "dilation_h_factor"),
    (2, "CONV_2D", [T(), T(shape=[4, 1, 1, 2], data=True), T(shape=[4], data=True)], T(), CONV, "grouped"),
    (5, "FULLY_CONNECTED", [T(Q), T(Q, data=True)], T(I16), tfl.FullyConnectedOptionsT(), "INT16"),
    (3, "FULLY_CONNECTED", [T(), T(data=True)], T(), tfl.FullyConnectedOptionsT(keepNumDims=True), "keep_num_dims"),
    (5, "TRANSPOSE_CONV", [T(I32, [4]), T(data=True), T()], T(), None, "input 0 (shape)"),
    (5, "BATCH_MATMUL", [T(), T()], T(), None, "at least 6"),
    (6, "BATCH_MATMUL", [T(), T()], T(), None, ""),
    (6, "BATCH_MATMUL", [T(), T(Q)], T(), None, "FLOAT32 like input 0"),
    (6, "BATCH_MATMUL", [T(), T(shape=[2, 4, 4, 4])], T(), None, "broadcast"),
    (5, "L2_NORMALIZATION", [T()], T(), tfl.L2NormOptionsT(fusedActivationFunction=RELU), "needed: none"),
    (5, "RESHAPE", [T(), T(I32, [2])], T(shape=[4, 16]), None, "sized while running"),
    (5, "RESHAPE", [T(I32), numbers(4, 16)], T(I32, [4, 16]), None, "INT32"),
    (6, "RESHAPE", [T(I32), numbers(4, 16)], T(I32, [4, 16]), None, ""),
    (5, "RESHAPE", [T(), numbers(1, 1, 1, 4, 16)], T(shape=[1, 1, 1, 4, 16]), None, "5-dimensional"),
    (3, "RESIZE_BILINEAR", [T(), numbers(8, 8)], T(), tfl.ResizeBilinearOptionsT(alignCorners=True), "align_corners"),
    (4, "RESIZE_BILINEAR", [T(), numbers(8, 8)], T(), tfl.ResizeBilinearOptionsT(alignCorners=True), ""),
    (2, "RESIZE_BILINEAR", [T(), numbers(8, 4)], T(shape=[1, 8, 4, 4]), None, "as wide as high"),
    (2, "RESIZE_NEAREST_NEIGHBOR", [T(), numbers(8, 8)], T(), None, "at least 3"),
    (2, "CONCATENATION", [T(U), T(U, scale=0.25)], T(U), tfl.ConcatenationOptionsT(axis=3), "of different scales"),
    (5, "CONCATENATION", [T(I32)], T(I32), tfl.ConcatenationOptionsT(axis=3), "INT32"),
    (2, "DEQUANTIZE", [T(Q)], T(), None, "UINT8"),
    (3, "DEQUANTIZE", [T(Q, zero=3)], T(), None, "needed: 0"),
    (4, "DEQUANTIZE", [T(Q, zero=3)], T(), None, ""),
    (4, "DEQUANTIZE", [T(H)], T(), None, ""),
    (3, "DEQUANTIZE", [T(H)], T(), None, "FLOAT16"),
    (5, "DENSIFY", [T()], T(), None, "input 0 (values)"),
    (3, "QUANTIZE", [T()], T(Q), None, "UINT8"),
    (4, "QUANTIZE", [T()], T(Q), None, ""),
    (4, "QUANTIZE", [T()], T(Q, scale=0.0), None, "a scale above 0"),
    (2, "PAD", [T(Q), T(I32, [4, 2], data=True)], T(Q), None, "FLOAT32"),
    (2, "PADV2", [T(), T(I32, [4, 2], data=True), T(shape=[1], data=True)], T(), None, "inputs is 3"),
    (6, "MIRROR_PAD", [T(), T(I32, [4, 2], data=True)], T(), tfl.MirrorPadOptionsT(), "at least 7"),
    (5, "BATCH_TO_SPACE_ND", [T(), numbers(1, 1), T(I32, [2, 2], data=True)], T(), None, ""),
    (5, "BATCH_TO_SPACE_ND", [T(), numbers(1, 1), T(I32, [2, 2], [0, 1, 0, 0])], T(), None, "four zeros"),
    (5, "STRIDED_SLICE", [T(I32), numbers(0), numbers(1), numbers(1)], T(I32), None, "INT32"),
    (5, "SLICE", [T(), T(I64, data=[0]), numbers(1)], T(), None, "INT64"),
    (3, "CAST", [T(Q)], T(), None, "INT8"),
    (5, "SELECT", [T(BOOL, [4]), T(), T()], T(), None, "of another shape"),
    (5, "GATHER", [T(), T(I64, data=[0])], T(), None, "INT64"),
    (5, "EXPAND_DIMS", [T(shape=[4]), T(I64, data=[0])], T(shape=[1, 4]), None, "INT64"),
    (3, "SPLIT", [T(I32, [1], data=True), T(Q)], T(Q), tfl.SplitOptionsT(numSplits=1), "INT8"),
    (4, "SPLIT_V", [T(), numbers(4, 0), numbers(3)], T(), None, "constants other than 0"),
    (4, "SPLIT_V", [T(), numbers(3, 1), numbers(3)], T(), None, ""),
    (5, "PACK", [T(), T()], T(), tfl.PackOptionsT(axis=4), "not the last dimension"),
    (6, "PACK", [T(), T()], T(), tfl.PackOptionsT(axis=4), ""),
    (5, "UNPACK", [T()], T(), tfl.UnpackOptionsT(axis=3), "not the last dimension"),
    (5, "UNPACK", [T(shape=[4])], T(), tfl.UnpackOptionsT(axis=1), "1-dimensional"),
    (5, "MEAN", [T(), numbers(1, 2)], T(shape=[1, 4]), None, ""),
    (2, "MEAN", [T(Q), numbers(1, 2)], T(Q, [1, 4]), None, "INT8"),
    (5, "SUM", [T(Q), numbers(1)], T(Q, [1, 4, 4]), None, "FLOAT32"),
    (5, "ARG_MAX", [T(), T(I32, [1], data=True)], T(I64), None, "INT64"),
    (5, "ARG_MAX", [T(), T(I64, data=[1])], T(I32), None, ""),
    (5, "TOPK_V2", [T(), T(I32, [1])], T(), None, "input 1 (k)"),
    (1, "LSTM", [T()] * 20, T(), None, "at least 2"),
    (2, "LSTM", [T()] * 24, T(), None, "inputs is 24"),
    (3, "LSTM", [T(), *[T(Q, data=True)] * 23], T(), None, "FLOAT32 or UINT8"),
    (4, "LSTM", [T(), *[T(Q, data=True)] * 23], T(), None, ""),
    (5, "LSTM", [T(U, zero=128), T(U), T(U, data=True), T(I32, data=True), T(I16)], T(U), None, "1/128"),
    (5, "UNIDIRECTIONAL_SEQUENCE_LSTM", [T(), *[T(Q, data=True)] * 23], T(), None, "of 8 bits with inputs in floats"),
    (5, "UNIDIRECTIONAL_SEQUENCE_LSTM", [T()] * 21, T(), None, "20 or 24"),
    (5, "SVDF", [T(), T(Q, data=True), T(), T(), T()], T(), None, "FLOAT32"),
    (5, "LSH_PROJECTION", [T(), T(), T()], T(I32), tfl.LSHProjectionOptionsT(type=1), "inputs is 3"),
]  # fmt: skip


@pytest.mark.parametrize(("level", "op", "inputs", "output", "options", "reason"), NNAPI_CASES)
def test_conditions_of_nnapi(
    handmade: Any, level: int, op: str, inputs: list[Operand], output: Operand, options: Any, reason: str
) -> None:
    check(single(handmade, op, inputs, output, options, 1), "nnapi", {"feature_level": str(level)}, reason)


def test_newer_versions_of_operators_are_not_nnapis(handmade: Any) -> None:
    check(single(handmade, "DIV", [T(), T()], T(), tfl.DivOptionsT(), 2), "nnapi", {}, "operator version is 2")


def test_a_level_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="feature_level=33: must be 1 to 8; API levels 27 to 31 are 1 to 5"):
        created(delegates()["nnapi"], {"feature_level": "33"})


def test_higher_levels_of_nnapi_have_the_same_operators() -> None:
    assert len({frozenset(nnapi.rules(level)) for level in range(1, 9)}) == 1
    assert len(nnapi.rules(5)) == 94


FC, FUSED = tfl.FullyConnectedOptionsT(), tfl.Pool2DOptionsT(fusedActivationFunction=RELU)
CORE_ML_CASES: list[Case] = [
    (3, "GELU", [T()], T(), None, "an operator that it has a kernel for"),
    (3, "TANH", [T()], T(), None, ""),
    (3, "TANH", [T(Q)], T(Q), None, "FLOAT32"),
    (3, "ADD", [T(), T(H)], T(), tfl.AddOptionsT(), "a constant of FLOAT16"),
    (3, "ADD", [T(), T(H, data=True)], T(), tfl.AddOptionsT(), ""),
    (3, "ADD", [T(), T(shape=[2, 4, 4, 4])], T(), tfl.AddOptionsT(), "shapes that Core ML broadcasts"),
    (3, "ADD", [T(shape=[2, 4, 4, 4]), T(shape=[1], data=True)], T(), tfl.AddOptionsT(), ""),
    (3, "ADD", [T(), T(shape=[1, 1, 4, 4])], T(), tfl.AddOptionsT(), "shapes that Core ML broadcasts"),
    (3, "MUL", [T(shape=[1, 1, 1, 1, 4]), T()], T(), tfl.MulOptionsT(), "more than 4 dimensions"),
    (3, "MAX_POOL_2D", [T()], T(), FUSED, "needed: none"),
    (3, "CONCATENATION", [T(), T()], T(), tfl.ConcatenationOptionsT(axis=-1), ""),
    (3, "CONCATENATION", [T(), T()], T(), tfl.ConcatenationOptionsT(axis=1), "the last of 3 or 4"),
    (3, "CONV_2D", [T(), T(), T(shape=[4], data=True)], T(), CONV, "input 1 (weights)"),
    (3, "CONV_2D", [T(), T(data=True), T(shape=[4])], T(), CONV, "input 2 (bias)"),
    (3, "CONV_2D", [T(), T(shape=[1, 16385, 1, 1], data=True)], T(), CONV, "16385 high or wide"),
    (3, "CONV_2D", [T(), T(data=True)], T(), tfl.Conv2DOptionsT(fusedActivationFunction=5), "SIGN_BIT"),
    (3, "TRANSPOSE_CONV", [numbers(1, 4, 4, 4), T(data=True), T()], T(), None, ""),
    (3, "FULLY_CONNECTED", [T(shape=[1, 4]), T(shape=[4, 4], data=True)], T(), FC, ""),
    (3, "FULLY_CONNECTED", [T(shape=[2, 4]), T(shape=[4, 4], data=True)], T(), FC, "1 in all dimensions but the last"),
    (3, "FULLY_CONNECTED", [T(shape=[1, 4]), T(Q, [4, 4], data=True)], T(), FC, "FLOAT32 or FLOAT16"),
    (3, "MEAN", [T(), numbers(1, 2)], T(), tfl.ReducerOptionsT(keepDims=True), ""),
    (3, "MEAN", [T(), numbers(3)], T(), tfl.ReducerOptionsT(keepDims=True), "height and width"),
    (3, "MEAN", [T(), numbers(1, 2)], T(), tfl.ReducerOptionsT(), "option keep_dims"),
    (3, "MEAN", [T(shape=[1, 4]), numbers(1)], T(), tfl.ReducerOptionsT(keepDims=True), "4 dimensions"),
    (3, "PAD", [T(), T(I32, [4, 2], data=True)], T(), None, ""),
    (3, "PAD", [T(), T(I32, [4, 2], [0, 0, 1, 1, 1, 1, 0, 1])], T(), None, "of batch or channels"),
    (3, "PAD", [T(shape=[1, 4]), T(I32, [2, 2], data=True)], T(), None, "4 dimensions of input 0"),
    (3, "MIRROR_PAD", [T(), T(I32, [4, 2], data=True)], T(), tfl.MirrorPadOptionsT(mode=1), "REFLECT"),
    (3, "RESHAPE", [T(), numbers(1, 16, 4)], T(shape=[1, 16, 4]), None, "coreml_version is 3"),
    (2, "RESHAPE", [T(), numbers(1, 16, 4)], T(shape=[1, 16, 4]), None, ""),
    (2, "RESHAPE", [T(), numbers(16, 4)], T(shape=[16, 4]), None, "3 or 4 dimensions"),
    (3, "RESIZE_BILINEAR", [T(), numbers(8, 8)], T(), None, ""),
    (3, "SOFTMAX", [T()], T(), tfl.SoftmaxOptionsT(beta=2.0), "option beta"),
]  # fmt: skip


@pytest.mark.parametrize(("level", "op", "inputs", "output", "options", "reason"), CORE_ML_CASES)
def test_conditions_of_core_ml(
    handmade: Any, level: int, op: str, inputs: list[Operand], output: Operand, options: Any, reason: str
) -> None:
    check(single(handmade, op, inputs, output, options, 1), "coreml", {"coreml_version": str(level)}, reason)


def test_versions_of_core_ml(handmade: Any) -> None:
    check(single(handmade, "TANH", [T()], T(), None, 2), "coreml", {}, "operator version is 2")
    with pytest.raises(ValueError, match="coreml_version=4: must be 2 or 3"):
        created(delegates()["coreml"], {"coreml_version": "4"})


QS = [T(Q), T(Q)]
EDGE_TPU_CASES: list[tuple[str, list[Operand], Operand, Any, str]] = [
    ("ADD", QS, T(Q), None, ""),
    ("ADD", [T(), T()], T(), None, "INT8 or UINT8"),
    ("ADD", [T(I16), T(I16)], T(I16), None, "INT16"),
    ("DIV", QS, T(Q), None, "an operator that it has a kernel for"),
    ("ADD", [T(Q, [2, 4, 4, 4])] * 2, T(Q, [2, 4, 4, 4]), None, "1 in all but the last 3 dimensions"),
    ("RESHAPE", [T(Q), T(I32, [2])], T(Q), None, "sized while running"),
    ("MAX_POOL_2D", [T(Q)], T(Q), FUSED, "needed: none"),
    ("CONV_2D", [T(Q), T(Q)], T(Q), CONV, "input 1 (weights)"),
    ("CONV_2D", [T(Q), T(Q, data=True, scales=4)], T(Q), CONV, ""),
    ("CONV_2D", [T(Q), T(Q, data=True)], T(Q), DILATED, "the same in both directions"),
    ("CONCATENATION", [T(Q), T(Q, data=True)], T(Q), None, ""),
    ("CONCATENATION", [T(Q), T(Q, data=True, zero=3)], T(Q), None, "zeros"),
    ("FULLY_CONNECTED", [T(Q, [1, 4]), T(Q, [4, 4], data=True)], T(Q, [1, 4]), FC, ""),
    ("FULLY_CONNECTED", [T(Q, [4, 4]), T(Q, [4, 4], data=True)], T(Q, [4, 4]), FC, "all but the last dimension"),
    ("MEAN", [T(Q), numbers(1, 2)], T(Q), None, ""),
    ("MEAN", [T(Q), numbers(0)], T(Q), None, "with the batch dimension"),
    ("PAD", [T(Q), T(I32, [4, 2], [1, 0, 0, 0, 0, 0, 0, 0])], T(Q), None, "of the batch"),
    ("PRELU", [T(Q), T(Q, [4, 4, 4], data=True)], T(Q), None, "input 1 (alpha)"),
    ("SOFTMAX", [T(Q, [1, 16001])], T(Q, [1, 16001]), None, "at most 16000"),
    ("SOFTMAX", [T(Q, [1, 16000])], T(Q, [1, 16000]), None, ""),
    ("STRIDED_SLICE", [T(Q), numbers(0), numbers(1), numbers(2)], T(Q), tfl.StridedSliceOptionsT(), "ones"),
    ("STRIDED_SLICE", [T(Q), numbers(0), numbers(1), numbers(1)], T(Q), tfl.StridedSliceOptionsT(newAxisMask=1),
     "new_axis_mask"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "inputs", "output", "options", "reason"), EDGE_TPU_CASES)
def test_the_table_of_edge_tpu(
    handmade: Any, op: str, inputs: list[Operand], output: Operand, options: Any, reason: str
) -> None:
    check(single(handmade, op, inputs, output, options, 1), "edgetpu", {}, reason)


@pytest.mark.parametrize(
    ("op", "kind", "reason"),
    [("RELU", F, ""), ("RELU", Q, ""), ("SHAPE", F, "an operator of its list"), ("RELU", "RESOURCE", "a type of QNN")],
)
def test_the_list_of_qualcomm(handmade: Any, op: str, kind: str, reason: str) -> None:
    check(single(handmade, op, [T(kind)], T(kind), None, 1), "qualcomm", {}, reason)


@pytest.mark.parametrize("name", ["nnapi", "coreml", "gpu", "gpu-legacy"])
def test_constants_of_16_bits_are_looked_through(handmade: Any, name: str) -> None:
    """They go along with a model that is taken whole, and stay behind when anything else does."""
    x, y, z = (handmade.tensor([1, 4]) for _ in range(3))
    halves, weights = handmade.tensor([4, 4], H, bytes(32)), handmade.tensor([4, 4])
    handmade.op("DEQUANTIZE", [halves], [weights])
    handmade.op("FULLY_CONNECTED", [x, weights], [y], tfl.FullyConnectedOptionsT())
    whole = place(handmade.open(), delegates()[name])
    assert whole.taken == {0, 1}
    handmade.op("ROLL", [y], [z])
    part = place(handmade.open(), delegates()[name])
    assert part.wanted == {1}
    assert set(part.failures) == {0, 2}


@pytest.mark.parametrize("name", ["nnapi", "gpu", "gpu-legacy"])
def test_constants_of_16_bits_cross_no_border(handmade: Any, name: str) -> None:
    """What stays of DEQUANTIZE is not read by the partition: it reads the 16 bits, as the runtime shows."""
    x, y, z = (handmade.tensor([1, 4]) for _ in range(3))
    halves, weights = handmade.tensor([4, 4], H, bytes(32)), handmade.tensor([4, 4])
    handmade.op("DEQUANTIZE", [halves], [weights])
    handmade.op("FULLY_CONNECTED", [x, weights], [y], tfl.FullyConnectedOptionsT())
    handmade.op("ROLL", [y], [z])
    model = handmade.open()
    alone = report(model, place(model, delegates()[name])).summary
    assert (alone["delegated"], alone["crossing_tensors"], alone["crossing_bytes"]) == (1, 2, 32)
    # XNNPACK takes the DEQUANTIZE, whose result nobody reads any more.
    both = in_order(model, [delegates()[name], delegates()["xnnpack"]]).summary
    assert (both["delegated"], both["crossing_tensors"], both["crossing_bytes"]) == (2, 2, 32)


def test_bits_that_an_operator_left_behind_reads_cross_the_border(handmade: Any) -> None:
    """XNNPACK reads what it unpacks, and leaves the unpacking where something else reads it too."""
    x, y, z = (handmade.tensor([4]) for _ in range(3))
    halves, made = handmade.tensor([4], H, bytes(8)), handmade.tensor([4])
    handmade.op("DEQUANTIZE", [halves], [made])
    handmade.op("ADD", [x, made], [y], tfl.AddOptionsT())
    handmade.op("ROLL", [made], [z])
    model = handmade.open()
    summary = report(model, place(model, delegates()["xnnpack"])).summary
    assert (summary["delegated"], summary["crossing_tensors"], summary["crossing_bytes"]) == (1, 2, 32)


@pytest.mark.parametrize("name", ["nnapi", "coreml", "edgetpu", "qualcomm"])
def test_operators_without_their_operands_are_no_error(handmade: Any, name: str) -> None:
    """Files may leave out what kernels need: every condition looks at that without falling over."""
    model = handmade
    tensor = model.tensor(S)
    for op in sorted({*nnapi.rules(5), *edgetpu.RULES}):
        model.op(op, [], [tensor])
        model.op(op, [-1, -1, -1], [])
    opened = model.open()
    delegate = delegates()[name]
    levels = range(1, 9) if name == "nnapi" else [0]
    for level in levels:
        placed = place(opened, created(delegate, {"feature_level": str(level)}) if level else delegate)
        assert len(placed.wanted) + len(placed.failures) == len(opened.operators)
