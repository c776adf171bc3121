"""Foretold partitions beside measured ones, on all fixtures and real models. A difference names the operators."""

from __future__ import annotations

from pathlib import Path

import pytest
from tb_tflite_plugin.analysis.delegates import delegates
from tb_tflite_plugin.analysis.delegates.rules import created
from tb_tflite_plugin.analysis.delegates.several import in_order
from tb_tflite_plugin.analysis.delegates.simulation import place, report
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime.partitions import measure

from tb_tflite_plugin import open_model

pytest.importorskip("ai_edge_litert")

# Members of bundles are opened by their names, which the others do not have.
BUNDLED = ("gestures.task",)


def assert_as_measured(model: Model, name: str, options: dict[str, str] | None = None) -> bool:
    """Whether the delegate loads the model; where it does, its partitions are those foretold."""
    found = measure(model, name, options)
    summary = found.summary
    if summary["delegated"] is None:
        return False
    placed = place(model, created(delegates()[name], options or {}))
    ops = model.operators.ops
    real = {operator for part in summary["partitions"] for operator in part["operators"]}
    assert {f"{ops[o]} {o}" for o in real - placed.taken} == set(), "really taken"
    assert {f"{ops[o]} {o}" for o in placed.taken - real} == set(), "really left"
    measured = sorted((part["subgraph"], sorted(part["operators"])) for part in summary["partitions"])
    assert measured == sorted((subgraph, sorted(operators)) for subgraph, operators in placed.partitions)
    assert found.cells()["across_bytes"] == report(model, placed).cells()["across_bytes"]
    return True


def test_xnnpack_on_every_fixture(model_path: Path) -> None:
    refused = {"custom_op", "flex_ops", "mnet_int8_vela_ethosu55", "mnet_pruned80_sparse_dynrange",
               "mnet_pruned80_sparse_int8"}  # fmt: skip
    assert assert_as_measured(open_model(str(model_path)), "xnnpack") == (model_path.stem not in refused)


@pytest.mark.parametrize(("option", "value"), [
    ("qs8", "false"), ("qu8", "false"), ("dynamic_fully_connected", "true"), ("dynamically_quantized", "false"),
    ("subgraph_reshaping", "false"),
])  # fmt: skip
def test_flags_of_xnnpack(models: Path, option: str, value: str) -> None:
    for name in ("mnet_int8", "opzoo_int8", "legacy_uint8", "mnet_dynrange", "while_if", "gru_while"):
        assert assert_as_measured(open_model(str(models / f"{name}.tflite")), "xnnpack", {option: value}), name


def test_xnnpack_on_real_models(real_models: dict[str, Path]) -> None:
    for name, path in real_models.items():
        if name not in BUNDLED:
            assert assert_as_measured(open_model(str(path)), "xnnpack"), name


# Three of each kind; all fixtures that load were compared when the rules were written (docs/delegates.md).
GPU = ["mnet_float32", "mnet_int8", "mnet_fp16", "mnet_int16x8", "mnet_pruned80_sparse", "mnet_pruned80_sparse_fp16",
       "fc_block1x4_sparse", "legacy_uint8", "opzoo_float32", "opzoo_int8", "conv3d_float32", "gru_while", "while_if",
       "text_embed_dynrange", "resource_variable", "multi_signature", "mnet_int8_numericverify"]  # fmt: skip


@pytest.mark.usefixtures("software_gpu")
@pytest.mark.parametrize("name", GPU)
def test_gpu_on_fixtures(models: Path, name: str) -> None:
    assert assert_as_measured(open_model(str(models / f"{name}.tflite")), "gpu")


@pytest.mark.usefixtures("software_gpu")
def test_gpu_on_real_models(real_models: dict[str, Path]) -> None:
    for name in ("face_full_range", "face_sparse", "okay_nabu"):
        assert assert_as_measured(open_model(str(real_models[name])), "gpu"), name


@pytest.mark.usefixtures("software_gpu")
@pytest.mark.parametrize(
    "name", ["mnet_pruned80_sparse_fp16", "mnet_int8_mixed", "opzoo_int8", "gru_while", "face_sparse", "okay_nabu"]
)
def test_gpu_and_then_xnnpack(models: Path, real_models: dict[str, Path], name: str) -> None:
    """LiteRT's compiled model gives what the GPU leaves to XNNPACK."""
    model = open_model(str(real_models.get(name) or models / f"{name}.tflite"))
    found = measure(model, "gpu").cells()
    real = ["xnnpack" if who == "TfLiteXNNPackDelegate" else who for who in found["delegate"]]
    both = in_order(model, [delegates()["gpu"], delegates()["xnnpack"]])
    foretold = both.cells()["delegate"]
    ops = model.operators.ops
    wrong = [(o, ops[o], a, b) for o, (a, b) in enumerate(zip(real, foretold, strict=True)) if a != b]
    assert not wrong
