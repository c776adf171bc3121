"""Damaged models: an error that names file, offset and table, or a model that can be read, and nothing else."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from flatbuffers import flexbuffers
from tb_tflite_plugin.analysis import schema
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.errors import ModelError
from tb_tflite_plugin.analysis.model import Model

ReadEverything = Callable[[Model], list[ModelError]]
MUTANTS_PER_MODEL = 48


def errors_of(data: bytes, read_everything: ReadEverything) -> list[ModelError]:
    """Opens the bytes and reads all there is; every error has to say where it is."""
    try:
        errors = read_everything(open_model(data))
    except ModelError as error:
        errors = [error]
    return errors


def check(errors: list[ModelError], size: int) -> None:
    for error in errors:
        assert error.file == "model"
        assert error.table in schema._load()["tables"]
        assert error.offset is not None
        assert 0 <= error.offset <= size
        assert "\n" not in str(error)


@pytest.mark.parametrize("name", ["tiny_mlp", "while_if", "dynamic_shapes_string", "custom_op"])
def test_every_prefix_of_a_model_is_refused(models: Path, name: str, read_everything: ReadEverything) -> None:
    data = (models / f"{name}.tflite").read_bytes()
    for cut in [*range(0, 200), *range(200, len(data), 11)]:
        errors = errors_of(data[:cut], read_everything)
        check(errors, cut)
        assert errors or cut > len(data) - 64, f"the first {cut} of {len(data)} bytes are no whole model"


def test_mutations_of_every_model_are_read_or_refused(model_path: Path, read_everything: ReadEverything) -> None:
    data = model_path.read_bytes()
    dice = random.Random(model_path.name)
    structure = places_of_structure(open_model(data))
    for _ in range(MUTANTS_PER_MODEL):
        mutant = bytearray(data)
        for _ in range(dice.choice((1, 1, 1, 2, 8))):
            mutate(mutant, dice, structure)
        check(errors_of(bytes(mutant), read_everything), len(data))


def test_mutations_of_a_model_with_all_parts_are_read_or_refused(
    handmade: Any, read_everything: ReadEverything
) -> None:
    data = everything(handmade)
    dice = random.Random(1)
    structure = list(range(len(data) - 4))
    for _ in range(1500):
        mutant = bytearray(data)
        for _ in range(dice.choice((1, 1, 2, 4))):
            mutate(mutant, dice, structure)
        check(errors_of(bytes(mutant), read_everything), len(data))


def mutate(data: bytearray, dice: random.Random, structure: list[int]) -> None:
    """Flips bytes or overwrites a number, half of the time where tables are and not only weights."""
    at = dice.choice(structure) if dice.random() < 0.7 else dice.randrange(8, len(data) - 4)
    at = min(at, len(data) - 4)
    kind = dice.random()
    if kind < 0.4:
        data[at] ^= 1 << dice.randrange(8)
    elif kind < 0.6:
        data[at : at + 4] = dice.randbytes(4)
    else:
        size = len(data)
        numbers = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, size - 1, size, dice.getrandbits(32), dice.randrange(size))
        data[at : at + 4] = struct.pack("<I", dice.choice(numbers))


def places_of_structure(model: Model) -> list[int]:
    """The first bytes of every table, of its vtable, and of what lies behind."""
    tables = (model.operators.tables, model.tensors.tables, model._buffer_tables, model._subgraph_tables, model._root)
    starts = np.concatenate([place for table in tables for place in (table.positions, table._vtable)])
    places = np.unique(starts[:, None] + np.arange(40))
    return [place for place in places.tolist() if 8 <= place < model.source.data.size - 4]


def everything(handmade: Any) -> bytes:
    """A small model with something in every part that the converted ones leave empty."""
    handmade.subgraph("main")
    blockwise = tfl.QuantizationParametersT(
        detailsType=tfl.QuantizationDetails.BlockwiseQuantization,
        details=tfl.BlockwiseQuantizationT(scales=1, zeroPoints=-1, blockSize=2, blockShape=[1, 2]),
    )
    multi = tfl.QuantizationParametersT(
        detailsType=tfl.QuantizationDetails.MultiAxisQuantization,
        details=tfl.MultiAxisQuantizationT(scales=0, zeroPoints=0, quantizedDimensions=[0, 1]),
    )
    level = tfl.DimensionMetadataT(
        format=1, arrayIndices=tfl.Uint8VectorT(values=[0, 1]), arrayIndicesType=3,
        arraySegments=tfl.Uint16VectorT(values=[0, 2]), arraySegmentsType=2,
    )  # fmt: skip
    sparse = tfl.SparsityParametersT(traversalOrder=[0, 1], blockMap=[0], dimMetadata=[level, tfl.DimensionMetadataT()])
    handmade.tensor([2, 2], "INT4", data=b"\x12\x34", quantization=blockwise, shapeSignature=[-1, 2])
    handmade.tensor([2], "FLOAT16", quantization=multi, externalBuffer=1)
    handmade.tensor([4], data=bytes(16), sparsity=sparse)
    handmade.tensor([2], "STRING", variantTensors=[tfl.VariantSubTypeT(shape=[1])], isVariable=True)
    attributes = np.frombuffer(flexbuffers.Dumps({"eps": 0.5, "axes": [1, 2]}), np.uint8)
    composite = tfl.StableHLOCompositeOptionsT(name="c", decompositionSubgraphIndex=1, compositeAttributes=attributes)
    handmade.op("STABLEHLO_COMPOSITE", [0, 1, -1], [2], composite)
    handmade.op("WHILE", [0], [1], tfl.WhileOptionsT(condSubgraphIndex=1, bodySubgraphIndex=1))
    handmade.op("STABLEHLO_CASE", [0], [1], tfl.StablehloCaseOptionsT(branchSubgraphIndices=[0, 1]))
    handmade.op("RESHAPE", [0], [1], tfl.ReshapeOptionsT(newShape=[4]), intermediates=[3])
    handmade.op("MyOp", [3], [3], customOptions=bytes(flexbuffers.Dumps({"a": [1, 2.5, "x"], "b": {"c": None}})))
    handmade.op("FlexErf", [3], [3], customOptions=bytes(flexbuffers.Dumps(["Erf", "node"])))
    handmade.graph.inputs, handmade.graph.outputs = [0], [2]
    handmade.subgraph("other")
    handmade.tensor([1])
    handmade.op("ADD", [0, 0], [0], tfl.AddOptionsT(fusedActivationFunction=1))
    ends = [tfl.TensorMapT(name="x", tensorIndex=0)]
    handmade.model.signatureDefs = [tfl.SignatureDefT(signatureKey="k", subgraphIndex=1, inputs=ends, outputs=ends)]
    handmade.model.metadata = [tfl.MetadataT(name="min_runtime_version", buffer=handmade.buffer(b"1.0\0"))]
    handmade.model.externalBufferGroups = [tfl.ExternalBufferGroupT(name="w")]
    handmade.model.externalBuffers = [tfl.ExternalBufferT(id=1, length=4, packing="p")]
    handmade.model.description = "all kinds"
    handmade.buffer(offset=100, size=20)
    return handmade.pack()
