"""The GPU delegate on a software driver, where one is at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tb_tflite_plugin.runtime import gpu
from tb_tflite_plugin.runtime.errors import RuntimeMissing
from tb_tflite_plugin.runtime.partitions import measure

from tb_tflite_plugin import open_model

pytest.importorskip("ai_edge_litert")


@pytest.mark.usefixtures("software_gpu")
def test_gpu_takes_all_of_a_float_model(codes: Any, models: Path) -> None:
    report = measure(open_model(models / "mnet_float32.tflite"), "gpu")
    assert "SwiftShader" in report.summary["runtime"]
    assert (report.summary["delegated"], len(report.summary["partitions"])) == (20, 1)
    assert codes(report) == []


@pytest.mark.usefixtures("software_gpu")
def test_gpu_says_why_not(models: Path) -> None:
    model = open_model(models / "mnet_pruned80_sparse.tflite")
    report = measure(model, "gpu")
    (reason,) = [finding for finding in report.findings if finding.code == "delegate-reason"]
    densify = [operator for operator, op in enumerate(model.operators.ops) if op == "DENSIFY"]
    assert reason.message == "DENSIFY: Operation is not supported."
    assert list(reason.operators) == densify
    # It takes one partition, the largest: the first convolution, which is another, stays behind.
    assert (report.summary["delegated"], len(report.summary["partitions"])) == (19, 1)
    # What the GPU leaves goes to XNNPACK where that takes it; it is no partition of the GPU.
    partition, delegates = report.cells()["partition"], report.cells()["delegate"]
    assert {delegates[operator] for operator in densify} == {None}
    assert (partition[0], delegates[0]) == (None, "TfLiteXNNPackDelegate")


@pytest.mark.usefixtures("software_gpu")
def test_gpu_with_subgraphs_that_are_prepared_again(taken: Any, models: Path) -> None:
    model = open_model(models / "while_if.tflite")
    found = taken(measure(model, "gpu"))
    assert found
    assert {subgraph for subgraph, _ in found} <= set(range(len(model.subgraphs)))


@pytest.mark.usefixtures("software_gpu")
def test_gpu_that_refuses_calls_of_its_delegate(models: Path) -> None:
    report = measure(open_model(models / "opzoo_int8.tflite"), "gpu")
    (finding,) = [finding for finding in report.findings if finding.code == "gpu-invalid"]
    assert finding.severity == "error"


@pytest.mark.usefixtures("software_gpu")
def test_gpu_that_aborts_is_an_answer(codes: Any, models: Path) -> None:
    report = measure(open_model(models / "fc_aeq_dynamic_wi4_block32.tflite"), "gpu")
    assert report.summary["delegated"] is None
    assert codes(report)[0] == "delegate-failed"


def test_gpu_without_a_driver(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VK_ICD_FILENAMES", str(tmp_path / "nothing.json"))
    monkeypatch.setenv("VK_DRIVER_FILES", str(tmp_path / "nothing.json"))
    with pytest.raises(RuntimeMissing, match="there is no GPU here"):
        measure(open_model(models / "mnet_float32.tflite"), "gpu")


def test_gpu_reasons() -> None:
    log = (
        "INFO: something\nERROR: Following operations are not supported by GPU delegate:\n"
        "RESHAPE: Tensor dimensions must be less than 5. a/b:0\nTRANSPOSE: Permutation for transpose is invalid.\n"
        "100 operations will run on the GPU, and the remaining 38 operations will run on the CPU.\nINFO: X: y\n"
        "ERROR: Following operations are not supported by GPU delegate:\nVAR_HANDLE: Operation is not supported.\n"
        "No operations will run on the GPU, and all 2 operations will run on the CPU.\n"
    )
    assert gpu.reasons(log) == [
        ("RESHAPE", "Tensor dimensions must be less than 5. a/b:0"),
        ("TRANSPOSE", "Permutation for transpose is invalid."),
        ("VAR_HANDLE", "Operation is not supported."),
    ]
