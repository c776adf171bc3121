"""Measured partitions, compared with what the runtime tells through other ways and with its rules."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis import schema
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime import litert, spy, worker
from tb_tflite_plugin.runtime.errors import RuntimeFailure, RuntimeMissing
from tb_tflite_plugin.runtime.partitions import UnknownDelegate, measure
from tb_tflite_plugin.runtime.worker import Limits

from tb_tflite_plugin import open_model

pytest.importorskip("ai_edge_litert")

# Models that the interpreter does not load with XNNPACK; those with an unknown operator not without it either.
REFUSED = {"mnet_pruned80_sparse_dynrange", "mnet_pruned80_sparse_int8"}
FOREIGN = {"custom_op": "Betainc", "flex_ops": "Select TensorFlow op", "mnet_int8_vela_ethosu55": "ethos-u"}


def by_rules(model: Model, claimed: set[int]) -> list[tuple[int, list[int]]]:
    """The partitions of a set of claimed operators by the rules of the runtime's partitioner.

    PartitionGraphIntoIndependentNodeSubsets of tflite/graph_info.cc: a subset takes, sweep after sweep in the order of
    execution, every node of its kind whose inputs are ready; nodes with side effects keep their order among themselves.
    """
    resource = schema.enum_values("TensorType")["RESOURCE"]
    inputs, outputs = model.operators.inputs.tolist(), model.operators.outputs.tolist()
    found = []
    for subgraph in range(len(model.subgraphs)):
        nodes = range(*model.subgraphs.operator_offsets[subgraph : subgraph + 2].tolist())
        effects = [
            node
            for node in nodes
            if model.operators.ops[node] in ("IF", "WHILE", "CALL_ONCE")
            or any(t >= 0 and model.tensors.type[t] == resource for t in inputs[node] + outputs[node])
        ]
        before = dict(zip(effects[1:], effects, strict=False))
        waiting = {t for node in nodes for t in outputs[node] if t >= 0}
        left = list(nodes)
        while left:
            subset: list[int] = []
            added = True
            while added:
                added = False
                for node in list(left):
                    ready = not waiting.intersection(inputs[node]) and before.get(node) not in left
                    if ready and (not subset or (node in claimed) == (subset[0] in claimed)):
                        subset.append(node)
                        left.remove(node)
                        waiting.difference_update(outputs[node])
                        added = True
            assert subset
            if subset[0] in claimed:
                found.append((subgraph, sorted(subset)))
    return found


# The public list of nodes, with every delegated operator in a node of its own.
ONE_BY_ONE = """
import json, sys
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter(sys.argv[1], experimental_disable_delegate_node_fusion=True)
interpreter.allocate_tensors()
inner = interpreter._interpreter
nodes = [(inner.NodeName(k), inner.NodeOutputs(k).tolist()) for k in range(inner.NumNodes())]
print(json.dumps([outputs for name, outputs in nodes if name == "DELEGATE"]))
"""


@pytest.mark.parametrize(
    "name",
    [
        "mnet_float32", "mnet_int8", "mnet_int8_mixed", "mnet_int8_numericverify", "mnet_fp16", "mnet_int16x8",
        "gru_while", "opzoo_int8", "fc_block1x4_sparse", "mnet_v2_int8", "text_embed_dynrange", "while_if",
    ],
)  # fmt: skip
def test_xnnpack_by_other_ways(taken: Any, name: str, models: Path) -> None:
    path = models / f"{name}.tflite"
    model = open_model(path)
    report = measure(model, "xnnpack")
    command = [sys.executable, "-c", ONE_BY_ONE, path]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100, cwd=path.parent)
    producer = {
        tensor: operator
        for operator, written in enumerate(model.operators.outputs.tolist())
        for tensor in written
        if model.operators.subgraph[operator] == 0
    }
    alone = {producer[outputs[0]] for outputs in json.loads(result.stdout.splitlines()[-1])}
    main = {operator for subgraph, operators in taken(report) for operator in operators if subgraph == 0}
    assert main == alone
    claimed = {operator for _, operators in taken(report) for operator in operators}
    assert [(subgraph, sorted(operators)) for subgraph, operators in taken(report)] == by_rules(model, claimed)


def test_every_model_gets_an_answer(taken: Any, codes: Any, model_path: Path) -> None:
    model = open_model(model_path)
    report = measure(model, "xnnpack")
    summary = report.summary
    assert set(summary) == {"delegate", "provenance", "runtime", "operators", "delegated", "partitions"}
    assert (summary["delegate"], summary["provenance"]) == ("xnnpack", "measured")
    assert summary["operators"] == len(model.operators)
    failed = model_path.stem in REFUSED or model_path.stem in FOREIGN
    partition = report.cells()["partition"]
    if failed:
        assert (summary["delegated"], summary["partitions"]) == (None, [])
        assert set(partition) == {None}
        last = "model-does-not-load" if model_path.stem in FOREIGN else "loads-without-delegate"
        assert codes(report) == ["delegate-failed", last]
        assert FOREIGN.get(model_path.stem, "failed to prepare") in report.findings[0].message
        return
    assert summary["runtime"] == f"ai-edge-litert {litert.installed_version()}"
    assert summary["delegated"] == sum(row is not None for row in partition)
    for row, (subgraph, operators) in enumerate(taken(report)):
        assert operators
        assert {partition[operator] for operator in operators} == {row}
        assert set(model.operators.subgraph[operators].tolist()) == {subgraph}
    delegates = report.cells()["delegate"]
    assert [name is not None for name in delegates] == [row is not None for row in partition]


def test_what_xnnpack_takes_of_real_models(real_models: dict[str, Path]) -> None:
    # Counts of two methods of reading them back, ai-edge-litert 2.3.0.
    expected = {"nmp": (222, 164, 17), "okay_nabu": (73, 68, 5), "face_full_range": (354, 354, 1)}
    for name, (operators, delegated, parts) in expected.items():
        summary = measure(open_model(real_models[name]), "xnnpack").summary
        assert (summary["operators"], summary["delegated"], len(summary["partitions"])) == (operators, delegated, parts)


def test_borders_are_those_that_the_runtime_sees(taken: Any, models: Path) -> None:
    for name in ("mnet_int8_mixed", "opzoo_int8", "gru_while", "ondevice_training"):
        model = open_model(models / f"{name}.tflite")
        report = measure(model, "xnnpack")
        graphs = worker.run(spy.spy_interpreter, {"path": str(models / f"{name}.tflite"), "library": "", "options": {}})
        nodes = [(g, node) for g, graph in enumerate(graphs["graphs"]) for node in graph["nodes"] if "replaced" in node]
        assert len(nodes) == len(taken(report))
        reads, writes = report.cells()["reads_across"], report.cells()["writes_across"]
        sizes, known = model.tensors.nbytes, report.cells()["across_bytes"]
        for (subgraph, node), (_, operators) in zip(nodes, taken(report), strict=True):
            first = int(model.subgraphs.tensor_offsets[subgraph])
            there = {first + tensor for tensor in node["inputs"] if tensor >= 0}
            there = {tensor for tensor in there if not model.is_constant[tensor]}
            assert there == {tensor for operator in operators for tensor in reads[operator]}, name
            written = {first + tensor for tensor in node["outputs"]}
            assert written == {tensor for operator in operators for tensor in writes[operator]}, name
            total = sum(int(sizes[tensor]) for tensor in there) + sum(int(sizes[tensor]) for tensor in written)
            if (sizes[sorted(there | written)] >= 0).all():
                assert sum(known[operator] for operator in operators) == total


def test_borders_in_words(models: Path) -> None:
    report = measure(open_model(models / "mnet_int8.tflite"), "xnnpack")
    (line,) = [finding.message for finding in report.findings if finding.code == "partition-border"]
    assert line == "partition 0: 19 operators; reads 1 tensor, 3,072 bytes; writes 1 tensor, 4 bytes"


def test_members_of_containers_and_models_in_memory(models: Path) -> None:
    path = models / "mnet_int8.tflite"
    from_memory = measure(open_model(path.read_bytes()), "xnnpack")
    assert from_memory.summary == measure(open_model(path), "xnnpack").summary


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An external delegate that takes the operator types that it is told to."""
    target = tmp_path_factory.mktemp("toy") / "libtoy.so"
    source = Path(__file__).with_name("toy_delegate.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Werror", "-O1", "-o", target, source], check=True)
    return str(target)


