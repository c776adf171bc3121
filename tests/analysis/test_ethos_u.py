"""What Vela would put on an Ethos-U: condition by condition, and beside Vela itself on models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.delegates import delegates, ethos_u, ethos_u85
from tb_tflite_plugin.analysis.delegates.simulation import place
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime.partitions import measure

Operand = tuple[list[int], str, bytes]
# An operator, operands, output, options, and the reason, empty where it is taken.
Case = tuple[str, list[Operand], Operand, Any, str]
IMAGE = [1, 4, 4, 4]
DATA: Operand = (IMAGE, "INT8", b"")
BIAS: Operand = ([4], "INT32", bytes(16))
KERNEL: Operand = ([4, 3, 3, 4], "INT8", bytes(144))
PADS: Operand = ([4, 2], "INT32", bytes(32))


def quant(scale: float, zero: int = 0, count: int = 1) -> Any:
    return tfl.QuantizationParametersT(scale=[scale] * count, zeroPoint=[zero] * count)


def single(make: Any, op: str, inputs: list[Operand], output: Operand, options: Any = None, scales: int = 1) -> Model:
    def tensor(operand: Operand, count: int = 1) -> int:
        shape, kind, data = operand
        quantized = kind.startswith(("INT8", "UINT8", "INT16"))
        fields = {"quantization": quant(0.5, count=count)}
        number: int = make.tensor(shape, kind, data, **(fields if quantized else {}))
        return number

    make.op(op, [tensor(operand, scales) for operand in inputs], [tensor(output)], options)
    model: Model = make.open()
    return model


def pool(size: int, stride: int = 1, padding: int = 1) -> Any:
    return tfl.Pool2DOptionsT(padding=padding, filterHeight=size, filterWidth=size, strideH=stride, strideW=stride)


def conv(stride: int, padding: int = 0) -> Any:
    return tfl.Conv2DOptionsT(padding=padding, strideH=stride, strideW=stride, dilationHFactor=1, dilationWFactor=1)


def depthwise(stride: int) -> Any:
    return tfl.DepthwiseConv2DOptionsT(padding=1, strideH=stride, strideW=stride, depthMultiplier=1)


def resize(**fields: bool) -> Any:
    return tfl.ResizeBilinearOptionsT(**fields)


FLAT: Operand = ([2, 4], "INT8", b"")
CASES: list[Case] = [
    ("RELU", [DATA], DATA, None, ""),
    ("RELU", [(IMAGE, "FLOAT32", b"")], (IMAGE, "FLOAT32", b""), None, "input 0 is FLOAT32"),
    ("RELU", [(IMAGE, "INT32", b"")], (IMAGE, "INT32", b""), None, "input 0 is INT32"),
    ("SIN", [DATA], DATA, None, "operator is SIN"),
    ("CONV_2D", [DATA, KERNEL, BIAS], DATA, conv(1), ""),
    ("CONV_2D", [DATA, (KERNEL[0], "INT16", bytes(288)), BIAS], DATA, conv(1), "input 1 is INT16"),
    ("CONV_2D", [DATA, KERNEL, ([4], "INT32", b"")], DATA, conv(1), "input 2 (bias) is computed"),
    ("CONV_2D", [DATA, KERNEL, BIAS], DATA, conv(4), "option stride is 4x4"),
    ("CONV_2D", [DATA, KERNEL, BIAS], DATA, conv(4, padding=1), ""),
    ("DEPTHWISE_CONV_2D", [DATA, ([1, 3, 3, 4], "INT8", bytes(36)), BIAS], DATA, depthwise(4), "option stride is 4x4"),
    ("AVERAGE_POOL_2D", [DATA], DATA, pool(9, padding=0), "option filter is 9x9"),
    ("AVERAGE_POOL_2D", [DATA], DATA, pool(9), ""),
    ("MAX_POOL_2D", [DATA], DATA, pool(257), "option filter is 257x257"),
    ("ELU", [DATA], DATA, None, ""),
    ("ELU", [(IMAGE, "UINT8", b"")], (IMAGE, "UINT8", b""), None, "types is UINT8 to UINT8"),
    ("RSQRT", [(IMAGE, "UINT8", b"")], (IMAGE, "UINT8", b""), None, "input 0 is UINT8"),
    ("MEAN", [([2, 4, 4, 4], "INT8", b""), ([2], "INT32", bytes(8))], DATA, None, "a batch of 2"),
    ("MEAN", [DATA, ([2], "INT32", b"")], DATA, None, "input 1 (axes) is computed"),
    ("PAD", [DATA, PADS], DATA, None, ""),
    ("PAD", [DATA, (PADS[0], "INT16", bytes(16))], DATA, None, "input 1 is INT16"),
    ("SOFTMAX", [([1, 256, 256, 4], "INT8", b"")], ([1, 256, 256, 4], "INT8", b""), None, ""),
    ("SOFTMAX", [([1, 257, 256, 4], "INT8", b"")], ([1, 257, 256, 4], "INT8", b""), None, "65,792 rows"),
    ("ARG_MAX", [([1, 200], "INT8", b"")], ([1], "INT32", b""), None, "at most 127 deep"),
    ("BATCH_MATMUL", [FLAT, FLAT], FLAT, None, ""),
    ("BATCH_MATMUL", [([2, 4], "INT16", b"")] * 2, ([2, 4], "INT16", b""), None, "input 0 is INT16"),
    ("RESIZE_BILINEAR", [DATA], ([1, 8, 8, 4], "INT8", b""), resize(), ""),
    ("RESIZE_BILINEAR", [DATA], ([1, 12, 12, 4], "INT8", b""), resize(), "sizes is 3 times"),
    ("RESIZE_BILINEAR", [DATA], ([1, 8, 16, 4], "INT8", b""), resize(), "2 and 4 times"),
    ("RESIZE_BILINEAR", [DATA], ([1, 16, 16, 4], "INT8", b""), resize(halfPixelCenters=True), "needed: 2 times"),
    ("RESIZE_BILINEAR", [DATA], ([1, 7, 7, 4], "INT8", b""), resize(alignCorners=True), ""),
    ("RESHAPE", [([], "INT8", b"")], ([1], "INT8", b""), None, "input 0 is without dimensions"),
]  # fmt: skip


def test_scales(handmade: Any) -> None:
    channels = single(handmade, "RELU", [DATA], DATA, scales=4)
    (failure,) = place(channels, delegates()["ethos-u"]).failures[0]
    assert str(failure) == "input 0 is quantized per channel; needed: one scale"
    none = single(type(handmade)(), "RELU", [DATA], DATA, scales=0)
    assert "without a scale" in str(place(none, delegates()["ethos-u"]).failures[0][0])


def test_inputs_of_another_quantization(handmade: Any) -> None:
    tensors = [handmade.tensor(IMAGE, "INT8", quantization=quant(scale)) for scale in (0.5, 0.25, 0.5)]
    handmade.op("MAXIMUM", tensors[:2], tensors[2:])
    (failure,) = place(handmade.open(), delegates()["ethos-u"]).failures[0]
    assert failure.operand == "input 1"


def transposed(stride: int) -> Any:
    return tfl.TransposeConvOptionsT(padding=0, strideH=stride, strideW=stride)


INDICES: Operand = ([2, 1], "INT32", bytes(8))
SHAPE: Operand = ([2], "INT32", bytes(8))
INT8_FLAT: Operand = ([4, 4], "INT8", b"")
WIDE: Operand = ([1, 12, 12, 4], "INT8", b"")
TRANSPOSED: list[Operand] = [([4], "INT32", bytes(16)), KERNEL, DATA, BIAS]
U85_CASES: list[Case] = [
    ("RELU", [DATA], DATA, None, ""),
    ("RELU", [(IMAGE, "FLOAT32", b"")], (IMAGE, "FLOAT32", b""), None, "input 0 is FLOAT32"),
    ("ADD", [(IMAGE, "INT32", b"")] * 2, (IMAGE, "INT32", b""), None, ""),
    ("LOGICAL_AND", [(IMAGE, "BOOL", b"")] * 2, (IMAGE, "BOOL", b""), None, ""),
    ("SIN", [DATA], DATA, None, "operator is SIN"),
    ("CONV_2D", [DATA, KERNEL, BIAS], DATA, conv(5, 0), ""),
    ("CONV_2D", [DATA, (KERNEL[0], "INT16", bytes(288)), BIAS], DATA, conv(1), "input 1 is INT16"),
    ("CONV_2D", [DATA, KERNEL, (BIAS[0], "INT32", b"")], DATA, conv(1), "input 2 (bias) is computed"),
    ("CONV_2D", [DATA, KERNEL, (BIAS[0], "INT16", bytes(8))], DATA, conv(1), "input 2 is INT16"),
    ("AVERAGE_POOL_2D", [DATA], DATA, pool(9, padding=0), "at most 8x8 with padding SAME"),
    ("MAX_POOL_2D", [DATA], DATA, pool(257), "at most 256 high"),
    ("MAX_POOL_2D", [DATA], DATA, pool(4, stride=4), ""),
    ("ELU", [(IMAGE, "UINT8", b"")], (IMAGE, "UINT8", b""), None, "INT8, twice the same"),
    ("GELU", [(IMAGE, "INT16", b"")], (IMAGE, "INT16", b""), None, "INT8 or UINT8"),
    ("LOG", [DATA], ([1, 4], "INT8", b""), None, "of another shape"),
    ("RSQRT", [(IMAGE, "UINT8", b"")], (IMAGE, "UINT8", b""), None, "INT8 or INT16"),
    ("MEAN", [([2, 4, 4, 4], "INT8", b""), SHAPE], DATA, None, "a batch of 2"),
    ("MEAN", [(IMAGE, "INT32", b""), SHAPE], (IMAGE, "INT32", b""), None, "input 0 is INT32"),
    ("MEAN", [DATA, ([2], "INT32", b"")], DATA, None, "input 1 (axes) is computed"),
    ("PAD", [DATA, (PADS[0], "INT16", bytes(16))], DATA, None, "input 1 is INT16"),
    ("SOFTMAX", [([1, 257, 256, 4], "INT8", b"")], ([1, 257, 256, 4], "INT8", b""), None, "65,792 rows"),
    ("ARG_MAX", [([1, 200], "INT8", b"")], ([1], "INT32", b""), None, ""),
    ("RESIZE_BILINEAR", [DATA], ([1, 64, 64, 4], "INT8", b""), resize(), ""),
    ("RESIZE_BILINEAR", [DATA], WIDE, resize(), "sizes is 3 times; needed: a power of two"),
    ("RESIZE_BILINEAR", [DATA], ([1, 8, 16, 4], "INT8", b""), resize(), ""),
    ("RESIZE_BILINEAR", [DATA], ([1, 8, 8, 4], "INT8", b""), resize(alignCorners=True, halfPixelCenters=True),
     "one of them"),
    ("RESIZE_NEAREST_NEIGHBOR", [DATA], WIDE, tfl.ResizeNearestNeighborOptionsT(), ""),
    ("RESIZE_NEAREST_NEIGHBOR", [([1, 1, 2, 4], "INT8", b"")], ([1, 1025, 2, 4], "INT8", b""),
     tfl.ResizeNearestNeighborOptionsT(), "at most 1024 times"),
    ("TRANSPOSE_CONV", TRANSPOSED, WIDE, transposed(3), ""),
    ("TRANSPOSE_CONV", TRANSPOSED, WIDE, transposed(2), "12 high or wide; needed: 8"),
    ("TRANSPOSE_CONV", [*TRANSPOSED[:2], INT8_FLAT, BIAS], WIDE, transposed(2), "4 dimensions"),
    ("GATHER", [INT8_FLAT, SHAPE], INT8_FLAT, tfl.GatherOptionsT(axis=0), ""),
    ("GATHER", [INT8_FLAT, SHAPE], INT8_FLAT, tfl.GatherOptionsT(axis=1), "needed: 0, as batch_dims"),
    ("SCATTER_ND", [INDICES, INT8_FLAT, SHAPE], INT8_FLAT, None, ""),
    ("SCATTER_ND", [([2, 2], "INT32", bytes(16)), INT8_FLAT, SHAPE], INT8_FLAT, None, "one channel"),
    ("SCATTER_ND", [INDICES, INT8_FLAT, ([2], "INT32", b"")], INT8_FLAT, None, "input 2 (shape)"),
    ("TRANSPOSE", [([1] * 9, "INT8", b""), ([9], "INT32", bytes(36))], ([1] * 9, "INT8", b""), None, "9-dimensional"),
    ("STRIDED_SLICE", [DATA, SHAPE, SHAPE, ([2], "INT32", b"")], DATA, None, "input 3 (strides)"),
]  # fmt: skip


COMPUTED: Operand = ([2], "INT32", b"")
# Of both generations.
VELA: list[Case] = [
    ("LOG", [DATA], DATA, None, ""),
    ("LOG", [(IMAGE, "UINT8", b"")], (IMAGE, "UINT8", b""), None, "INT8 or INT16, twice the same"),
    ("GELU", [DATA], DATA, None, ""),
    ("GELU", [(IMAGE, "INT16", b"")], (IMAGE, "INT16", b""), None, "INT8 or UINT8, twice the same"),
    ("ELU", [DATA], DATA, None, ""),
    ("RSQRT", [DATA], DATA, None, ""),
    ("SLICE", [INT8_FLAT, COMPUTED, SHAPE], INT8_FLAT, None, "input 1 (begin)"),
    ("SLICE", [INT8_FLAT, SHAPE, COMPUTED], INT8_FLAT, None, "input 2 (size)"),
    ("SLICE", [INT8_FLAT, SHAPE, SHAPE], INT8_FLAT, None, ""),
    ("STRIDED_SLICE", [INT8_FLAT, SHAPE, COMPUTED, SHAPE], INT8_FLAT, None, "input 2 (end)"),
    ("STRIDED_SLICE", [INT8_FLAT, SHAPE, SHAPE, COMPUTED], INT8_FLAT, None, "input 3 (strides)"),
    ("STRIDED_SLICE", [INT8_FLAT, SHAPE, SHAPE, SHAPE], INT8_FLAT, None, ""),
    ("PAD", [DATA, (PADS[0], "INT32", b"")], DATA, None, "input 1 (paddings)"),
    ("PAD", [DATA, PADS], DATA, None, ""),
    ("TRANSPOSE", [INT8_FLAT, COMPUTED], INT8_FLAT, None, "input 1 (permutation)"),
    ("TRANSPOSE", [INT8_FLAT, SHAPE], INT8_FLAT, None, ""),
    ("CONV_2D", [DATA, KERNEL, (BIAS[0], "INT16", bytes(8))], DATA, conv(1), "input 2 is INT16"),
    ("TRANSPOSE_CONV", [*TRANSPOSED[:3], (BIAS[0], "INT32", b"")], ([1, 8, 8, 4], "INT8", b""),
     transposed(2), "input 3 (bias)"),
    ("TRANSPOSE_CONV", [*TRANSPOSED[:3], (BIAS[0], "INT16", bytes(8))], ([1, 8, 8, 4], "INT8", b""),
     transposed(2), "input 3 is INT16"),
    ("TRANSPOSE_CONV", TRANSPOSED, ([1, 8, 8, 4], "INT8", b""), transposed(2), ""),
    ("MAXIMUM", [DATA, DATA], DATA, None, ""),
    ("MAX_POOL_2D", [DATA], DATA, pool(2), ""),
    ("AVERAGE_POOL_2D", [DATA], DATA, pool(2), ""),
    ("SOFTMAX", [INT8_FLAT], INT8_FLAT, tfl.SoftmaxOptionsT(beta=1.0), ""),
    ("RESHAPE", [([], "INT8", b"")], ([1], "INT8", b""), None, "input 0 is without dimensions"),
    ("UNIDIRECTIONAL_SEQUENCE_LSTM", [INT8_FLAT] * 9, INT8_FLAT, None, ""),
    ("UNIDIRECTIONAL_SEQUENCE_LSTM", [INT8_FLAT] * 12, INT8_FLAT, None, "operator is with peepholes"),
]  # fmt: skip
# Of U55 and U65 only, and of U85 only.
ELDER: list[Case] = [
    ("TRANSPOSE_CONV", TRANSPOSED, ([1, 12, 12, 4], "INT8", b""), transposed(3), "1x1 or 2x2"),
    ("ARG_MAX", [([1, 100], "INT8", b"")], ([1], "INT32", b""), None, ""),
    ("DEPTHWISE_CONV_2D", [DATA, KERNEL, BIAS], DATA, depthwise(1), ""),
]  # fmt: skip
YOUNGER: list[Case] = [
    ("SCATTER_ND", [([2, 1], "INT32", b""), INT8_FLAT, SHAPE], INT8_FLAT, None, "input 0 (indices)"),
]
ALL = [
    *(pytest.param("ethos-u", case, id=f"ethos-u-{case[0]}-{case[-1]}") for case in (*CASES, *VELA, *ELDER)),
    *(pytest.param("ethos-u85", case, id=f"ethos-u85-{case[0]}-{case[-1]}") for case in (*U85_CASES, *VELA, *YOUNGER)),
]


@pytest.mark.parametrize(("name", "case"), ALL)
def test_conditions(handmade: Any, name: str, case: Case) -> None:
    op, inputs, output, options, reason = case
    placed = place(single(handmade, op, inputs, output, options), delegates()[name])
    text = "; ".join(map(str, placed.failures.get(0, [])))
    assert reason in text
    assert bool(reason) == bool(text)
    assert placed.wanted == (set() if reason else {0})


def test_every_condition_of_vela(untried: Any, handmade: Any) -> None:
    """The cases above; scales and zero points are those of other tests, which are tried here again."""
    make = type(handmade)
    unlike = make()
    two = [unlike.tensor(IMAGE, "INT8", quantization=quant(scale)) for scale in (0.5, 0.25, 0.5)]
    unlike.op("MAXIMUM", two[:2], two[2:])
    shifted = make()
    wide = [shifted.tensor(IMAGE, "INT16", quantization=quant(0.5, 3)) for _ in range(2)]
    shifted.op("RELU", wide[:1], wide[1:])
    others = [
        (unlike.open(), "quantized otherwise than the output"),
        (shifted.open(), "INT16 with zero point 3"),
        (single(make(), "RELU", [DATA], DATA, scales=4), "quantized per channel"),
    ]
    for table, known, own in (
        (ethos_u.RULES, CASES, ELDER), (ethos_u85.RULES, U85_CASES, YOUNGER),
    ):  # fmt: skip
        tried = [
            (single(make(), op, inputs, output, options), reason)
            for op, inputs, output, options, reason in (*known, *VELA, *own)
        ]
        assert not untried([table], [(model, table, reason) for model, reason in (*tried, *others)])


def test_scales_of_u85(handmade: Any) -> None:
    for scales, expected in ((4, "quantized per channel"), (0, "without a scale")):
        model = single(type(handmade)(), "RELU", [DATA], DATA, scales=scales)
        assert expected in str(place(model, delegates()["ethos-u85"]).failures[0][0])
    handmade.op(
        "RELU", [handmade.tensor(IMAGE, "INT16", quantization=quant(0.5, 3))], [handmade.tensor(IMAGE, "INT16")]
    )
    assert "INT16 with zero point 3" in str(place(handmade.open(), delegates()["ethos-u85"]).failures[0])


def test_variables_of_u85(handmade: Any) -> None:
    """A handle goes along with what reads it."""
    handle, other = (handmade.tensor([], "RESOURCE") for _ in range(2))
    value = handmade.tensor([1, 4], "INT8", quantization=quant(0.5))
    handmade.op("VAR_HANDLE", [], [handle])
    handmade.op("READ_VARIABLE", [handle], [value])
    handmade.op("VAR_HANDLE", [], [other])
    handmade.op("ASSIGN_VARIABLE", [other, handmade.tensor([1], "FLOAT32")], [])
    placed = place(handmade.open(), delegates()["ethos-u85"])
    assert placed.taken == {0, 1}
    assert "read or assigned by what is taken" in str(placed.failures[2][0])


@pytest.mark.parametrize(
    "name",
    ["mnet_int8", "mnet_int8_mixed", "mnet_int16x8", "mnet_uint8io", "opzoo_int8", "qat_int8", "legacy_uint8",
     "lstm_int8", "fc_aeq_static_wi8_ai16", "fc_block1x16_sparse_int8", "mnet_int8_numericverify", "while_if",
     "dynamic_shapes_string", "mnet_int8_vela_ethosu55", "conv3d_float32"],
)  # fmt: skip
@pytest.mark.parametrize("delegate", ["ethos-u", "ethos-u85"])
def test_models_as_vela_has_them(models: Path, name: str, delegate: str) -> None:
    assert_as_vela(models / f"{name}.tflite", delegate)


@pytest.mark.parametrize("delegate", ["ethos-u", "ethos-u85"])
def test_real_models_as_vela_has_them(real_models: dict[str, Path], delegate: str) -> None:
    for name in ("okay_nabu", "digits"):
        assert_as_vela(real_models[name], delegate)


def assert_as_vela(path: Path, delegate: str) -> None:
    pytest.importorskip("ethosu.vela")
    model = open_model(str(path))
    report = measure(model, delegate)
    placed = place(model, delegates()[delegate])
    gone = {o for finding in report.findings if finding.code == "operators-removed" for o in finding.operators}
    real = [part["operators"] for part in report.summary["partitions"]]
    taken = {operator for part in real for operator in part}
    ops = model.operators.ops
    assert {f"{ops[o]} {o}" for o in taken - placed.taken} == set(), "really taken"
    assert {f"{ops[o]} {o}" for o in placed.taken - taken - gone} == set(), "really left"
    assert len(real) == sum(not gone.issuperset(operators) for _, operators in placed.partitions)
