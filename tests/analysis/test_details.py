"""What a panel shows of single operators and tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as tfl
from flatbuffers import flexbuffers
from tb_tflite_plugin.analysis.details import operator_details, tensor_details


def test_operands_have_names_and_global_numbers(handmade: Any) -> None:
    handmade.subgraph()
    handmade.tensor([1])
    handmade.subgraph()
    for _ in range(3):
        handmade.tensor([1])
    handmade.op("CONV_2D", [0, 1, -1], [2], tfl.Conv2DOptionsT(strideW=2), intermediates=[1])
    (found,) = operator_details(handmade.open(), np.arange(1))
    assert found["inputs"] == [
        {"name": "input", "tensor": 1}, {"name": "filter", "tensor": 2}, {"name": "bias", "tensor": -1},
    ]  # fmt: skip
    assert found["outputs"] == [{"name": "output", "tensor": 3}]
    assert found["intermediates"] == [2]
    assert (found["id"], found["subgraph"], found["index"]) == (0, 1, 0)
    assert (found["op"], found["version"], found["tensorflow_op"]) == ("CONV_2D", 1, None)
    assert (found["options_table"], found["options"]["stride_w"], found["notes"]) == ("Conv2DOptions", 2, [])


def test_byte_strings_are_shown_by_their_first_bytes(handmade: Any) -> None:
    handmade.tensor([1])
    content = {"short": b"\x01\xff", "long": bytes(100), "list": [b"\x02", {"deep": b"\x03"}]}
    handmade.op("MyOp", [0], [0], customOptions=bytes(flexbuffers.Dumps(content)))
    (found,) = operator_details(handmade.open(), np.arange(1))
    assert found["options"] == {
        "short": "01 ff",
        "long": "00 " * 63 + "00 … 100 bytes",
        "list": ["02", {"deep": "03"}],
    }


def test_of_very_many_operands_the_first_are_shown(handmade: Any) -> None:
    handmade.tensor([1])
    handmade.op("CONCATENATION", [0] * 10_001, [0])
    (found,) = operator_details(handmade.open(), np.arange(1))
    assert len(found["inputs"]) == 10_000
    assert found["notes"] == ["10001 inputs, the first 10000 shown"]


def test_of_very_many_consumers_the_first_are_listed(handmade: Any) -> None:
    handmade.tensor([1])
    handmade.op("CONCATENATION", [0] * 10_001, [0])
    assert tensor_details(handmade.open(), 0)["consumers"] == [0] * 10_000


def test_a_tensor_says_where_its_data_is_and_who_uses_it(handmade: Any) -> None:
    row = handmade.buffer(bytes(16))
    handmade.tensor([4], buffer=row, name="w", hasRank=True)
    handmade.tensor([4], buffer=row, hasRank=True)
    handmade.tensor([4], shapeSignature=[-1], isVariable=True, hasRank=True)
    handmade.op("ADD", [0, 2], [2])
    handmade.op("MUL", [0, 0], [1])
    model = handmade.open()
    found = tensor_details(model, 0)
    assert (found["name"], found["dtype"], found["shape"]) == ("w", "FLOAT32", [4])
    assert (found["buffer"], found["shares_buffer_with"], found["external_buffer"]) == (row, [1], None)
    assert (found["dense_bytes"], found["constant_bytes"]) == (16, 16)
    assert (found["producer"], found["consumers"]) == (-1, [0, 1, 1])
    assert (found["quantization"], found["sparsity"]) == (None, None)
    variable = tensor_details(model, 2)
    assert (variable["variable"], variable["shape_signature"], variable["producer"]) == (True, [-1], 0)
    assert (variable["shares_buffer_with"], variable["constant_bytes"]) == ([], 0)


def test_a_scalar_has_a_known_rank_and_a_size(handmade: Any) -> None:
    handmade.tensor([], hasRank=True)
    handmade.tensor(None)
    model = handmade.open()
    assert (tensor_details(model, 0)["rank_known"], tensor_details(model, 0)["dense_bytes"]) == (True, 4)
    assert (tensor_details(model, 1)["rank_known"], tensor_details(model, 1)["dense_bytes"]) == (False, None)


def test_quantization_is_spelled_out(handmade: Any) -> None:
    handmade.tensor(
        [2], "INT8", quantization=tfl.QuantizationParametersT(scale=[0.5, 0.25], zeroPoint=[0, 1], min=[-1.0])
    )
    handmade.tensor([2], quantization=tfl.QuantizationParametersT(min=[-1.0], max=[1.0]))
    handmade.tensor([2], quantization=tfl.QuantizationParametersT())
    model = handmade.open()
    assert tensor_details(model, 0)["quantization"] == {
        "kind": "per-channel", "scale": [0.5, 0.25], "zero_point": [0, 1], "dimension": 0,
        "min": [-1.0], "max": [], "details": None,
    }  # fmt: skip
    only_range = tensor_details(model, 1)["quantization"]
    assert (only_range["kind"], only_range["min"], only_range["max"]) == ("", [-1.0], [1.0])
    assert tensor_details(model, 2)["quantization"] is None


def test_external_data_is_described_as_far_as_it_is_known(handmade: Any) -> None:
    handmade.model.externalBufferGroups = [tfl.ExternalBufferGroupT(name="w.bin")]
    handmade.model.externalBuffers = [tfl.ExternalBufferT(id=3, length=8, offset=16)]
    handmade.tensor([2], externalBuffer=3)
    handmade.tensor([2], externalBuffer=4)
    model = handmade.open()
    found = tensor_details(model, 0)
    assert found["external_buffer"] == {"id": 3, "group": "w.bin", "offset": 16, "length": 8, "packing": ""}
    assert found["constant_bytes"] == 8
    assert tensor_details(model, 1)["external_buffer"] == {"id": 4}
