"""Rules of delegates, condition by condition; reports, what-ifs, delegates of others."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis import delegates as package
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.delegates import delegates, ethos_u, hexagon, operator_lists, xnnpack
from tb_tflite_plugin.analysis.delegates.nodes import View
from tb_tflite_plugin.analysis.delegates.reports import partition_xnnpack, verdicts
from tb_tflite_plugin.analysis.delegates.rules import Claim, Delegate, created
from tb_tflite_plugin.analysis.delegates.several import in_order
from tb_tflite_plugin.analysis.delegates.simulation import fixes, place, place_in_order, report, sentence, what_if
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.analysis.schema import enum_values

_RULES = (xnnpack.rules(xnnpack.XNNPACK.options), hexagon.RULES, ethos_u.RULES, operator_lists.GPU)
ALL_OPS = sorted({op for rules in _RULES for op in rules} & set(enum_values("BuiltinOperator")))
MODELS = Path(__file__).parents[1] / "models"


def model_of(name: str) -> Model:
    return open_model(str(MODELS / f"{name}.tflite"))


def quant(scale: float, zero: int = 0, count: int = 1) -> Any:
    return tfl.QuantizationParametersT(scale=[scale] * count, zeroPoint=[zero] * count)


def single(handmade: Any, op: str, inputs: list[tuple[list[int], str, bool]], output: str, options: Any = None,
           version: int = 1, scale: float = 0.5) -> Model:  # fmt: skip
    """An operator of 8 bits with a scale, or others."""

    def tensor(shape: list[int], kind: str, constant: bool) -> int:
        fields = {"quantization": quant(scale)} if kind in ("INT8", "UINT8") else {}
        width = {"INT8": 1, "UINT8": 1, "FLOAT16": 2, "INT64": 8, "BOOL": 1}.get(kind, 4)
        data = bytes(width * int(np.prod(shape, dtype=int))) if constant else b""
        number: int = handmade.tensor(shape, kind, data, **fields)
        return number

    ids = [tensor(*operand) for operand in inputs]
    handmade.op(op, ids, [tensor(inputs[0][0], output, False)], options)
    handmade.model.operatorCodes[0].version = version
    model: Model = handmade.open()
    return model


F, Q, U, H, I32, BOOL = "FLOAT32", "INT8", "UINT8", "FLOAT16", "INT32", "BOOL"
S = [1, 4, 4, 4]
Operand = tuple[list[int], str, bool]


def case(*types: str, constant: int = -1, shape: list[int] | None = None) -> list[Operand]:
    """Operands of the given types, of which one may be constant."""
    return [(shape or S, kind, place == constant) for place, kind in enumerate(types)]


GPU_CASES: list[tuple[str, list[Operand], str, Any, str]] = [
    ("ADD", case(F, F), F, None, ""),
    ("ADD", case(I32, I32), I32, None, ""),
    ("ADD", case(F, F, shape=[1, 1, 2, 2, 4]), F, None, "5-dimensional"),
    ("SCATTER_ND", case(I32, F), F, None, "an operator that it has a kernel for"),
    ("MAX_POOL_2D", case("INT16"), "INT16", None, "INT16"),
    ("ARG_MAX", case(F, I32, constant=1), "INT64", None, "INT64"),
    ("GREATER", case(F, F), BOOL, None, ""),
    ("LOGICAL_AND", case(F, F), BOOL, None, "FLOAT32"),
    ("GATHER", [(S, F, False), ([2, 2], I32, False)], F, None, "1-dimensional"),
    ("GATHER", [(S, F, False), ([2], I32, False)], F, None, ""),
    ("STRIDED_SLICE", case(F, I32), F, tfl.StridedSliceOptionsT(shrinkAxisMask=1), "shrink_axis_mask"),
    ("FULLY_CONNECTED", case(U, U, constant=1, shape=[4, 4]), U, None, "INT8, INT4 or INT2"),
    ("REDUCE_ALL", case(F, I32, constant=1), F, None, "BOOL"),
    ("EMBEDDING_LOOKUP", case(I32, F, constant=1), F, None, ""),
    ("TOPK_V2", case(F, I32, constant=1), I32, None, ""),
]
HEXAGON_CASES: list[tuple[str, list[Operand], str, Any, str]] = [
    ("ADD", case(Q, Q), Q, tfl.AddOptionsT(), ""),
    ("ADD", case(F, F), F, tfl.AddOptionsT(), "UINT8 or INT8"),
    ("ADD", case(Q, Q), Q, tfl.AddOptionsT(fusedActivationFunction=4), "none or a RELU"),
    ("ADD", case(Q, Q, shape=[1, 1, 1, 1, 2]), Q, tfl.AddOptionsT(), "at most 4 dimensions"),
    ("SUM", case(Q, I32, constant=1), Q, None, "switched off"),
    ("MEAN", case(Q, I32), Q, None, "a constant"),
    ("MEAN", case(Q, I32, constant=1), Q, None, ""),
    ("GELU", case(Q), Q, None, "an operator that it has a kernel for"),
    ("MAX_POOL_2D", case(Q), Q, tfl.Pool2DOptionsT(fusedActivationFunction=1), "needed: none"),
    ("CONV_2D", case(Q, Q, I32), Q, tfl.Conv2DOptionsT(strideH=4, strideW=1), "at most 3"),
    ("CONV_2D", case(Q, Q, I32), Q, tfl.Conv2DOptionsT(dilationHFactor=2, strideH=1, strideW=1), "dilation_h_factor"),
    ("CONV_2D", case(Q, Q, I32), Q, tfl.Conv2DOptionsT(strideH=1, strideW=1), ""),
    ("DEPTHWISE_CONV_2D", case(Q, Q, I32), Q, tfl.DepthwiseConv2DOptionsT(strideH=1, strideW=1, depthMultiplier=2),
     "depth_multiplier"),
    ("CONCATENATION", case(Q, F), Q, None, "UINT8 or INT8"),
    ("SPLIT", case(I32, Q), Q, None, "a constant"),
    ("STRIDED_SLICE", case(Q, I32, constant=1), Q, tfl.StridedSliceOptionsT(newAxisMask=1), "new_axis_mask"),
    ("SQUARED_DIFFERENCE", case(U, U), U, None, "INT8"),
    ("RSQRT", case(Q), Q, None, "operator version"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "inputs", "output", "options", "reason"), GPU_CASES)
def test_conditions_of_the_gpu(
    handmade: Any, op: str, inputs: list[Operand], output: str, options: Any, reason: str
) -> None:
    check("gpu", single(handmade, op, inputs, output, options), reason)


@pytest.mark.parametrize(("op", "inputs", "output", "options", "reason"), HEXAGON_CASES)
def test_conditions_of_hexagon(
    handmade: Any, op: str, inputs: list[Operand], output: str, options: Any, reason: str
) -> None:
    check("hexagon", single(handmade, op, inputs, output, options), reason)


def check(name: str, model: Model, reason: str) -> None:
    placed = place(model, delegates()[name])
    if reason:
        assert 0 not in placed.wanted
        assert reason in "; ".join(map(str, placed.failures[0]))
    else:
        assert placed.failures == {}
        assert placed.wanted == {0}


XNNPACK_CASES: list[tuple[str, list[Operand], str, Any, int, str]] = [
    ("FULLY_CONNECTED", case(Q, Q, I32, constant=1, shape=[4, 4]), Q, None, 1, "input 2 (bias)"),
    ("FULLY_CONNECTED", case(F, Q, constant=1, shape=[4, 4]), F, None, 1, ""),
    ("FULLY_CONNECTED", case(F, F, constant=1, shape=[4, 4]), F, None, 8, "sparse"),
    ("FULLY_CONNECTED", case(F, "INT16", constant=1, shape=[4, 4]), F, None, 1, "INT16"),
    ("BATCH_MATMUL", case(F, F), Q, None, 1, ""),
    ("BATCH_MATMUL", case(F, H), F, None, 1, "like input 0"),
    ("BATCH_MATMUL", case(F, F, shape=[4]), F, None, 1, "at least 2 dimensions"),
    ("SOFTMAX", case(F), F, tfl.SoftmaxOptionsT(beta=2.0), 1, "option beta"),
    ("CONCATENATION", case(F), F, tfl.ConcatenationOptionsT(axis=1), 1, "2 to 5"),
    ("CONCATENATION", case(F, F), F, tfl.ConcatenationOptionsT(axis=4), 1, "less than 4"),
    ("PRELU", case(F, F), F, None, 1, "make the slope a constant"),
    ("ELU", case(U), U, None, 1, "INT8"),
    ("QUANTIZE", case(Q), U, None, 1, "like the input"),
    ("SPLIT", case(I32, F, constant=0), F, None, 1, "2 to 4"),
    ("EXPAND_DIMS", case(F, I32, constant=1), F, None, 1, "RESHAPE"),
    ("MAX_POOL_2D", case(F), F, tfl.Pool2DOptionsT(filterHeight=1, filterWidth=1, strideH=2, strideW=2), 1, "1x1"),
    ("Convolution2DTransposeBias", case(F, F, F), F, None, 1, ""),
    ("Betainc", case(F), F, None, 1, "an operator that it has a kernel for"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "inputs", "output", "options", "version", "reason"), XNNPACK_CASES)
def test_conditions_of_xnnpack(
    handmade: Any, op: str, inputs: list[Operand], output: str, options: Any, version: int, reason: str
) -> None:
    model = single(handmade, op, inputs, output, options, version)
    placed = place(model, delegates()["xnnpack"])
    texts = "; ".join(f"{failure} {failure.hint}" for failure in placed.failures.get(0, []))
    assert (reason in texts) if reason else not placed.failures


def test_every_failed_condition_is_told(handmade: Any) -> None:
    model = single(handmade, "STRIDED_SLICE", case(I32, I32, I32, I32), F, tfl.StridedSliceOptionsT(ellipsisMask=1))
    (found,) = place(model, delegates()["xnnpack"]).failures.values()
    assert [failure.operand for failure in found] == [
        "input 0", "input 1 (begin)", "input 2 (end)", "input 3 (strides)", "option ellipsis_mask",
    ]  # fmt: skip


def test_unpacked_constants_stay_with_what_reads_them() -> None:
    """In the sparse model of 16 bits everything is taken; the GPU has no DENSIFY, so its DEQUANTIZE stay too."""
    model = model_of("mnet_pruned80_sparse_fp16")
    assert len(place(model, delegates()["xnnpack"]).taken) == len(model.operators)
    placed = place(model, delegates()["gpu"])
    left = {model.operators.ops[operator] for operator in placed.failures}
    assert left == {"DENSIFY", "DEQUANTIZE"}
    assert len(place(model_of("mnet_fp16"), delegates()["gpu"]).taken) == 46


def test_the_gpu_takes_nothing_that_is_sized_while_running(handmade: Any) -> None:
    x, y, z = (handmade.tensor([4]) for _ in range(3))
    handmade.op("RELU", [x], [y])
    handmade.op("RESHAPE", [y, handmade.tensor([1], "INT32")], [z])
    placed = place(handmade.open(), delegates()["gpu"])
    assert placed.taken == set()
    assert "from RESHAPE 1 on" in str(placed.failures[0][0])


def test_what_plugins_of_npus_claim(real_models: dict[str, Path]) -> None:
    """The figures of the makers' own plugins (runtime/npu.py measures them where they are installed)."""
    model = open_model(str(real_models["nmp"]))
    for name, taken, parts in (("intel", 208, 15), ("mediatek", 163, 51)):
        placed = place(model, delegates()[name])
        assert (len(placed.taken), len(placed.partitions)) == (taken, parts)


