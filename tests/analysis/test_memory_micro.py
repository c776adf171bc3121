"""The plan of TensorFlow Lite Micro, by its rules and against the runtime itself."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.memory import report
from tb_tflite_plugin.analysis.memory.scratch import scratch

# The test models that TFLM is known to run. It has no kernels, or not for these types, for the others.
RUN = (
    "bilstm_float32", "fc_2by4_dense", "fc_aeq_static_wi8_ai16", "fc_aeq_static_wi8_ai8", "fc_aeq_weight_only_wi8",
    "fc_block1x16_sparse_int8", "fc_block1x4_dense", "fc_block1x4_sparse", "gru_while", "lstm_dynrange",
    "lstm_float32", "lstm_int8", "mnet_clustered16", "mnet_clustered16_int8", "mnet_dynamic_batch_float32",
    "mnet_float32", "mnet_int16x8", "mnet_int8", "mnet_int8_float_io", "mnet_int8_mixed", "mnet_int8_per_tensor",
    "mnet_pruned80_dense", "mnet_uint8io", "mnet_v2_float32", "mnet_v2_int8", "multi_signature", "qat_int8",
    "resource_variable", "simplernn_while", "text_embed_dynrange", "text_embed_float32", "tiny_mlp", "tiny_mlp_int8",
    "while_if",
)  # fmt: skip


def test_the_head_is_what_tflm_takes(model_path: Path, micro: Any) -> None:
    measured, said = micro(model_path)
    if measured is None:
        assert model_path.stem not in RUN, said
        pytest.skip(f"TFLM does not run it: {said.splitlines()[0]}")
    assert report(open_model(model_path), "micro", "operators").summary["arena_bytes"] == measured


def test_the_head_of_real_models_is_what_tflm_takes(real_models: dict[str, Path], micro: Any) -> None:
    for name in ("okay_nabu", "digits", "face_landmark"):
        planned = report(open_model(real_models[name]), "micro", "operators").summary["arena_bytes"]
        assert planned == micro(real_models[name])[0], name


def quantized(*zero_points: int) -> Any:
    return tfl.QuantizationParametersT(scale=[0.5] * len(zero_points), zeroPoint=list(zero_points))


def add_n(handmade: Any) -> None:
    inputs = [handmade.tensor([5, 7]) for _ in range(3)]
    handmade.op("ADD_N", inputs, [handmade.tensor([5, 7])], tfl.AddNOptionsT())


def mirror_pad(handmade: Any) -> None:
    data = handmade.tensor([1, 4, 4, 1])
    padding = handmade.tensor([4, 2], "INT32", data=np.array([0, 0, 1, 1, 1, 1, 0, 0], "<i4").tobytes())
    handmade.op("MIRROR_PAD", [data, padding], [handmade.tensor([1, 6, 6, 1])], tfl.MirrorPadOptionsT(mode=0))


def svdf(handmade: Any) -> None:
    data, feature, time = handmade.tensor([2, 4]), handmade.tensor([6, 4], data=bytes(96)), bytes(4 * 6 * 5)
    operands = [data, feature, handmade.tensor([6, 5], data=time), handmade.tensor([3], data=bytes(12))]
    state = handmade.tensor([2, 30], isVariable=True)
    handmade.op("SVDF", [*operands, state], [handmade.tensor([2, 3])], tfl.SVDFOptionsT(rank=2))


def transpose_conv(handmade: Any) -> None:
    shape = handmade.tensor([4], "INT32", data=np.array([1, 4, 4, 3], "<i4").tobytes())
    per_channel = tfl.QuantizationParametersT(scale=[0.5] * 3, zeroPoint=[0] * 3)
    weights = handmade.tensor([3, 2, 2, 1], "INT8", data=bytes(12), quantization=per_channel)
    data = handmade.tensor([1, 2, 2, 1], "INT8", quantization=quantized(0))
    output = handmade.tensor([1, 4, 4, 3], "INT8", quantization=quantized(0))
    options = tfl.TransposeConvOptionsT(padding=1, strideW=2, strideH=2)
    handmade.op("TRANSPOSE_CONV", [shape, weights, data], [output], options)


def reduce_max(handmade: Any) -> None:
    axes = handmade.tensor([2], "INT32", data=np.array([1, 2], "<i4").tobytes())
    options = tfl.ReducerOptionsT(keepDims=True)
    handmade.op("REDUCE_MAX", [handmade.tensor([1, 4, 4, 3]), axes], [handmade.tensor([1, 1, 1, 3])], options)


def mean_int8(handmade: Any) -> None:
    axes = handmade.tensor([2], "INT32", data=np.array([1, 2], "<i4").tobytes())
    data = handmade.tensor([1, 4, 4, 3], "INT8", quantization=quantized(0))
    output = handmade.tensor([1, 1, 1, 3], "INT8", quantization=quantized(0))
    handmade.op("MEAN", [data, axes], [output], tfl.ReducerOptionsT(keepDims=True))


def four_bits(handmade: Any) -> None:
    weights = handmade.tensor([6, 8], "INT4", data=bytes(24), quantization=quantized(0))
    data = handmade.tensor([1, 8], "INT8", quantization=quantized(0))
    output = handmade.tensor([1, 6], "INT8", quantization=quantized(0))
    handmade.op("FULLY_CONNECTED", [data, weights, -1], [output], tfl.FullyConnectedOptionsT())


@pytest.mark.parametrize(
    ("build", "sizes"),
    [
        (add_n, [24]),
        (mirror_pad, [16, 16]),
        (svdf, [48]),
        (transpose_conv, [192]),
        (reduce_max, [16, 8]),
        (mean_int8, [12, 16, 8]),
        (four_bits, [48]),
    ],
)
def test_scratch_memory(
    handmade: Any, build: Any, sizes: list[int], write: Any, request: pytest.FixtureRequest
) -> None:
    build(handmade)
    graph = handmade.graph
    written = {tensor for operator in graph.operators for tensor in operator.outputs}
    read = [tensor for operator in graph.operators for tensor in operator.inputs if tensor >= 0]
    graph.inputs = [t for t in dict.fromkeys(read) if not graph.tensors[t].buffer and not graph.tensors[t].isVariable]
    graph.outputs = sorted(written)
    model = handmade.open()
    operators, found = scratch(model)
    assert (operators.tolist(), found.tolist()) == ([0] * len(sizes), sizes)
    summary = report(model, "micro", "operators").summary
    micro = request.getfixturevalue("micro")  # what is above holds where the package has no wheel, too
    assert summary["arena_bytes"] == micro(write(handmade.pack()))[0]
    assert report(model, "micro", "operators").cells()["scratch_bytes"] == [sum(-(-size // 16) * 16 for size in sizes)]


def test_scratch_memory_of_other_kernels(handmade: Any) -> None:
    """An integer SVDF, a 16x8 transposed convolution with a narrow bias, and an LSTM in time-major order."""
    kinds = {"data": "INT8", "state": "INT16"}
    data = handmade.tensor([2, 4], kinds["data"])
    operands = [data, handmade.tensor([6, 4], "INT8"), handmade.tensor([6, 5], "INT16"), -1]
    handmade.op("SVDF", [*operands, handmade.tensor([2, 30], "INT16")], [handmade.tensor([2, 2])],
                tfl.SVDFOptionsT(rank=3))  # fmt: skip
    shape, bias = handmade.tensor([4], "INT32"), handmade.tensor([3], "INT16")
    operands = [shape, handmade.tensor([3, 2, 2, 1], "INT8"), handmade.tensor([1, 2, 2, 1], "INT16"), bias]
    handmade.op("TRANSPOSE_CONV", operands, [handmade.tensor([1, 4, 4, 3], "INT16")])
    state = [handmade.tensor([5, 3]), handmade.tensor([5, 3], kinds["state"])]
    lstm = [handmade.tensor([7, 5, 4]), *[-1] * 17, *state]
    handmade.op("UNIDIRECTIONAL_SEQUENCE_LSTM", lstm, [handmade.tensor([7, 5, 3])],
                tfl.UnidirectionalSequenceLSTMOptionsT(timeMajor=True))  # fmt: skip
    handmade.op("MEAN", [handmade.tensor([-1, 2]), -1], [handmade.tensor([1])])
    operators, sizes = scratch(handmade.open())
    found = list(zip(operators.tolist(), sizes.tolist(), strict=True))
    assert found == [(0, 48), (0, 16), (1, 384), (1, 24), *[(2, 30)] * 4, (3, 8)]


def chain(handmade: Any, sizes: list[int], kind: str = "INT8") -> None:
    """ABS after ABS on tensors of the given sizes (which no kernel would take)."""
    tensors = [handmade.tensor([size], kind) for size in sizes]
    for source, target in itertools.pairwise(tensors):
        handmade.op("ABS", [source], [target])
    handmade.graph.inputs, handmade.graph.outputs = tensors[:1], tensors[-1:]


def test_sizes_are_aligned_and_the_largest_is_placed_first(handmade: Any) -> None:
    chain(handmade, [10, 100, 20, 50])
    result = report(handmade.open(), "micro", "tensors")
    assert result.cells()["buffer_bytes"] == [16, 112, 32, 64]
    assert result.cells()["offset"] == [112, 0, 112, 0]
    assert result.cells()["first_use"] == [0, 0, 1, 2]
    assert result.cells()["last_use"] == [0, 1, 2, 2]
    summary = result.summary
    assert summary["arena_bytes"] == summary["peak_live_bytes"] == 144
    assert (summary["no_reuse_bytes"], summary["peak_operator"]) == (224, 1)
    assert [row["tensor"] for row in summary["peak_buffers"]] == [1, 2]
    assert report(handmade.open(), "micro", "operators").cells()["live_bytes"] == [128, 144, 96]


def test_of_equal_buffers_the_later_is_placed_first(handmade: Any) -> None:
    chain(handmade, [16, 16])
    assert report(handmade.open(), "micro", "tensors").cells()["offset"] == [16, 0]


def offline(handmade: Any, words: list[int]) -> None:
    data = np.array(words, "<i4").tobytes()
    handmade.model.metadata = [tfl.MetadataT(name="OfflineMemoryAllocation", buffer=handmade.buffer(data))]


def test_an_offline_plan_is_kept_and_the_rest_is_planned_around_it(handmade: Any) -> None:
    chain(handmade, [10, 100, 20, 50])
    offline(handmade, [1, 1, 4, -1, 64, -1, 0])
    result = report(handmade.open(), "micro", "tensors")
    assert result.cells()["offset"] == [0, 64, 176, 0]
    assert result.summary["arena_bytes"] == 208
    assert [finding.code for finding in result.findings] == ["memory-offline"]
    assert result.findings[0].message.startswith("2 tensors")


@pytest.mark.parametrize("words", [[], [1, 1], [1, 1, 3, 0, 0, 0], [1, 1, 4, 0, 0], [1, 1, 4, 0, 0, 0, -5]])
def test_a_bad_offline_plan_is_an_error(handmade: Any, words: list[int]) -> None:
    chain(handmade, [10, 100, 20, 50])
    offline(handmade, words)
    result = report(handmade.open(), "micro", "tensors")
    assert [(finding.code, finding.severity) for finding in result.findings] == [("memory-offline", "error")]


def test_variables_persist_unless_an_offline_plan_places_them(handmade: Any) -> None:
    chain(handmade, [10, 20])
    handmade.tensor([50], "INT8", isVariable=True)
    result = report(handmade.open(), "micro", "tensors")
    assert result.cells()["place"] == ["arena", "arena", "persistent"]
    assert result.summary["persistent_bytes"] == 64
    offline(handmade, [1, 1, 3, -1, -1, 256])
    result = report(handmade.open(), "micro", "tensors")
    assert result.cells()["place"] == ["arena", "arena", "arena"]
    assert (result.summary["persistent_bytes"], result.summary["arena_bytes"]) == (0, 320)


def caller(handmade: Any, calls: int) -> None:
    """A subgraph of ABS operators that runs another one with WHILE or CALL_ONCE, and one that nobody runs."""
    handmade.subgraph("main")
    tensors = [handmade.tensor([64], "INT8") for _ in range(calls + 1)]
    for source, target in itertools.pairwise(tensors):
        handmade.op("WHILE", [source], [target], tfl.WhileOptionsT(condSubgraphIndex=1, bodySubgraphIndex=2))
    handmade.graph.inputs, handmade.graph.outputs = tensors[:1], tensors[-1:]
    for size, name in ((16, "cond"), (48, "body"), (32, "alone")):
        handmade.subgraph(name)
        chain(handmade, [size, size])


def test_subgraphs_are_planned_where_they_are_run(handmade: Any) -> None:
    caller(handmade, 1)
    result = report(handmade.open(), "micro", "tensors")
    # Input and output of WHILE live through both of its subgraphs, whose tensors share a place. What nobody runs is
    # placed all the same.
    assert result.cells()["offset"][:2] == [64, 0]
    assert result.cells()["first_use"] == [0, 0, 0, 1, 0, 2, None, None]
    assert result.cells()["last_use"] == [2, 2, 1, 1, 2, 2, None, None]
    assert result.summary["peak_live_bytes"] == 64 + 64 + 48 + 48
    operators = report(handmade.open(), "micro", "operators")
    assert operators.cells()["live_bytes"] == [128 + 48, 128 + 32, 128 + 96, None]


def test_a_subgraph_that_is_run_twice_lives_from_the_first_run_to_the_last(handmade: Any) -> None:
    caller(handmade, 2)
    result = report(handmade.open(), "micro", "operators")
    # Between its runs, cond stays: it is there when body first runs. Run once, they share a place.
    assert result.summary["peak_live_bytes"] == 2 * 64 + 2 * 16 + 2 * 48


def test_subgraphs_that_run_themselves_are_given_up(handmade: Any) -> None:
    handmade.subgraph("main")
    handmade.tensor([64], "INT8")
    for _ in range(3):
        handmade.op("WHILE", [0], [0], tfl.WhileOptionsT(condSubgraphIndex=0, bodySubgraphIndex=0))
    result = report(handmade.open(), "micro", "operators")
    assert [finding.code for finding in result.findings] == ["memory-nesting"]
    for planner in ("litert", "micro"):
        assert report(handmade.open(), planner, "tensors").summary["peak_live_bytes"] == 64


def test_what_has_no_size_is_named(handmade: Any) -> None:
    handmade.op("ABS", [handmade.tensor([4])], [handmade.tensor([-1, 4])])
    handmade.op("MyOp", [0], [handmade.tensor([4], "STRING")])
    result = report(handmade.open(), "micro", "tensors")
    assert result.cells()["place"] == ["arena", "unknown", "unknown"]
    assert {finding.code: finding.operators for finding in result.findings} == {
        "memory-dynamic": (0, 1), "memory-custom": (1,),
    }  # fmt: skip


def test_four_bit_values_take_a_byte_and_resources_four(handmade: Any) -> None:
    handmade.op("VAR_HANDLE", [], [handmade.tensor([1], "RESOURCE")])
    handmade.op("ABS", [handmade.tensor([40], "INT4")], [handmade.tensor([40], "RESOURCE")])
    result = report(handmade.open(), "micro", "tensors")
    assert result.cells()["place"] == ["heap", "arena", "arena"]
    assert result.cells()["buffer_bytes"] == [None, 48, 160]
