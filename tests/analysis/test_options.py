"""Operators' options: unions, FlexBuffers, and links to subgraphs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from flatbuffers import flexbuffers
from tb_tflite_plugin.analysis import schema
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.errors import ModelError
from tb_tflite_plugin.analysis.options import Options, control_flow, option_column, read_options

UNIONS = {"builtinOptions": "BuiltinOptions", "builtinOptions2": "BuiltinOptions2"}


def only(handmade: Any, **fields: Any) -> Options:
    """The options of a model's one operator."""
    handmade.tensor([1])
    handmade.op(fields.pop("op", "MyOp"), [0], [0], **fields)
    (found,) = read_options(handmade.open(), np.arange(1))
    return found


def linking_tables() -> list[tuple[str, str, str, bool]]:
    """Every options table with fields that name subgraphs: field, union, table, whether it is a list."""
    return [
        (name, union, table, field.vector)
        for union in UNIONS.values()
        for table in schema.union_members(union)[1:]
        for name, field in schema.fields(table).items()
        if "subgraph" in name or "computations" in name
    ]


def test_enums_read_as_names_and_absent_fields_as_their_defaults(handmade: Any) -> None:
    options = tfl.Conv2DOptionsT(strideW=2, strideH=3, fusedActivationFunction=tfl.ActivationFunctionType.RELU6)
    found = only(handmade, op="CONV_2D", options=options)
    assert found.table == "Conv2DOptions"
    assert found.values == {
        "padding": "SAME", "stride_w": 2, "stride_h": 3, "fused_activation_function": "RELU6",
        "dilation_w_factor": 1, "dilation_h_factor": 1, "quantized_bias_type": "FLOAT32",
    }  # fmt: skip
    assert (found.raw_bytes, found.notes, found.subgraphs) == (0, [], {})


def test_an_enum_value_newer_than_the_schema_stays_a_number(handmade: Any) -> None:
    found = only(handmade, op="ADD", options=tfl.AddOptionsT(fusedActivationFunction=77))
    assert found.values["fused_activation_function"] == 77


@pytest.mark.parametrize("union", UNIONS.values())
def test_every_options_table_is_read_with_its_defaults(handmade: Any, union: str) -> None:
    members = schema.union_members(union)[1:]
    handmade.tensor([1])
    for member in members:
        handmade.op("ADD", [0], [0], getattr(tfl, f"{member}T")())
    found = read_options(handmade.open(), np.arange(len(members)))
    assert [options.table for options in found] == members
    for options, member in zip(found, members, strict=True):
        assert options.values.keys() == schema.fields(member).keys()


@pytest.mark.parametrize(("field", "union", "table", "is_list"), linking_tables())
def test_every_field_that_names_a_subgraph_becomes_a_link(
    handmade: Any, field: str, union: str, table: str, is_list: bool
) -> None:
    for name in ("main", "one", "two"):
        handmade.subgraph(name)
    handmade.model.subgraphs = handmade.model.subgraphs[::-1]  # the operator goes into the first
    handmade.tensor([1])
    options = getattr(tfl, f"{table}T")()
    first, *rest = field.split("_")
    name = first + "".join(part.title() for part in rest)
    assert hasattr(options, name)
    for other in vars(options):
        if "ubgraph" in other or "omputations" in other:
            setattr(options, other, None if isinstance(getattr(options, other), list | None) else 99)
    setattr(options, name, [2, 7, 1] if is_list else 2)
    handmade.op("ADD", [0], [0], options)
    model = handmade.open()
    found = read_options(model, np.arange(1))[0].subgraphs
    roles = {
        "then_subgraph_index": "then", "else_subgraph_index": "else", "cond_subgraph_index": "cond",
        "body_subgraph_index": "body", "init_subgraph_index": "init", "subgraph": "callee",
        "comparator_subgraph_index": "comparator", "update_computation_subgraph_index": "update_computation",
        "decomposition_subgraph_index": "decomposition",
    }  # fmt: skip
    if is_list:  # subgraph 7 does not exist
        role = {"branch_subgraph_indices": "branch", "called_computations": "computation"}[field]
        assert found == {f"{role}_0": 2, f"{role}_2": 1}
    else:
        assert found == {roles[field]: 2}
    assert control_flow(model) == {0: found}


def test_control_flow_lists_operators_in_order_with_all_their_links(handmade: Any) -> None:
    for _ in range(3):
        handmade.subgraph()
    handmade.tensor([1])
    handmade.op("IF", [0], [0], tfl.IfOptionsT(thenSubgraphIndex=0, elseSubgraphIndex=1))
    handmade.op("ADD", [0], [0], tfl.AddOptionsT())
    handmade.op("WHILE", [0], [0], tfl.WhileOptionsT(condSubgraphIndex=1, bodySubgraphIndex=2))
    handmade.op("CALL_ONCE", [], [], tfl.CallOnceOptionsT(initSubgraphIndex=-4))
    assert control_flow(handmade.open()) == {0: {"then": 0, "else": 1}, 2: {"cond": 1, "body": 2}}


def test_composite_attributes_are_decoded(handmade: Any) -> None:
    attributes = {"epsilon": 1e-5, "axes": [0, 1], "name": "rms", "nested": {"deep": True}}
    options = tfl.StableHLOCompositeOptionsT(
        name="odml.rms_norm", decompositionSubgraphIndex=0, version=3,
        compositeAttributes=np.frombuffer(flexbuffers.Dumps(attributes), np.uint8),
    )  # fmt: skip
    found = only(handmade, op="STABLEHLO_COMPOSITE", options=options)
    assert found.values["name"] == "odml.rms_norm"
    assert found.values["composite_attributes"] == attributes | {"epsilon": pytest.approx(1e-5)}
    assert found.subgraphs == {"decomposition": 0}
    assert found.notes == []