def test_what_plugins_of_npus_make_of_what_is_linked(real_models: dict[str, Path]) -> None:
    """Islands of the strategy weakly_connected, as the plugins make them; of nmp LiteRT cannot sort the result."""
    islands = {("nmp", "intel"): (208, 1), ("face_sparse", "intel"): (342, 1), ("okay_nabu", "intel"): (39, 4),
               ("face_sparse", "qualcomm"): (342, 1)}  # fmt: skip
    for (name, delegate), expected in islands.items():
        model = open_model(str(real_models[name]))
        placed = place(model, created(delegates()[delegate], {"partition_strategy": "weakly_connected"}))
        assert (len(placed.taken), len(placed.partitions)) == expected, name
        codes = {finding.code for finding in report(model, placed).findings}
        assert ("partition-unsorted" in codes) == (name == "nmp")
    assert len(place(open_model(str(real_models["face_sparse"])), delegates()["qualcomm"]).partitions) == 47


def test_a_report_has_the_keys_of_a_measured_one() -> None:
    found = report(model_of("opzoo_int8"), place(model_of("opzoo_int8"), delegates()["xnnpack"]))
    assert {"delegate", "provenance", "runtime", "operators", "delegated", "partitions"} <= set(found.summary)
    assert (found.summary["provenance"], found.summary["delegated"]) == ("simulated", 36)
    assert len(found.summary["partitions"]) == 9
    cells = found.cells()
    assert cells["verdict"].count("rejected") == 10
    assert all((reason is None) == (verdict != "rejected")
               for reason, verdict in zip(cells["reason"], cells["verdict"], strict=True))  # fmt: skip
    assert {column.provenance for column in found.columns} == {"simulated"}
    assert partition_xnnpack(model_of("opzoo_int8")).summary == found.summary


