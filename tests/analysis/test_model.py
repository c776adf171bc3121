"""Models made by hand, for what the converted ones lack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis import schema
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.errors import ModelError
from tb_tflite_plugin.analysis.model import Metadata, Signature

GIB = 1 << 30
NEWER = ("Tensor", "Operator", "SubGraph", "OperatorCode", "Buffer")


def test_every_tensor_type_has_its_name_and_width(handmade: Any) -> None:
    names = list(schema.enum_values("TensorType"))
    for name in names:
        handmade.tensor([3], name)
    tensors = handmade.open().tensors
    assert tensors.dtypes == names
    sizes = dict(zip(names, tensors.nbytes.tolist(), strict=True))
    assert (sizes["INT2"], sizes["INT4"], sizes["UINT4"]) == (1, 2, 2)
    assert (sizes["BFLOAT16"], sizes["FLOAT8_E4M3FN"], sizes["FLOAT8_E5M2"]) == (6, 3, 3)
    assert (sizes["COMPLEX128"], sizes["INT64"], sizes["FLOAT16"], sizes["BOOL"]) == (48, 24, 6, 3)
    assert {name for name, size in sizes.items() if size < 0} == {"STRING", "RESOURCE", "VARIANT"}


def test_a_scalar_and_an_unknown_rank_differ_by_has_rank(handmade: Any) -> None:
    handmade.tensor([], hasRank=True)
    handmade.tensor(None, hasRank=False)
    handmade.tensor([1, 4], shapeSignature=[-1, 4], hasRank=True)
    tensors = handmade.open().tensors
    assert tensors.shape.tolist() == [[], [], [1, 4]]
    assert tensors.shape_signature.tolist() == [[], [], [-1, 4]]
    assert tensors.has_rank.tolist() == [True, False, True]
    assert tensors.rank_known.tolist() == [True, False, True]
    assert tensors.elements.tolist() == [1, -1, 4]


def test_files_from_before_has_rank_have_scalars(handmade: Any) -> None:
    handmade.tensor([])
    handmade.tensor([3])
    tensors = handmade.open().tensors
    assert tensors.rank_known.tolist() == [True, True]
    assert tensors.elements.tolist() == [1, 3]


def test_shapes_without_a_size_are_missing_and_not_a_number(handmade: Any) -> None:
    handmade.tensor([2, -1])
    handmade.tensor([2**31 - 1] * 3)
    handmade.tensor([1] * 40)
    handmade.tensor([0, 2**31 - 1, 2**31 - 1])
    tensors = handmade.open().tensors
    assert tensors.elements.tolist() == [-1, -1, -1, 0]
    assert tensors.nbytes.tolist() == [-1, -1, -1, 0]


def test_operators_link_to_tensors_by_numbers_of_the_whole_model(handmade: Any) -> None:
    for _ in range(2):
        handmade.subgraph()
        handmade.tensor([1])
        handmade.tensor([1])
        handmade.op("ADD", [0, 0], [1])
    model = handmade.open()
    assert model.operators.inputs.tolist() == [[0, 0], [2, 2]]
    assert model.operators.outputs.tolist() == [[1], [3]]
    assert model.operators.subgraph.tolist() == [0, 1]
    assert model.operators.index.tolist() == [0, 0]
    assert model.producer.tolist() == [-1, 0, -1, 1]
    assert model.consumers.tolist() == [[0, 0], [], [1, 1], []]
    assert model.layer_names == ["t1", "t1"]


def test_optional_operands_stay_minus_one(handmade: Any) -> None:
    for _ in range(3):
        handmade.tensor([1])
    handmade.op("FULLY_CONNECTED", [0, 1, -1], [2], intermediates=[-1, 1])
    model = handmade.open()
    assert model.operators.inputs.tolist() == [[0, 1, -1]]
    assert model.operators.intermediates.tolist() == [[-1, 1]]
    assert model.consumers.tolist() == [[0], [0], []]


def test_an_operator_without_outputs_has_no_layer_name(handmade: Any) -> None:
    handmade.tensor([1])
    handmade.op("ASSIGN_VARIABLE", [0, 0], [])
    assert handmade.open().layer_names == [""]


@pytest.mark.parametrize("index", [1, 7, -2, -(2**31), 2**31 - 1])
@pytest.mark.parametrize("end", ["inputs", "outputs", "intermediates"])
def test_tensor_indices_out_of_range_are_an_error(handmade: Any, end: str, index: int) -> None:
    handmade.subgraph()
    handmade.tensor([1])
    handmade.op("ADD", [0], [0])
    setattr(handmade.graph.operators[0], end, [0, index])
    handmade.subgraph()
    handmade.tensor([1])
    with pytest.raises(ModelError, match=f"Operator: a tensor index in {end} is out of range"):
        handmade.open().operators.intermediates  # noqa: B018


def test_codes_beyond_127_are_read_from_the_new_field_and_old_files_from_the_old_one(handmade: Any) -> None:
    handmade.tensor([1])
    handmade.op("STABLEHLO_COMPOSITE", [0], [0])
    handmade.op("CONV_2D", [0], [0])
    handmade.model.operatorCodes[1].builtinCode = 0
    model = handmade.open()
    assert model.operators.ops == ["STABLEHLO_COMPOSITE", "CONV_2D"]
    assert model.codes.builtin.tolist() == [206, 3]


def test_equal_codes_are_one_type_whose_versions_stay_apart(handmade: Any) -> None:
    handmade.tensor([1])
    for version in (1, 2, 5):
        handmade.op("ADD", [0], [0])
        handmade.model.operatorCodes[-1].version = version
    handmade.op("MyOp", [0], [0])
    handmade.op("MyOp", [0], [0])
    handmade.op("CUSTOM", [0], [0])
    model = handmade.open()
    assert model.operators.type_names == ["ADD", "CUSTOM", "MyOp"]
    assert model.operators.type.tolist() == [0, 0, 0, 2, 2, 1]
    assert model.operators.version.tolist() == [1, 2, 5, 1, 1, 1]


def test_names_that_are_not_utf8_are_shown_with_replacement_characters(handmade: Any) -> None:
    handmade.subgraph(b"\xff\xfemain")
    handmade.tensor([1], name=b"caf\xc3\xa9\x80")
    handmade.tensor([1], name="plain")
    handmade.op("x", [0], [1])
    handmade.model.operatorCodes[0].customCode = b"\xc0op"
    handmade.model.description = b"\xe2\x82"
    model = handmade.open()
    assert model.subgraphs.names.tolist() == ["\ufffd\ufffdmain"]
    assert model.tensors.name.tolist() == ["café\ufffd", "plain"]
    assert model.tensors.name[0] == "café\ufffd"
    assert model.operators.ops == ["\ufffdop"]
    assert model.description == "\ufffd"


def test_a_subgraph_without_operators_opens(handmade: Any) -> None:
    handmade.subgraph("empty")
    handmade.subgraph("full")
    handmade.tensor([1])
    handmade.op("ABS", [0], [0])
    handmade.subgraph("tensors only")
    handmade.tensor([1])
    handmade.graph.inputs = handmade.graph.outputs = [0]
    model = handmade.open()
    assert model.subgraphs.operator_offsets.tolist() == [0, 0, 1, 1]
    assert model.subgraphs.inputs.tolist() == [[], [], [1]]
    assert model.operators.subgraph.tolist() == [1]


@pytest.mark.parametrize("missing", [("buffers",), ("subgraphs",), ("buffers", "subgraphs", "operatorCodes")])
def test_a_model_without_some_of_its_vectors_opens(
    handmade: Any, missing: tuple[str, ...], read_everything: Callable[..., list[ModelError]]
) -> None:
    handmade.tensor([1])
    if "operatorCodes" not in missing:
        handmade.op("ABS", [0], [0])
    for name in missing:
        setattr(handmade.model, name, None)
    model = handmade.open()
    assert read_everything(model) == []
    assert len(model.subgraphs) == ("subgraphs" not in missing)
    assert len(model.buffers) == ("buffers" not in missing)
    assert not model.is_constant.any()


def test_several_signatures_may_share_a_subgraph(handmade: Any) -> None:
    handmade.subgraph()
    handmade.tensor([1])
    handmade.subgraph()
    handmade.tensor([1])
    handmade.tensor([1])

    def entry(name: str, tensor: int) -> Any:
        return tfl.TensorMapT(name=name, tensorIndex=tensor)

    def signature(key: str, graph: int, inputs: list[Any], outputs: list[Any]) -> Any:
        return tfl.SignatureDefT(signatureKey=key, subgraphIndex=graph, inputs=inputs, outputs=outputs)

    handmade.model.signatureDefs = [
        signature("a", 1, [entry("x", 0)], [entry("y", 1)]),
        signature("b", 1, [entry("p", 1)], [entry("q", 0)]),
        signature("strays", 0, [entry("gone", 1), entry("here", 0)], []),
        signature("nowhere", 2, [], []),
    ]
    assert handmade.open().signatures == [
        Signature("a", 1, {"x": 1}, {"y": 2}),
        Signature("b", 1, {"p": 2}, {"q": 1}),
        Signature("strays", 0, {"here": 0}, {}),
    ]


def test_metadata_names_buffers(handmade: Any) -> None:
    row = handmade.buffer(b"1.5.0\0\0\0")
    handmade.model.metadata = [tfl.MetadataT(name="min_runtime_version", buffer=row), tfl.MetadataT(name="x", buffer=9)]
    model = handmade.open()
    assert model.metadata == [Metadata("min_runtime_version", row)]
    assert model.buffer_data(row).tobytes() == b"1.5.0\0\0\0"


def test_tensors_may_share_a_buffer(handmade: Any) -> None:
    row = handmade.buffer(bytes(range(16)))
    for _ in range(2):
        handmade.tensor([4], buffer=row)
    model = handmade.open()
    assert model.tensors.buffer.tolist() == [row, row]
    assert model.constant_bytes.tolist() == [16, 16]
    assert model.buffer_data(row).tobytes() == bytes(range(16))


def test_buffers_may_lie_behind_the_flatbuffer(handmade: Any) -> None:
    row = handmade.buffer(offset=2, size=5)
    handmade.tensor([5], "INT8", buffer=row)
    size = len(handmade.pack())
    handmade.model.buffers[row].offset = size + 11
    model = open_model(handmade.pack() + bytes(11) + b"hello")
    assert model.buffer_data(row).tobytes() == b"hello"
    assert model.constant_bytes.tolist() == [5]


@pytest.mark.parametrize("offset", [3 * GIB, 5 * GIB])
def test_buffers_may_lie_beyond_two_and_four_gibibytes(handmade: Any, tmp_path: Path, offset: int) -> None:
    row = handmade.buffer(offset=offset, size=4096)
    handmade.tensor([4096], "INT8", buffer=row)
    path = tmp_path / "large.tflite"
    with path.open("wb") as file:
        file.write(handmade.pack())
        file.truncate(offset + 4096)
        file.seek(offset + 4092)
        file.write(b"tail")
    model = open_model(path)
    assert model.buffers.start.tolist() == [0, offset]
    assert model.buffer_data(row)[-4:].tobytes() == b"tail"


@pytest.mark.parametrize(("offset", "size"), [(2, 1 << 40), (1 << 40, 0), (2**64 - 1, 1), (2**64 - 1, 2**64 - 1)])
def test_buffers_behind_the_end_of_the_file_are_an_error(handmade: Any, offset: int, size: int) -> None:
    handmade.buffer(offset=offset, size=size)
    with pytest.raises(ModelError, match="Buffer: its data lies past the end of the file"):
        handmade.open()


def test_external_buffers_are_listed_with_their_group(handmade: Any) -> None:
    handmade.tensor([100], externalBuffer=7)
    handmade.tensor([100], externalBuffer=8)
    handmade.tensor([100], externalBuffer=9)
    handmade.tensor([1], data=b"1234")
    handmade.model.externalBufferGroups = [tfl.ExternalBufferGroupT(name="weights.bin")]
    handmade.model.externalBuffers = [
        tfl.ExternalBufferT(id=7, group=0, offset=4096, length=400, packing="none"),
        tfl.ExternalBufferT(id=8, group=5, offset=2**40, length=2**64 - 1),
    ]
    model = handmade.open()
    assert model.external_buffers == [
        {"id": 7, "group": "weights.bin", "offset": 4096, "length": 400, "packing": "none"},
        {"id": 8, "group": "", "offset": 2**40, "length": 2**64 - 1, "packing": ""},
    ]
    assert model.tensors.external_buffer.tolist() == [7, 8, 9, 0]
    assert model.is_constant.tolist() == [True, True, True, True]
    assert model.constant_bytes.tolist() == [400, 1 << 42, 0, 4]  # nobody has such a file: sums have to stay in range


def test_codes_types_and_options_newer_than_the_schema_open_and_are_listed(
    handmade: Any, read_everything: Callable[..., list[ModelError]]
) -> None:
    handmade.tensor([1], "INT8")
    handmade.graph.tensors[0].type = 99
    handmade.op("ADD", [0], [0])
    handmade.op("SUB", [0], [0], tfl.SubOptionsT(), builtinOptions2=tfl.SubOptionsT(), builtinOptions2Type=210)
    handmade.graph.operators[1].builtinOptionsType = 250
    handmade.model.operatorCodes[0].builtinCode = 4711
    model = handmade.open()
    assert model.operators.ops == ["BUILTIN_4711", "SUB"]
    assert model.tensors.dtypes == ["TYPE_99"]
    assert model.tensors.nbytes.tolist() == [-1]
    assert read_everything(model) == []
    found = {(finding.severity, finding.code, finding.message, finding.operators) for finding in model.findings}
    newer = "is newer than the schema known here"
    assert found == {
        ("note", "unknown-type", f"operator type BUILTIN_4711 {newer}", (0,)),
        ("note", "unknown-type", f"tensor type TYPE_99 {newer}", ()),
        ("note", "unknown-type", f"builtin_options type 250 {newer}", (1,)),
        ("note", "unknown-type", f"builtin_options_2 type 210 {newer}", (1,)),
    }


@pytest.mark.parametrize(
    ("kind", "table"),
    zip(("tensor", "operator", "graph", "code", "buffer"), NEWER, strict=True),
)
def test_fields_newer_than_the_schema_are_listed(
    raw: Any, kind: str, table: str, read_everything: Callable[..., list[ModelError]]
) -> None:
    raw.model(**{kind: {schema.slots(table) + 1: b"new!", schema.slots(table) + 40: b"newest!!"}})
    model = open_model(bytes(raw.data))
    assert read_everything(model) == []
    (finding,) = model.findings
    assert (finding.severity, finding.code) == ("note", "unknown-field")
    slots = f"{schema.slots(table) + 1}, {schema.slots(table) + 40}"
    assert finding.message.startswith(f"{table} has fields that the schema known here does not ({slots})")


def test_a_model_opens_from_bytes_and_is_known_by_their_hash(models: Path) -> None:
    path = models / "tiny_mlp.tflite"
    assert open_model(path.read_bytes()).sha256 == open_model(path).sha256
    assert open_model(path).name == str(path)
    assert open_model(path.read_bytes()).name == "model"