@pytest.mark.parametrize("content", [b"\xff" * 30, b"x", bytes(70_000)])
def test_composite_attributes_of_another_kind_are_counted(handmade: Any, content: bytes) -> None:
    options = tfl.StableHLOCompositeOptionsT(name="n", compositeAttributes=np.frombuffer(content, np.uint8))
    found = only(handmade, op="STABLEHLO_COMPOSITE", options=options)
    assert found.values["composite_attributes"] is None
    assert found.raw_bytes == len(content)
    assert found.notes == [f"{len(content)} bytes of composite attributes that are no FlexBuffer"]


def test_custom_options_are_read_as_flexbuffers(handmade: Any) -> None:
    content = {"max_detections": 10, "scale": 0.5, "name": "ssd", "flag": True}
    found = only(handmade, customOptions=bytes(flexbuffers.Dumps(content)))
    assert found.table is None
    assert found.values == content


def test_custom_options_that_are_no_map_have_one_value(handmade: Any) -> None:
    assert only(handmade, customOptions=bytes(flexbuffers.Dumps([1, 2]))).values == {"value": [1, 2]}


def test_keys_of_custom_options_are_not_taken_for_the_schemas(handmade: Any) -> None:
    content = {"composite_attributes": "abc", "cond_subgraph_index": "x", "called_computations": ["y"]}
    found = only(handmade, customOptions=bytes(flexbuffers.Dumps(content)))
    assert found.values == content
    assert found.subgraphs == {}


def test_flex_operators_show_the_tensorflow_operator(handmade: Any) -> None:
    content = bytes(flexbuffers.Dumps(["Erf", "serialized NodeDef"]))
    found = only(handmade, op="FlexErf", customOptions=content)
    assert found.values == {"tensorflow_op": "Erf"}
    assert found.raw_bytes == len(content)


@pytest.mark.parametrize(
    ("content", "fields"),
    [(b"\xff\xff\xff", {}), (b"\x01\x02\x04", {"customOptionsFormat": 3}), (bytes(70_000), {})],
    ids=["no FlexBuffer", "another format", "too long"],
)
def test_custom_options_of_another_kind_are_counted(handmade: Any, content: bytes, fields: dict[str, int]) -> None:
    found = only(handmade, customOptions=content, **fields)
    assert (found.values, found.raw_bytes) == ({}, len(content))
    assert found.notes == [f"{len(content)} bytes of custom options in a format of the operator's own"]


def test_large_custom_options_lie_behind_the_flatbuffer(handmade: Any) -> None:
    content = bytes(flexbuffers.Dumps({"a": 1}))
    handmade.tensor([1])
    handmade.op("MyOp", [0], [0], largeCustomOptionsOffset=2, largeCustomOptionsSize=len(content))
    offset = len(handmade.pack())
    handmade.graph.operators[0].largeCustomOptionsOffset = offset
    assert read_options(open_model(handmade.pack() + content), np.arange(1))[0].values == {"a": 1}
    with pytest.raises(ModelError, match="Operator: its options lie past the end of the file"):
        read_options(open_model(handmade.pack() + content[1:]), np.arange(1))


def test_options_newer_than_the_schema_are_named(handmade: Any) -> None:
    handmade.tensor([1])
    handmade.op("ADD", [0], [0], tfl.AddOptionsT())
    handmade.graph.operators[0].builtinOptionsType = 240
    (found,) = read_options(handmade.open(), np.arange(1))
    assert found.table is None
    assert found.notes == ["BuiltinOptions 240: options of a type that the schema known here does not have"]


def test_fields_newer_than_the_schema_are_named(raw: Any) -> None:
    union = schema.union_members("BuiltinOptions")
    places = raw.model(operator={3: bytes([union.index("AddOptions")]), 4: None})
    table, _ = raw.table({0: b"\1", 9: b"new!"})
    raw.point(places["operator.4"], table)
    (found,) = read_options(open_model(bytes(raw.data)), np.arange(1))
    assert found.values["fused_activation_function"] == "RELU"
    assert found.notes == ["AddOptions may have fields that the schema known here does not: [9]"]


def test_options_are_read_in_the_order_asked_for(handmade: Any) -> None:
    handmade.tensor([1])
    for beta in (0.5, 1.5, 2.5):
        handmade.op("SOFTMAX", [0], [0], tfl.SoftmaxOptionsT(beta=beta))
        handmade.op("ABS", [0], [0])
    found = read_options(handmade.open(), np.array([4, 1, 0, 4]))
    assert [options.values.get("beta") for options in found] == [2.5, None, 0.5, 2.5]


def test_option_column_collects_one_field_over_all_tables(handmade: Any) -> None:
    handmade.tensor([1])
    handmade.op("CONV_2D", [0], [0], tfl.Conv2DOptionsT(strideW=3))
    handmade.op("ABS", [0], [0], tfl.AbsOptionsT())
    handmade.op("MAX_POOL_2D", [0], [0], tfl.Pool2DOptionsT(strideW=2))
    operators, values = option_column(handmade.open(), "stride_w")
    assert (operators.tolist(), values.tolist()) == ([0, 2], [3, 2])
    operators, values = option_column(handmade.open(), "no_such_field")
    assert (operators.tolist(), values.tolist()) == ([], [])