def test_the_sentence() -> None:
    model = model_of("opzoo_int8")
    text = sentence(model, place(model, delegates()["xnnpack"]))
    assert text.startswith("XNNPACK: 36 of 46 operators in 9 partitions; BATCH_MATMUL (2), ")
    assert text.endswith("and others stay behind")
    whole = model_of("mnet_float32")
    assert sentence(whole, place(whole, delegates()["xnnpack"])) == "XNNPACK: 20 of 20 operators in 1 partition"


@pytest.mark.parametrize(
    ("name", "delegate", "said"),
    [
        ("mnet_float32", "hexagon", "Hexagon: takes none of the 20 operators: input 0 is FLOAT32"),
        ("opzoo_float32", "hexagon", "Hexagon: takes none of the 44 operators: mostly input 0 is FLOAT32"),
        ("mnet_float32", "flex", "Flex: takes none of the 20 operators"),
    ],
)
def test_the_sentence_says_what_stops_all(name: str, delegate: str, said: str) -> None:
    model = open_model(MODELS / f"{name}.tflite")
    assert sentence(model, place(model, delegates()[delegate])) == said


def test_what_if_and_what_to_fix_first() -> None:
    model, xnnpack = model_of("opzoo_int8"), delegates()["xnnpack"]
    placed = place(model, xnnpack)
    tried = fixes(model, placed)
    assert tried[0].delegated == 37
    assert tried == sorted(tried, key=lambda fix: (-fix.delegated, fix.partitions, fix.crossing_bytes))
    everything = what_if(model, placed, sorted(placed.failures))
    assert (everything.delegated, everything.partitions) == (46, 1)
    assert everything.crossing_bytes < tried[0].crossing_bytes
    assert any("requantize" in fix.hint for fix in tried)