@pytest.mark.parametrize("name", ["mnet_int8_mixed", "opzoo_float32", "gru_while", "resource_variable", "mnet_fp16"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_external_delegate_takes_what_it_claims(taken: Any, name: str, seed: int, toy: str, models: Path) -> None:
    model = open_model(models / f"{name}.tflite")
    there = sorted(set(model.codes.builtin.tolist()))
    chosen = np.random.default_rng(seed).choice(there, max(1, len(there) // 2), replace=False).tolist()
    report = measure(model, toy, {"claim": ",".join(map(str, chosen))})
    builtin = model.codes.builtin[model.operators.code]
    claimed = set(np.flatnonzero(np.isin(builtin, chosen)).tolist())
    assert [(subgraph, sorted(operators)) for subgraph, operators in taken(report)] == by_rules(model, claimed)
    assert report.summary["delegated"] == len(claimed)
    assert report.summary["delegate"] == "libtoy.so"
    # XNNPACK takes nothing here: what is asked for is this delegate's own share.
    assert set(report.cells()["delegate"]) <= {"libtoy.so", None}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fail": "prepare"}, "delegate application failure"),
        ({"fail": "crash"}, "SIGSEGV in load of the model"),
        ({"colour": "red"}, "unknown option"),
    ],
)
def test_an_external_delegate_that_fails(
    codes: Any, options: dict[str, str], message: str, toy: str, models: Path
) -> None:
    report = measure(open_model(models / "mnet_int8.tflite"), toy, options)
    assert codes(report) == ["delegate-failed", "loads-without-delegate"]
    assert message in report.findings[0].message
    assert report.summary["delegated"] is None
    assert set(report.cells()["delegate"]) == {None}


def test_a_library_that_is_no_delegate(codes: Any, tmp_path: Path, models: Path) -> None:
    library = tmp_path / "libnothing.so"
    library.write_bytes(b"not a library")
    report = measure(open_model(models / "mnet_int8.tflite"), str(library))
    assert codes(report) == ["delegate-failed", "loads-without-delegate"]


def test_delegates_and_options_that_there_are_not(models: Path, tmp_path: Path) -> None:
    model = open_model(models / "tiny_mlp.tflite")
    with pytest.raises(UnknownDelegate, match=r"no delegate edgetpu; there are xnnpack, gpu"):
        measure(model, "edgetpu")
    with pytest.raises(UnknownDelegate, match="no such file"):
        measure(model, str(tmp_path / "lib.so"))
    with pytest.raises(UnknownDelegate, match="xnnpack has no option threads; it has qs8, qu8, "):
        measure(model, "xnnpack", {"threads": "4"})
    with pytest.raises(UnknownDelegate, match="qs8=yes: must be true or false"):
        measure(model, "xnnpack", {"qs8": "yes"})
    with pytest.raises(UnknownDelegate, match="ethos-u has no option verbose; it has accelerator-config"):
        measure(model, "ethos-u", {"verbose": "1"})


def test_too_little_time_is_an_answer(codes: Any, models: Path) -> None:
    report = measure(open_model(models / "mnet_int8.tflite"), "xnnpack", limits=Limits(seconds=0.001))
    assert codes(report)[0] == "delegate-failed"
    assert "more than 0.001 s" in report.findings[0].message


def answers(graphs: Any) -> Callable[..., Any]:
    return lambda *_arguments, **_options: {"graphs": graphs, "version": "2.3.0"}


def test_structures_of_another_layout_are_noticed(codes: Any, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_model(models / "tiny_mlp.tflite")
    right = worker.run(spy.spy_interpreter, {"path": str(models / "tiny_mlp.tflite"), "library": "", "options": {}})
    (graph,) = right["graphs"]
    (node,) = graph["nodes"]
    cpu = {
        "node": 0,
        "code": int(model.codes.builtin[model.operators.code[0]]),
        "name": "",
        "inputs": [],
        "outputs": [],
    }
    for wrong, message in (
        ([{"nodes": [{**node, "replaced": [0, 1, 99]}]}], "nodes that the model does not have"),
        ([{"nodes": [{**node, "replaced": [0, 0]}]}], "nodes that the model does not have, or twice"),
        ([graph, graph], "more subgraphs than the model has"),
        ([{"nodes": [{**cpu, "code": 77}]}], "another type of operator 0"),
        ([{"nodes": [{**cpu, "inputs": [5, 6, 7]}]}], "other inputs of operator 0"),
    ):
        monkeypatch.setattr(worker, "run", answers(wrong))
        with pytest.raises(RuntimeFailure, match=f"structures are not those known here: they show {message}"):
            measure(model, "xnnpack")
    monkeypatch.setattr(worker, "run", answers("nonsense"))
    assert codes(measure(model, "xnnpack"))[0] == "delegate-failed"


def test_operators_that_are_not_seen(codes: Any, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_model(models / "tiny_mlp.tflite")
    monkeypatch.setattr(worker, "run", answers([]))
    report = measure(model, "xnnpack")
    assert codes(report) == ["operators-not-seen"]
    assert report.findings[0].operators == (0, 1, 2)


def test_a_version_that_was_not_tested(monkeypatch: pytest.MonkeyPatch, models: Path) -> None:
    monkeypatch.setattr(litert, "installed_version", lambda: "3.0.0")
    with pytest.raises(RuntimeMissing, match=r"3.0.0 was not tested"):
        spy.spy_interpreter(lambda *_: None, str(models / "tiny_mlp.tflite"), "", {})
