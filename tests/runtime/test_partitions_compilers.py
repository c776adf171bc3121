"""Partitions that compilers and compiler plugins make, where they are installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tb_tflite_plugin.analysis.delegates import delegates
from tb_tflite_plugin.analysis.delegates.rules import created
from tb_tflite_plugin.analysis.delegates.simulation import place
from tb_tflite_plugin.runtime.errors import RuntimeMissing
from tb_tflite_plugin.runtime.partitions import measure

from tb_tflite_plugin import open_model

pytest.importorskip("ai_edge_litert")


def installed(module: str) -> bool:
    return find_spec(module) is not None


needs_vela = pytest.mark.skipif(not installed("ethosu"), reason="Vela is not installed")


@needs_vela
def test_ethos_u_takes_int8(taken: Any, models: Path) -> None:
    report = measure(open_model(models / "mnet_int8.tflite"), "ethos-u")
    assert taken(report) == [(0, list(range(20)))]
    assert report.summary["runtime"].startswith("ethos-u-vela ")
    assert report.summary["runtime"].endswith(", ethos-u55-128")


@needs_vela
def test_ethos_u_leaves_float(models: Path) -> None:
    model = open_model(models / "mnet_int8_mixed.tflite")
    report = measure(model, "ethos-u", {"accelerator-config": "ethos-u55-256"})
    partition, ops = report.cells()["partition"], model.operators.ops
    left = {operator for operator, part in enumerate(partition) if part is None}
    assert {operator for operator, op in enumerate(ops) if op == "DEQUANTIZE"} <= left
    reasons = [finding for finding in report.findings if finding.code == "delegate-reason"]
    # Every operator that it leaves has one, if only for its fused activation.
    assert {operator for finding in reasons for operator in finding.operators} == left
    assert all(finding.message for finding in reasons)
    assert report.summary["delegated"] == 30 - len(left)


@needs_vela
def test_ethos_u_with_several_subgraphs(taken: Any, codes: Any, models: Path) -> None:
    # The compiler's own tables show one subgraph of them only.
    model = open_model(models / "gru_while.tflite")
    report = measure(model, "ethos-u", {"accelerator-config": "ethos-u85-256"})
    assert report.summary["delegated"] is not None
    assert "operators-unmatched" not in codes(report)
    named = {operator for finding in report.findings for operator in finding.operators}
    assert named | {o for _, operators in taken(report) for o in operators} == set(range(len(model.operators)))


@needs_vela
def test_ethos_u_with_variables(taken: Any, real_models: dict[str, Path]) -> None:
    model = open_model(real_models["okay_nabu"])
    report = measure(model, "ethos-u")
    assert [subgraph for subgraph, _ in taken(report)] == [0]
    left = {model.operators.ops[k] for k, part in enumerate(report.cells()["partition"]) if part is None}
    assert left == {"CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"}
    (assign,) = [f for f in report.findings if f.message.startswith("ASSIGN_VARIABLE: ")]
    assert {model.operators.ops[operator] for operator in assign.operators} == {"ASSIGN_VARIABLE"}


@needs_vela
def test_ethos_u_that_does_not_compile(codes: Any, models: Path) -> None:
    report = measure(open_model(models / "mnet_int8.tflite"), "ethos-u", {"accelerator-config": "ethos-u99"})
    assert codes(report) == ["delegate-failed"]
    crashed = measure(open_model(models / "fc_aeq_dynamic_wi4.tflite"), "ethos-u")
    assert codes(crashed) == ["delegate-failed"]
    assert "Vela was ended by SIGFPE" in crashed.findings[0].message


@pytest.mark.parametrize(
    ("delegate", "module", "advice"),
    [
        ("ethos-u", "ethosu", "pip install ethos-u-vela"),
        ("qualcomm", "onnxruntime_qnn", "pip install onnxruntime-qnn"),
        ("intel", "openvino", "pip install openvino"),
    ],
)
def test_what_is_not_installed_is_said(delegate: str, module: str, advice: str, models: Path) -> None:
    if installed(module):
        pytest.skip(f"{module} is installed")
    with pytest.raises(RuntimeMissing, match=advice):
        measure(open_model(models / "mnet_int8.tflite"), delegate)


# What the plugins print themselves of nmp: operators, selected, partitions.
NPU = {("intel", "openvino"): (222, 208, 15), ("qualcomm", "onnxruntime_qnn"): (222, 195, 24)}


@pytest.mark.parametrize(("maker", "module"), NPU)
def test_npu_partitions(codes: Any, maker: str, module: str, real_models: dict[str, Path]) -> None:
    if not installed(module):
        pytest.skip(f"{module} is not installed")
    report = measure(open_model(real_models["nmp"]), maker)
    summary = report.summary
    assert (summary["operators"], summary["delegated"], len(summary["partitions"])) == NPU[maker, module]
    assert codes(report)[0] == "partition-not-compiled"
    assert not {"operators-unmatched", "operators-lost"} & set(codes(report))
    if maker == "qualcomm":
        named = {operator for finding in report.findings for operator in finding.operators}
        assert named == {operator for operator, part in enumerate(report.cells()["partition"]) if part is None}
    sparse = open_model(real_models["face_sparse"])
    partition = measure(sparse, maker).cells()["partition"]
    left = {op for op, part in zip(sparse.operators.ops, partition, strict=True) if part is None}
    assert left == {"DENSIFY"}


@pytest.mark.skipif(not installed("openvino"), reason="OpenVINO is not installed")
@pytest.mark.parametrize("strategy", ["default", "weakly_connected"])
@pytest.mark.parametrize("name", ["nmp", "face_sparse", "okay_nabu", "face_full_range"])
def test_npu_partitions_are_those_foretold(strategy: str, name: str, real_models: dict[str, Path]) -> None:
    model, options = open_model(real_models[name]), {"partition_strategy": strategy}
    real = [sorted(part["operators"]) for part in measure(model, "intel", options).summary["partitions"]]
    placed = place(model, created(delegates()["intel"], options))
    assert sorted(real) == sorted(sorted(operators) for _, operators in placed.partitions)


@pytest.mark.skipif(not installed("openvino"), reason="OpenVINO is not installed")
def test_npu_partitioner_that_loses_operators(real_models: dict[str, Path]) -> None:
    model = open_model(real_models["okay_nabu"])
    (finding,) = [f for f in measure(model, "intel").findings if f.code == "operators-lost"]
    assert {model.operators.ops[operator] for operator in finding.operators} == {"CALL_ONCE"}


@pytest.mark.skipif(not installed("onnxruntime_qnn"), reason="the libraries of Qualcomm are not installed")
def test_npu_plugin_that_refuses_a_model(codes: Any, real_models: dict[str, Path]) -> None:
    report = measure(open_model(real_models["okay_nabu"]), "qualcomm", {"soc": "SM8750"})
    assert codes(report) == ["delegate-failed"]
    assert "Unsupported data type" in report.findings[0].message