def test_verdicts_of_all() -> None:
    found = verdicts(model_of("mnet_int8"))
    assert [entry["delegate"] for entry in found.summary["delegates"]] == list(delegates())
    cells = found.cells()
    assert cells["xnnpack"].count("accepted") == 19
    assert set(cells["tflm"]) == {"accepted"}


def test_a_later_delegate_takes_what_an_earlier_one_left() -> None:
    model = model_of("mnet_pruned80_sparse_fp16")
    first, second = place_in_order(View(model), [delegates()["gpu"], delegates()["xnnpack"]])
    assert first.partitions == place(model, delegates()["gpu"]).partitions
    assert second.taken
    assert not first.taken & second.taken
    found = in_order(model, [delegates()["gpu"], delegates()["xnnpack"]])
    assert found.summary["delegated"] == len(first.taken | second.taken)
    assert [part["operators"] for part in found.summary["partitions"] if part["delegate"] == "gpu"] == [
        sorted(operators) for _, operators in first.partitions
    ]
    cells = found.cells()
    assert {o for o, name in enumerate(cells["delegate"]) if name == "xnnpack"} == second.taken
    assert [number is None for number in cells["partition"]] == [name is None for name in cells["delegate"]]
    start = f"of {len(model.operators)} operators, GPU {len(first.taken)} in 1 partition, then XNNPACK "
    assert found.summary["sentence"].startswith(start)


