"""The figures of the inspect report, by their definitions."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis import overview
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.errors import ModelError


def test_parameters_count_weights_and_biases_and_no_shapes(dense_model: Any) -> None:
    model = dense_model.open()
    assert overview.weight_tensors(model).tolist() == [1, 2]
    summary = overview.inspect(model).summary
    assert (summary["parameters"], summary["weight_bytes"]) == (15, 24)
    assert summary["weight_types"] == {"INT32": 12, "INT8": 12}
    assert summary["activation_types"] == {"FLOAT32": 2}


def test_a_buffer_that_several_tensors_share_counts_once(handmade: Any) -> None:
    row = handmade.buffer(bytes(64))
    small = handmade.tensor([4], buffer=row)
    large = handmade.tensor([16], buffer=row)
    equal = handmade.tensor([4, 4], buffer=row)
    other = handmade.tensor([2], data=bytes(8))
    handmade.op("CONCATENATION", [small, large, equal, other, large], [handmade.tensor([1])])
    model = handmade.open()
    assert overview.weight_tensors(model).tolist() == [large, other]
    summary = overview.inspect(model).summary
    assert (summary["parameters"], summary["weight_bytes"]) == (18, 72)


def test_an_external_buffer_that_several_tensors_share_counts_once(handmade: Any) -> None:
    handmade.model.externalBuffers = [tfl.ExternalBufferT(id=5, length=400), tfl.ExternalBufferT(id=6, length=40)]
    tensors = [handmade.tensor([100], externalBuffer=5), handmade.tensor([100], externalBuffer=5)]
    tensors.append(handmade.tensor([10], externalBuffer=6))
    handmade.op("ADD_N", tensors, [handmade.tensor([1])])
    summary = overview.inspect(handmade.open()).summary
    assert (summary["parameters"], summary["weight_bytes"], summary["external_buffers"]) == (110, 440, 2)


def test_constants_that_no_operator_reads_are_no_parameters(handmade: Any) -> None:
    handmade.tensor([4], data=bytes(16))
    handmade.tensor([1])
    handmade.op("ABS", [1], [1])
    assert overview.inspect(handmade.open()).summary["parameters"] == 0


@pytest.mark.parametrize("kind", ["INT32", "INT64", "BOOL", "STRING"])
def test_integers_without_a_scale_and_texts_are_no_parameters(handmade: Any, kind: str) -> None:
    handmade.tensor([2], kind, data=bytes(16))
    handmade.op("SHAPE", [0], [handmade.tensor([1])])
    assert overview.inspect(handmade.open()).summary["parameters"] == 0


def test_operator_types_are_counted_the_most_frequent_first(handmade: Any) -> None:
    handmade.tensor([1])
    for name in ("MUL", "ADD", "MyOp", "MUL", "ADD", "MUL"):
        handmade.op(name, [0], [0])
    handmade.model.operatorCodes.append(tfl.OperatorCodeT(builtinCode=tfl.BuiltinOperator.SUB))  # used by none
    assert list(overview.inspect(handmade.open()).summary["operator_types"].items()) == [
        ("MUL", 3), ("ADD", 2), ("MyOp", 1),
    ]  # fmt: skip


def test_inputs_and_outputs_are_rows_with_their_signature_name_and_quantization(handmade: Any) -> None:
    quantization = tfl.QuantizationParametersT(scale=[0.5], zeroPoint=[-3])
    handmade.tensor([1, 4], "INT8", name="x", shapeSignature=[-1, 4], quantization=quantization)
    handmade.tensor([1], name="y")
    handmade.graph.inputs, handmade.graph.outputs = [0, -1], [1]
    maps = [tfl.TensorMapT(name="image", tensorIndex=0)], [tfl.TensorMapT(name="score", tensorIndex=1)]
    handmade.model.signatureDefs = [tfl.SignatureDefT(signatureKey="serve", inputs=maps[0], outputs=maps[1])]
    report = overview.inspect(handmade.open())
    assert report.rows() == [
        [0, "input", 0, "x", "image", "INT8", [-1, 4], "per-tensor", 0.5, -3],
        [0, "output", 1, "y", "score", "FLOAT32", [1], None, None, None],
    ]
    (graph,) = report.summary["subgraphs"]
    assert graph["inputs"] == [{"tensor": 0, "name": "x", "dtype": "INT8", "shape": [-1, 4]}, None]
    assert report.summary["signatures"] == [
        {"key": "serve", "subgraph": 0, "inputs": {"image": 0}, "outputs": {"score": 1}}
    ]


def test_min_runtime_version_is_what_the_converter_wrote(handmade: Any, models: Path) -> None:
    handmade.subgraph()
    assert overview.min_runtime_version(handmade.open()) is None
    row = handmade.buffer(b"2.11.0\0\0\0\0\0\0\0\0\0\0")
    handmade.model.metadata = [tfl.MetadataT(name="min_runtime_version", buffer=row)]
    assert overview.min_runtime_version(handmade.open()) == "2.11.0"
    handmade.model.buffers[row].data = np.zeros(16, np.uint8)
    assert overview.min_runtime_version(handmade.open()) is None
    assert overview.min_runtime_version(open_model(models / "mnet_int8.tflite"))


def test_control_flow_metadata_and_appended_files_are_listed(handmade: Any) -> None:
    handmade.subgraph("main")
    handmade.tensor([1])
    handmade.op("WHILE", [0], [0], tfl.WhileOptionsT(condSubgraphIndex=0, bodySubgraphIndex=0))
    row = handmade.buffer(b"12345")
    handmade.model.metadata = [tfl.MetadataT(name="TFLITE_METADATA", buffer=row)]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("labels.txt", "cat\ndog\n")
        file.writestr("folder/", "")
    summary = overview.inspect(open_model(handmade.pack() + archive.getvalue())).summary
    assert summary["control_flow"] == [{"operator": 0, "subgraphs": {"cond": 0, "body": 0}}]
    assert summary["metadata"] == [{"name": "TFLITE_METADATA", "size_bytes": 5}]
    assert summary["associated_files"] == [{"name": "labels.txt", "size_bytes": 8}]


def test_quantizing_a_model_keeps_its_parameters_and_shrinks_their_bytes(models: Path) -> None:
    whole = overview.inspect(open_model(models / "tiny_mlp.tflite")).summary
    assert whole["operator_types"] == {"FULLY_CONNECTED": 3}
    assert whole["weight_bytes"] == 4 * whole["parameters"]
    int8 = overview.inspect(open_model(models / "tiny_mlp_int8.tflite")).summary
    assert int8["parameters"] == whole["parameters"]
    assert int8["weight_bytes"] == sum(int8["weight_types"].values()) < whole["weight_bytes"]


def test_a_changed_file_is_an_error_and_not_a_report(tmp_path: Path, models: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes((models / "tiny_mlp.tflite").read_bytes())
    model = open_model(path)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(ModelError, match="the file was changed after it was opened; open it again"):
        overview.inspect(model)
