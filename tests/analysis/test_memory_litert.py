"""The plan of LiteRT, by its rules and against the addresses that the runtime gives tensors."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.memory import report
from tb_tflite_plugin.analysis.memory.buffers import PLACES, Buffers
from tb_tflite_plugin.analysis.memory.plan import make
from tb_tflite_plugin.analysis.report import Report

# Prints index, address and size of every tensor in memory. The reference kernels ask for the fewest temporaries.
# Runs in a process of its own: some models end it.
CHILD = """
import json, sys
from ai_edge_litert.interpreter import Interpreter, OpResolverType

interpreter = Interpreter(sys.argv[1], experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
interpreter.allocate_tensors()
found = []
for index in [entry["index"] for entry in interpreter.get_tensor_details()]:
    try:
        array = interpreter.tensor(index)()
    except (ValueError, RuntimeError):
        continue  # not in memory
    found.append((index, array.__array_interface__["data"][0], array.nbytes))
    del array
print(json.dumps(found))
"""
# Kernels that ask for temporaries, even the reference ones.
ASKS = ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN")
# Temporaries of several or of hybrid kernels, whose owners the runtime does not tell: the plan is a lower bound.
WITH_TEMPORARIES = (
    "fc_aeq_dynamic_legacy_wi8", "fc_aeq_dynamic_wi2", "fc_aeq_dynamic_wi4", "fc_aeq_dynamic_wi4_block32",
    "fc_aeq_dynamic_wi4_block64", "fc_aeq_dynamic_wi8", "fc_block1x16_sparse_dynrange", "mnet_clustered16_dynrange",
    "mnet_dynrange", "mnet_pruned80_sparse_dynrange", "opzoo_float32", "opzoo_int8",
)  # fmt: skip
# A temporary is as large as the output of its operator: which comes first is left open by std::sort.
WITH_TIES = (
    "mnet_clustered16", "mnet_dynamic_batch_float32", "mnet_float32", "mnet_pruned80_dense", "mnet_pruned80_sparse",
    "mnet_v2_float32", "text_embed_dynrange", "text_embed_float32",
)  # fmt: skip
# Operators with outputs outside of the arena, which addresses cannot tell from those inside.
WITH_HEAP = ("gru_while", "simplernn_while", "while_if")
REAL = ("digits", "face_back", "face_full_range", "face_sparse", "face_landmark")


def addresses(path: Path) -> dict[int, tuple[int, int]] | str:
    """Address and bytes of the tensors of the first subgraph by index, or why the model does not run."""
    command = [sys.executable, "-c", CHILD, path]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if result.returncode:
        return (result.stderr.strip().splitlines() or [f"status {result.returncode}"])[-1]
    return {index: (address, size) for index, address, size in json.loads(result.stdout)}


def offsets(path: Path, measured: dict[int, tuple[int, int]]) -> tuple[dict[int, int], dict[int, int]]:
    """Planned and measured offsets of the tensors in the arena of the first subgraph.

    Temporaries that the runtime has are planned too, where only one operator can have asked for them.
    """
    model = open_model(path)
    needed = make(model, "litert").needed
    tensors, operators = int(model.subgraphs.tensor_offsets[1]), int(model.subgraphs.operator_offsets[1])
    owners = [row for row, op in enumerate(model.operators.ops[:operators]) if op in ASKS]
    temporaries = [(index, size) for index, (_, size) in measured.items() if index >= tensors]
    buffers = needed.buffers
    if len(owners) == 1 and temporaries:
        index, size = np.array(temporaries, np.int64).T
        none, step = np.full(len(index), -1), np.full(len(index), owners[0])
        more = Buffers(index, none, none * 0, size, step, step, none)
        buffers = Buffers(
            *(np.concatenate([getattr(buffers, name), getattr(more, name)]) for name in buffers.__dataclass_fields__)
        )
    placed = needed.offsets(buffers)
    assert placed is not None
    at = dict(zip(buffers.tensor.tolist(), placed.tolist(), strict=True))
    in_arena = np.flatnonzero(np.isin(needed.place[:tensors], (PLACES.index("arena"), PLACES.index("shared"))))
    planned = {index: at[int(needed.root[index])] for index in in_arena.tolist() if index in measured}
    planned |= {index: at[index] for index, _ in temporaries if index in at}
    base = min((measured[index][0] for index in planned), default=0)
    return planned, {index: measured[index][0] - base for index in planned}


def test_offsets_are_those_of_the_runtime(model_path: Path) -> None:
    measured = addresses(model_path)
    if isinstance(measured, str):
        pytest.skip(f"LiteRT does not run it: {measured}")
    if model_path.stem in WITH_HEAP:
        pytest.skip("some of its tensors are not in the arena")
    planned, found = offsets(model_path, measured)
    assert planned
    if model_path.stem in WITH_TIES or model_path.stem in WITH_TEMPORARIES:
        ends = [max(at[index] + measured[index][1] for index in at) for at in (planned, found)]
        assert ends[0] <= ends[1]
        assert model_path.stem in WITH_TEMPORARIES or ends[0] == ends[1]
    else:
        assert planned == found


def test_offsets_in_real_models_are_those_of_the_runtime(real_models: dict[str, Path]) -> None:
    for name in REAL:
        measured = addresses(real_models[name])
        assert not isinstance(measured, str), measured
        planned, found = offsets(real_models[name], measured)
        assert len(planned) > 15
        assert planned == found, name


def chain(handmade: Any, op: str, sizes: list[int], kind: str = "INT8") -> None:
    """Operators of one type, one after another, on tensors of the given sizes."""
    tensors = [handmade.tensor([size], kind) for size in sizes]
    for source, target in itertools.pairwise(tensors):
        handmade.op(op, [source], [target])
    handmade.graph.inputs, handmade.graph.outputs = tensors[:1], tensors[-1:]


def tensors_of(handmade: Any) -> Report:
    return report(handmade.open(), "litert", "tensors")


def test_inputs_and_outputs_are_kept_and_the_rest_is_reused(handmade: Any) -> None:
    chain(handmade, "ABS", [10, 300, 100, 200, 20])
    result = tensors_of(handmade)
    # The input first, as it lives all through; then by size: 300, 200 in the place of 300, 100 behind, 20 behind 200.
    assert result.cells()["offset"] == [0, 64, 384, 64, 320]
    assert result.cells()["buffer_bytes"] == [10, 300, 100, 200, 20]
    assert result.cells()["first_use"] == [0, 0, 1, 2, 3]
    assert result.cells()["last_use"] == [3, 1, 2, 3, 3]
    summary = result.summary
    assert summary["arena_bytes"] == 384 + 100
    assert summary["peak_live_bytes"] == 10 + 300 + 100
    assert summary["fragmentation_bytes"] == summary["arena_bytes"] - summary["peak_live_bytes"]
    assert summary["no_reuse_bytes"] == 64 + 320 + 128 + 256 + 64
    assert (summary["peak_operator"], summary["persistent_bytes"]) == (1, 0)
    assert [(row["tensor"], row["bytes"], row["offset"]) for row in summary["peak_buffers"]] == [
        (1, 300, 64), (2, 100, 384), (0, 10, 0),
    ]  # fmt: skip
    operators = report(handmade.open(), "litert", "operators")
    assert operators.cells()["live_bytes"] == [310, 410, 310, 230]
    assert operators.cells()["live_buffers"] == [2, 3, 3, 3]


def test_an_output_that_nobody_reads_is_kept_to_the_end(handmade: Any) -> None:
    chain(handmade, "ABS", [64, 64, 64, 64])
    handmade.op("ABS", [0], [handmade.tensor([64], "INT8")])
    handmade.graph.operators.insert(0, handmade.graph.operators.pop())
    assert report(handmade.open(), "litert", "operators").cells()["live_bytes"] == [128, 192, 256, 256]


def test_constants_and_what_nothing_touches_are_not_in_the_arena(handmade: Any) -> None:
    chain(handmade, "ABS", [8, 8])
    handmade.tensor([8], "INT8", data=bytes(8))
    handmade.tensor([8], "INT8")
    handmade.tensor([8], "INT8", isVariable=True)
    handmade.op("ABS", [0], [handmade.tensor([2], "STRING")])
    handmade.op("ABS", [0], [handmade.tensor([2, -1])])
    result = tensors_of(handmade)
    places = ["arena", "arena", "constant", "unused", "persistent", "heap", "unknown"]
    assert result.cells()["place"] == places
    assert result.cells()["offset"] == [0, 64, None, None, None, None, None]
    assert result.summary["persistent_bytes"] == 8
    assert [(finding.code, finding.operators) for finding in result.findings] == [("memory-dynamic", (2,))]


@pytest.mark.parametrize(
    ("op", "inputs", "output", "shares"),
    [
        ("ADD", [[8], [8]], [8], 0),
        ("ADD", [[1], [8]], [8], 1),
        ("ADD", [[2], [4]], [8], None),
        ("ADD", [[1], [1]], [1], None),  # four bytes: a scalar may still be resized
        ("RESHAPE", [[8]], [2, 4], 0),
        ("RESHAPE", [[1]], [1, 1], 0),
        ("SOFTMAX", [[8]], [8], 0),
        ("ABS", [[8]], [8], None),
        ("SQUEEZE", [[8]], [4], None),  # taken back: the sizes differ
    ],
)
def test_operators_write_over_an_input(
    handmade: Any, op: str, inputs: list[list[int]], output: list[int], shares: int | None
) -> None:
    sources = [handmade.tensor(shape) for shape in inputs]
    for source in sources:
        handmade.op("ABS", [handmade.tensor([2])], [source])
    target = handmade.tensor(output)
    handmade.op(op, sources, [target])
    handmade.op("ABS", [target], [handmade.tensor([2])])
    result = tensors_of(handmade)
    assert result.cells()["shares_with"][target] == shares
    assert result.cells()["place"][target] == ("arena" if shares is None else "shared")
    if shares is not None:
        assert result.cells()["offset"][target] == result.cells()["offset"][shares]
        what_if = result.summary["what_if"]["no_in_place"]
        assert what_if["no_reuse_bytes"] == result.summary["no_reuse_bytes"]


@pytest.mark.parametrize("change", ["read again", "input", "output", "constant", "variable"])
def test_operators_do_not_write_over_what_is_needed(handmade: Any, change: str) -> None:
    source = handmade.tensor([8], data=bytes(32) if change == "constant" else b"", isVariable=change == "variable")
    target = handmade.tensor([8])
    if change not in ("constant", "input"):
        handmade.op("ABS", [handmade.tensor([8])], [source])
    handmade.op("ADD", [source, handmade.tensor([1], data=bytes(4))], [target])
    handmade.graph.inputs = [source] if change == "input" else []
    handmade.graph.outputs = [target] if change == "output" else []
    if change == "read again":
        handmade.op("ABS", [source], [handmade.tensor([8])])
    assert tensors_of(handmade).cells()["shares_with"][target] is None


def test_a_chain_of_operators_shares_one_buffer_until_the_last_is_read(handmade: Any) -> None:
    tensors = [handmade.tensor([32]) for _ in range(5)]
    handmade.op("ABS", [handmade.tensor([2])], [tensors[0]])
    for source, target in itertools.pairwise(tensors):
        handmade.op("RESHAPE", [source], [target])
    handmade.op("ABS", [tensors[4]], [handmade.tensor([2])])
    result = tensors_of(handmade)
    assert result.cells()["shares_with"][:5] == [None, 0, 0, 0, 0]
    assert result.cells()["first_use"][:5] == [0] * 5
    assert result.cells()["last_use"][:5] == [5] * 5


def test_shapes_and_what_follows_from_them_are_not_in_the_arena(handmade: Any) -> None:
    data = handmade.tensor([2, 8])
    shape, one, both = (handmade.tensor([size], "INT32") for size in (2, 1, 3))
    index = handmade.tensor([1], "INT32", data=bytes(4))
    reshaped, late = handmade.tensor([16]), handmade.tensor([16])
    handmade.op("SHAPE", [data], [shape])
    handmade.op("GATHER", [shape, index], [one])
    handmade.op("CONCATENATION", [one, shape], [both])
    handmade.op("FILL", [both, index], [reshaped])
    handmade.op("MUL", [data, both], [handmade.tensor([2, 8])])
    handmade.op("FILL", [handmade.tensor([1], "INT32"), index], [late])
    handmade.graph.inputs = [data]
    result = tensors_of(handmade)
    assert [result.cells()["place"][tensor] for tensor in (shape, one, both)] == ["heap"] * 3
    assert [result.cells()["place"][tensor] for tensor in (reshaped, late)] == ["arena", "heap"]
    assert [(finding.code, finding.operators) for finding in result.findings] == [("memory-dynamic", (5,))]


def test_dequantized_constants_persist(handmade: Any) -> None:
    half, sparse = handmade.tensor([40], "FLOAT16", data=bytes(80)), handmade.tensor([10], data=bytes(40))
    data = handmade.tensor([40], "FLOAT16")
    outputs = [handmade.tensor([40]), handmade.tensor([10]), handmade.tensor([40])]
    for op, source, target in zip(("DEQUANTIZE", "DENSIFY", "DEQUANTIZE"), (half, sparse, data), outputs, strict=True):
        handmade.op(op, [source], [target])
    handmade.op("ADD", outputs[:1] * 2, [handmade.tensor([40])])
    result = tensors_of(handmade)
    assert [result.cells()["place"][tensor] for tensor in outputs] == ["persistent", "persistent", "arena"]
    assert result.summary["persistent_bytes"] == 192 + 40  # the larger first, the next on a multiple of 64


def test_subgraphs_have_arenas_that_add_up_while_they_run(handmade: Any) -> None:
    handmade.subgraph("main")
    chain(handmade, "ABS", [64, 128, 64])
    handmade.op(
        "WHILE", [1], [handmade.tensor([64], "INT8")], tfl.WhileOptionsT(condSubgraphIndex=1, bodySubgraphIndex=2)
    )
    handmade.op("IF", [1], [handmade.tensor([64], "INT8")], tfl.IfOptionsT(thenSubgraphIndex=3, elseSubgraphIndex=3))
    for name, size in (("cond", 64), ("body", 128), ("branch", 256)):
        handmade.subgraph(name)
        chain(handmade, "ABS", [size, size])
    result = report(handmade.open(), "litert", "operators")
    assert [arena["arena_bytes"] for arena in result.summary["arenas"]] == [384 + 512, 128, 256, 512]
    assert result.cells()["live_bytes"] == [192, 256, 64 + 128 + 64 + 64 + 384, 384 + 512, 128, 256, 512]
    assert result.summary["peak_operator"] == 3
    assert result.summary["peak_live_bytes"] == 384 + 512
    assert [arena["subgraph"] for arena in result.summary["arenas"]] == ["main", "cond", "body", "branch"]


def test_what_if_the_batch_were_one(handmade: Any) -> None:
    tensors = [handmade.tensor([4, 32], "INT8"), handmade.tensor([4, 64], "INT8"), handmade.tensor([8, 2], "INT8")]
    for source, target in itertools.pairwise(tensors):
        handmade.op("ABS", [source], [target])
    handmade.graph.inputs, handmade.graph.outputs = [0], [2]
    summary = tensors_of(handmade).summary
    assert summary["peak_live_bytes"] == 128 + 256 + 16
    assert summary["what_if"]["batch_1"]["peak_live_bytes"] == 32 + 64 + 16
    handmade.graph.tensors[0].shape = [1, 128]
    assert "batch_1" not in tensors_of(handmade).summary["what_if"]


def test_what_if_the_largest_were_not_there(handmade: Any) -> None:
    chain(handmade, "ABS", [10, 300, 100, 200, 20])
    changed = tensors_of(handmade).summary["what_if"]["without_largest"]
    assert (changed["tensor"], changed["operator"]) == (1, None)
    assert changed["peak_live_bytes"] == 10 + 100 + 200


def test_open_shapes_are_told(handmade: Any) -> None:
    handmade.tensor([1, 4], shapeSignature=[-1, 4])
    handmade.op("ABS", [0], [handmade.tensor([1, 4], shapeSignature=[-1, 4])])
    found = tensors_of(handmade).findings
    assert [(finding.code, finding.operators) for finding in found] == [("open-shape", (0,))]