def test_operators_without_operands_are_no_errors(handmade: Any) -> None:
    rules = [name for name, delegate in delegates().items() if delegate.confidence != "list"]
    for op in ALL_OPS:
        handmade.op(op, [], [])
    model = handmade.open()
    for name in rules:
        placed = place(model, delegates()[name])
        assert len(placed.taken) + len(placed.failures) == len(ALL_OPS), name


def test_options_of_a_delegate() -> None:
    model, legacy = model_of("mnet_int8"), delegates()["gpu-legacy"]
    assert place(model, legacy).taken
    floats = created(legacy, {"quantized": "false"})
    reasons = place(model, floats).failures
    assert reasons[1][0].needed == "FLOAT32 or FLOAT16"
    assert floats.options["quantized"] == "false"
    assert legacy.options["quantized"] == "true"
    zoo, hexagon = model_of("opzoo_int8"), delegates()["hexagon"]
    one = place(zoo, created(hexagon, {"max_delegated_partitions": "1", "min_nodes_per_partition": "1"}))
    all_of_them = place(zoo, created(hexagon, {"max_delegated_partitions": "0", "min_nodes_per_partition": "1"}))
    assert len(one.partitions) == 1
    assert len(all_of_them.partitions) > len(place(zoo, hexagon).partitions)
    assert max(len(operators) for _, operators in all_of_them.partitions) == len(one.partitions[0][1])


@pytest.mark.parametrize(
    ("name", "option", "value", "message"),
    [
        ("gpu-legacy", "quantized", "perhaps", "quantized=perhaps: must be true or false"),
        ("hexagon", "max_delegated_partitions", "-1", "must be a whole number"),
        ("hexagon", "colour", "red", "hexagon has no option colour; it has max_delegated_partitions=4, "),
        ("flex", "threads", "2", "flex has no option threads; it has none"),
        ("intel", "partition_strategy", "some", "must be default or weakly_connected"),
        ("xnnpack", "qs8", "yes", "qs8=yes: must be true or false"),
        ("gpu", "precision", "int8", "precision=int8: must be fp16 or fp32"),
        ("gpu", "max_buffer_mib", "lots", "max_buffer_mib=lots: must be a whole number"),
    ],
)
def test_options_that_there_are_not(name: str, option: str, value: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        place(model_of("mnet_int8"), created(delegates()[name], {option: value}))


def test_delegates_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def claim(_view: Any, _subgraph: int) -> Claim:
        return Claim({0}, {})

    own = Delegate("mine", "Mine", "list", "a test", claim)
    other = Delegate("xnnpack", "Not XNNPACK", "list", "a test", claim)

    class Point:
        def __init__(self, value: object) -> None:
            self.name, self.load = "point", lambda: value

    found: list[Point] = [Point(own), Point(other)]
    monkeypatch.setattr(metadata, "entry_points", lambda group: found if group == package.GROUP else [])
    delegates.cache_clear()
    try:
        assert delegates()["mine"] is own
        assert delegates()["xnnpack"].title == "XNNPACK"
        assert place(model_of("mnet_int8"), delegates()["mine"]).partitions == [(0, [0])]
        found.append(Point(object()))
        delegates.cache_clear()
        with pytest.raises(TypeError, match="is no Delegate"):
            delegates()
    finally:
        monkeypatch.undo()
        delegates.cache_clear()
