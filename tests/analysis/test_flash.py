"""How the bytes of a file divide, against a count with the classes of ai-edge-litert."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.flash import flash_split


def test_parts_are_what_the_generated_classes_count(model_path: Path) -> None:
    data = model_path.read_bytes()
    root = tfl.ModelT.InitFromObj(tfl.Model.GetRootAs(data))
    tensors = [tensor for graph in root.subgraphs for tensor in graph.tensors]
    parameters = [tensor.quantization for tensor in tensors if tensor.quantization is not None]

    def length(values: object) -> int:
        return 0 if values is None else len(values)  # type: ignore[arg-type]

    used = {tensor.buffer for tensor in tensors}
    noted = {entry.buffer for entry in root.metadata or ()} - used
    split = flash_split(open_model(model_path))
    assert split["constants"] == sum(length(root.buffers[place].data) for place in used)
    assert split["metadata"] == sum(length(root.buffers[place].data) for place in noted)
    assert split["names"] == sum(length(named.name) for named in [*tensors, *root.subgraphs])
    floats = sum(length(p.scale) + length(p.min) + length(p.max) for p in parameters)
    assert split["quantization"] == 4 * floats + 8 * sum(length(p.zeroPoint) for p in parameters)
    assert sum(split.values()) == len(data)
    assert split["structure"] > 0


@pytest.mark.parametrize("names", [["labels.txt"], ["a", "b"]])
def test_appended_files(models: Path, names: list[str]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 100)
    data = (models / "tiny_mlp.tflite").read_bytes()
    before, after = flash_split(open_model(data)), flash_split(open_model(data + packed.getvalue()))
    assert after == before | {"appended_files": len(packed.getvalue())}
