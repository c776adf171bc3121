"""On every model, the columns say what the accessors that flatc generates say."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis import details, reports, schema
from tb_tflite_plugin.analysis.containers import members, open_member, open_model
from tb_tflite_plugin.analysis.encoding import KINDS, sparse_tensors, sparsity
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.analysis.options import read_options
from tb_tflite_plugin.analysis.source import Source

UNIONS = {"builtinOptions": tfl.BuiltinOptions, "builtinOptions2": tfl.BuiltinOptions2}


def test_every_column_agrees_with_the_generated_accessors(model_path: Path) -> None:
    check(open_model(model_path), model_path.read_bytes())


def test_every_column_of_real_models_agrees(real_models: dict[str, Path]) -> None:
    for path in real_models.values():
        if path.suffix == ".tflite":
            check(open_model(path), path.read_bytes())
            continue
        source = Source.open(path)
        inside = [open_member(source, member) for member in members(source)]
        assert inside
        for part in inside:
            check(Model(part), part.data.tobytes())


def test_reports_are_plain_json(model_path: Path) -> None:
    model = open_model(model_path)
    for report in (reports.analyse(model, name) for name in reports.NAMES):
        text = json.dumps(report.to_json({"sha256": model.sha256}), allow_nan=False)
        assert json.loads(text)["report"] == report.name
        assert len(report.rows()) == max(len(column.cells()) for column in report.columns)
    json.dumps(details.operator_details(model, np.arange(len(model.operators))), allow_nan=False)
    json.dumps([details.tensor_details(model, tensor) for tensor in range(len(model.tensors))], allow_nan=False)


def check(model: Model, data: bytes) -> None:
    truth = tfl.ModelT.InitFromPackedBuf(data, 0)
    assert model.version == truth.version
    assert model.description == text(truth.description)
    assert not model.findings
    check_subgraphs(model, truth)
    check_tensors(model, truth)
    check_quantization(model, truth)
    check_sparsity(model, truth)
    check_operators(model, truth)
    check_options(model, truth)
    check_buffers(model, truth)
    check_names(model, truth)


def check_subgraphs(model: Model, truth: Any) -> None:
    graphs = model.subgraphs
    assert graphs.names.tolist() == [text(graph.name) for graph in truth.subgraphs]
    assert np.diff(graphs.tensor_offsets).tolist() == [len(numbers(graph.tensors)) for graph in truth.subgraphs]
    assert np.diff(graphs.operator_offsets).tolist() == [len(numbers(graph.operators)) for graph in truth.subgraphs]
    for ours, theirs in ((graphs.inputs, "inputs"), (graphs.outputs, "outputs")):
        assert ours.tolist() == [
            global_ids(model, row, getattr(graph, theirs)) for row, graph in enumerate(truth.subgraphs)
        ]


def check_tensors(model: Model, truth: Any) -> None:
    tensors, theirs = model.tensors, all_tensors(truth)
    assert tensors.shape.tolist() == [numbers(tensor.shape) for tensor in theirs]
    assert tensors.shape_signature.tolist() == [numbers(tensor.shapeSignature) for tensor in theirs]
    assert tensors.type.tolist() == [tensor.type for tensor in theirs]
    assert [getattr(tfl.TensorType, name) for name in tensors.dtypes] == [tensor.type for tensor in theirs]
    assert tensors.name.tolist() == [text(tensor.name) for tensor in theirs]
    assert tensors.buffer.tolist() == [tensor.buffer for tensor in theirs]
    assert tensors.is_variable.tolist() == [tensor.isVariable for tensor in theirs]
    assert tensors.has_rank.tolist() == [tensor.hasRank for tensor in theirs]
    assert tensors.external_buffer.tolist() == [tensor.externalBuffer for tensor in theirs]
    places = [(row, index) for row, graph in enumerate(truth.subgraphs) for index in range(len(graph.tensors))]
    assert list(zip(tensors.subgraph.tolist(), tensors.index.tolist(), strict=True)) == places
    ranked = any(tensor.hasRank for tensor in theirs)
    assert tensors.elements.tolist() == [
        -1 if ranked and not tensor.hasRank and not numbers(tensor.shape) else math.prod(numbers(tensor.shape))
        for tensor in theirs
    ]


def check_quantization(model: Model, truth: Any) -> None:
    ours = model.quantization
    low, high = ours.range
    for row, tensor in enumerate(all_tensors(truth)):
        theirs = tensor.quantization or tfl.QuantizationParametersT()
        assert ours.scale[row].tolist() == numbers(theirs.scale)
        assert ours.zero_point[row].tolist() == numbers(theirs.zeroPoint)
        assert low[row].tolist() == numbers(theirs.min)
        assert high[row].tolist() == numbers(theirs.max)
        assert ours.dimension[row] == theirs.quantizedDimension
        if theirs.details is None:
            assert KINDS[ours.kind[row]] == ("", "per-tensor", "per-channel")[min(len(numbers(theirs.scale)), 2)]
            assert row not in ours.details
        else:
            assert KINDS[ours.kind[row]] == "blockwise"
            start = int(model.subgraphs.tensor_offsets[model.tensors.subgraph[row]])
            found = ours.details[row]
            assert found["scales"] - start == theirs.details.scales
            assert found["zero_points"] in (-1, start + theirs.details.zeroPoints)
            assert found["block_size"] == theirs.details.blockSize


def check_sparsity(model: Model, truth: Any) -> None:
    tensors = all_tensors(truth)
    assert sparse_tensors(model.tensors.tables).tolist() == [tensor.sparsity is not None for tensor in tensors]
    for row, tensor in enumerate(tensors):
        ours, theirs = sparsity(model.tensors.tables, row), tensor.sparsity
        if ours is None:
            continue
        assert ours["traversal_order"] == numbers(theirs.traversalOrder)
        assert ours["block_map"] == numbers(theirs.blockMap)
        assert ours["dimensions"] == [
            {"format": "DENSE", "size": level.denseSize}
            if level.format == tfl.DimensionType.DENSE
            else {"format": "SPARSE_CSR", "stored": len(level.arrayIndices.values)}
            for level in theirs.dimMetadata
        ]


def check_operators(model: Model, truth: Any) -> None:
    operators, theirs = model.operators, all_operators(truth)
    assert model.codes.builtin.tolist() == [builtin(code) for code in truth.operatorCodes]
    assert operators.code.tolist() == [operator.opcodeIndex for _, operator in theirs]
    codes = [truth.operatorCodes[operator.opcodeIndex] for _, operator in theirs]
    assert operators.version.tolist() == [code.version for code in codes]
    assert operators.ops == [
        text(code.customCode) if builtin(code) == tfl.BuiltinOperator.CUSTOM else builtin_name(builtin(code))
        for code in codes
    ]
    for name in ("inputs", "outputs", "intermediates"):
        ours = getattr(operators, name).tolist()
        assert ours == [global_ids(model, graph, getattr(operator, name)) for graph, operator in theirs]
    places = [(row, index) for row, graph in enumerate(truth.subgraphs) for index in range(len(graph.operators))]
    assert list(zip(operators.subgraph.tolist(), operators.index.tolist(), strict=True)) == places


def check_options(model: Model, truth: Any) -> None:
    found = read_options(model, np.arange(len(model.operators)))
    for ours, (_, operator) in zip(found, all_operators(truth), strict=True):
        custom = numbers(operator.customOptions)
        for field, union in UNIONS.items():
            theirs = getattr(operator, field)
            if theirs is None:
                continue
            table = type(theirs).__name__.removesuffix("T")
            assert ours.table == table
            assert getattr(union, table) == getattr(operator, f"{field}Type")
            assert camel(schema.fields(table)) == set(vars(theirs))
            for name, spec in schema.fields(table).items():
                assert same(ours.values[name], getattr(theirs, camel_case(name)), spec), (table, name)
        if not custom:
            assert not ours.raw_bytes
        if operator.builtinOptions is None and operator.builtinOptions2 is None:
            assert ours.table is None


def check_buffers(model: Model, truth: Any) -> None:
    contents = [bytes(numbers(buffer.data)) for buffer in truth.buffers]
    assert model.buffers.size.tolist() == [len(content) for content in contents]
    assert [model.buffer_data(row).tobytes() for row in range(len(contents))] == contents
    sizes = [len(contents[tensor.buffer]) for tensor in all_tensors(truth)]
    assert model.constant_bytes.tolist() == sizes
    assert model.is_constant.tolist() == [size > 0 for size in sizes]


def check_names(model: Model, truth: Any) -> None:
    assert [(entry.name, entry.buffer) for entry in model.metadata] == [
        (text(entry.name), entry.buffer) for entry in truth.metadata or []
    ]
    assert model.external_buffers == []
    for ours, theirs in zip(model.signatures, truth.signatureDefs or [], strict=True):
        assert ours.key == text(theirs.signatureKey)
        assert ours.subgraph == theirs.subgraphIndex
        for named, maps in ((ours.inputs, theirs.inputs), (ours.outputs, theirs.outputs)):
            places = global_ids(model, theirs.subgraphIndex, [entry.tensorIndex for entry in maps])
            assert named == dict(zip([text(entry.name) for entry in maps], places, strict=True))


def same(ours: Any, theirs: Any, spec: schema.Field) -> bool:
    """Whether a field has the same value on both sides; enums have names here and numbers there."""
    kind, _, name = spec.element.partition(":")
    if kind == "enum":
        ours = [getattr(getattr(tfl, name), value) for value in (ours if spec.vector else [ours])]
        theirs = numbers(theirs) if spec.vector else [theirs]
    elif spec.element == "str":
        theirs = text(theirs)
    elif spec.vector:
        ours, theirs = list(ours) if ours is not None else [], numbers(theirs)
    return bool(ours == theirs)


def all_tensors(truth: Any) -> list[Any]:
    return [tensor for graph in truth.subgraphs for tensor in graph.tensors]


def all_operators(truth: Any) -> list[tuple[int, Any]]:
    return [(row, operator) for row, graph in enumerate(truth.subgraphs) for operator in graph.operators]


def global_ids(model: Model, graph: int, local: Any) -> list[int]:
    start = int(model.subgraphs.tensor_offsets[graph])
    return [start + index if index >= 0 else -1 for index in numbers(local)]


def builtin(code: Any) -> int:
    return max(code.builtinCode, code.deprecatedBuiltinCode)


def builtin_name(value: int) -> str:
    return next(name for name, number in vars(tfl.BuiltinOperator).items() if number == value)


def camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def camel(names: Any) -> set[str]:
    return {camel_case(name) for name in names}


def numbers(values: Any) -> list[Any]:
    """A vector of the object API: None, a list, or an array."""
    return [] if values is None else values.tolist() if hasattr(values, "tolist") else list(values)


def text(value: bytes | str | None) -> str:
    return "" if value is None else value if isinstance(value, str) else value.decode()
