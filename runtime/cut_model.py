"""A model whose operators all read inputs of the graph: each then runs on values of one's choice. In the child process.

The wires between operators are cut. A tensor that carried real numbers from one operator to others becomes an input of
the graph, and what the operator writes becomes a tensor of its own. So one inference runs every operator by itself.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_BYTES = 1 << 30  # of a model: the schema's classes hold it twice, and FlatBuffers end at 2 GiB


@dataclass(frozen=True)
class CutModel:
    """A model cut into its operators.

    Attributes:
        content: the bytes of the model.
        inputs: local ids of the tensors whose wires are cut, beside the inputs that the graph has.
        written: where each cut tensor's operator writes now, by the tensor's local id.
    """

    content: bytes
    inputs: tuple[int, ...]
    written: dict[int, int]


def cut(content: bytes) -> CutModel:
    """Cuts the first subgraph of a model.

    Wires of indices, shapes, texts and resources stay, as do those of values that follow from constants alone: kernels
    look at them before anything runs.

    Args:
        content: the bytes of a model that the runtime has loaded.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    constant = {
        place for place, tensor in enumerate(graph.tensors) if tensor.buffer and _holds(model.buffers[tensor.buffer])
    }
    written: dict[int, int] = {}
    for operator in graph.operators:
        outputs = [int(tensor) for tensor in _list(operator.outputs)]
        if all(tensor in constant for tensor in _list(operator.inputs) if tensor >= 0):
            constant.update(outputs)
            continue
        for place, tensor in enumerate(outputs):
            if tensor >= 0 and _is_real(graph.tensors[tensor], schema.TensorType):
                written[tensor] = len(graph.tensors)
                own = copy.copy(graph.tensors[tensor])
                own.buffer = 0
                graph.tensors.append(own)
                outputs[place] = written[tensor]
        operator.outputs = np.array(outputs, np.int32)
    read = {int(tensor) for operator in graph.operators for tensor in _list(operator.inputs)}
    inputs = tuple(sorted(read & written.keys()))
    there = _list(graph.inputs)
    graph.inputs = np.array([*there, *(tensor for tensor in inputs if tensor not in there)], np.int32)
    graph.outputs = np.array(list(written.values()), np.int32)
    model.signatureDefs = None  # they name outputs that are no longer written
    builder = flatbuffers.Builder(len(content) + 1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return CutModel(bytes(builder.Output()), inputs, written)


def _list(values: Any) -> list[int]:
    return [] if values is None else [int(value) for value in values]


def _holds(buffer: Any) -> bool:
    return (buffer.data is not None and len(buffer.data) > 0) or buffer.offset > 1


def _is_real(tensor: Any, types: Any) -> bool:
    """Whether its numbers stand for real ones."""
    if tensor.isVariable:
        return False
    scaled = tensor.quantization is not None and len(_list(tensor.quantization.zeroPoint)) > 0
    return tensor.type in (types.FLOAT32, types.FLOAT16) or (
        tensor.type in (types.INT8, types.UINT8, types.INT16) and scaled
    )
