"""Synthetic models of any size: a transformer-like decoder stack, 37 operators a layer, with tiny weights.

The models are valid and run in the interpreter. Equal arguments give equal bytes, in every process. The graph is
regular and its weights are noise: good for measuring how tools cope with size, silent on real networks.

    python benchmarks/synth.py OUT.tflite LAYERS [--flat] [--no-shared-mask]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as tfl

OPERATORS_PER_LAYER = 37
WIDTH, _STEPS, _HEADS = 8, 4, 2
_OP = tfl.BuiltinOperator
_OPTIONS = tfl.BuiltinOptions


def build(layers: int, named: bool = True, shared_mask: bool = True, width: int = WIDTH) -> bytes:
    """A model of ``layers`` decoder layers.

    Args:
        layers: how many; 1,351 make 49,987 operators.
        named: tensor names with scopes (``model/layers.0/mlp/…``) instead of ``t0``, ``t1``, ….
        shared_mask: all layers read one mask input, a tensor with many consumers, instead of constants of their own.
        width: channels between layers, an even number; a layer has 10 times its square as weights.
    """
    graph = _Graph(named, width)
    hidden = graph.tensor("tokens", [1, _STEPS, width])
    mask = graph.tensor("mask", [1, 1, _STEPS, _STEPS])
    for layer in range(layers):
        graph.scope = f"model/layers.{layer}"
        hidden = _layer(graph, hidden, mask if shared_mask else None)
    return _write(graph, inputs={"tokens": 0, "mask": mask}, outputs={"hidden": hidden})


@dataclass
class _Graph:
    """What is written in the end: tensors (name, shape, type, buffer) and operators (code, inputs, output, options)."""

    named: bool
    width: int
    scope: str = ""
    tensors: list[tuple[str, list[int], int, int]] = field(default_factory=list)
    buffers: list[bytes] = field(default_factory=lambda: [b""])
    operators: list[tuple[int, list[int], int, tuple[str, dict[str, int | float]] | None]] = field(default_factory=list)

    def tensor(self, name: str, shape: list[int], kind: int = tfl.TensorType.FLOAT32, buffer: int = 0) -> int:
        full = f"{self.scope}/{name}".lstrip("/") if self.named else f"t{len(self.tensors)}"
        self.tensors.append((full, shape, kind, buffer))
        return len(self.tensors) - 1

    def constant(self, name: str, values: np.ndarray) -> int:
        kind = tfl.TensorType.INT32 if values.dtype.kind == "i" else tfl.TensorType.FLOAT32
        self.buffers.append(values.astype(values.dtype.newbyteorder("<")).tobytes())
        return self.tensor(name, list(values.shape), kind, len(self.buffers) - 1)

    def op(self, code: int, inputs: list[int], name: str, shape: list[int], table: str = "", **options: float) -> int:
        output = self.tensor(name, shape)
        self.operators.append((code, inputs, output, (table, options) if table else None))
        return output

    def dense(self, data: int, name: str, size: int) -> int:
        """FULLY_CONNECTED without a bias. The weights are a fixed sequence that looks like noise."""
        inputs = self.tensors[data][1][-1]
        places = np.arange(size * inputs, dtype=np.int64) + len(self.tensors)
        noise = places * 2654435761 % (1 << 32) / (1 << 32) - 0.5
        weights = noise.astype(np.float32).reshape(size, inputs)
        kernel = self.constant(f"{name}/kernel", weights)
        shape = [1, _STEPS, size]
        return self.op(
            _OP.FULLY_CONNECTED, [data, kernel, -1], f"{name}/FullyConnected", shape,
            "FullyConnectedOptions", KeepNumDims=1,
        )  # fmt: skip

    def add(self, lhs: int, rhs: int, name: str) -> int:
        return self.op(_OP.ADD, [lhs, rhs], name, self.tensors[lhs][1], "AddOptions")

    def mul(self, lhs: int, rhs: int, name: str) -> int:
        return self.op(_OP.MUL, [lhs, rhs], name, self.tensors[lhs][1], "MulOptions")

    def reshape(self, data: int, name: str, shape: list[int]) -> int:
        target = self.constant(f"{name}/shape", np.array(shape, np.int32))
        return self.op(_OP.RESHAPE, [data, target], name, shape, "ReshapeOptions")

    def swap(self, data: int, name: str) -> int:
        """Transposes the two middle axes."""
        axes = self.constant(f"{name}/perm", np.array([0, 2, 1, 3], np.int32))
        batch, first, second, last = self.tensors[data][1]
        return self.op(_OP.TRANSPOSE, [data, axes], name, [batch, second, first, last], "TransposeOptions")

    def norm(self, data: int, name: str) -> int:
        square = self.mul(data, data, f"{name}/square")
        axis = self.constant(f"{name}/axis", np.array([-1], np.int32))
        mean = self.op(_OP.MEAN, [square, axis], f"{name}/mean", [1, _STEPS, 1], "ReducerOptions", KeepDims=1)
        epsilon = self.constant(f"{name}/epsilon", np.array([1e-6], np.float32))
        shifted = self.add(mean, epsilon, f"{name}/add")
        scale = self.op(_OP.RSQRT, [shifted], f"{name}/rsqrt", [1, _STEPS, 1])
        scaled = self.mul(data, scale, f"{name}/mul")
        return self.mul(scaled, self.constant(f"{name}/gamma", np.ones(self.width, np.float32)), f"{name}/scale")


def _layer(graph: _Graph, hidden: int, mask: int | None) -> int:
    normed = graph.norm(hidden, "input_norm")
    attended = _attention(graph, normed, mask)
    residual = graph.add(attended, hidden, "residual")
    normed = graph.norm(residual, "post_norm")
    gate = graph.dense(normed, "mlp/gate_proj", 2 * graph.width)
    sigmoid = graph.op(_OP.LOGISTIC, [gate], "mlp/sigmoid", [1, _STEPS, 2 * graph.width])
    silu = graph.mul(gate, sigmoid, "mlp/silu")
    up = graph.dense(normed, "mlp/up_proj", 2 * graph.width)
    down = graph.dense(graph.mul(silu, up, "mlp/gated"), "mlp/down_proj", graph.width)
    return graph.add(down, residual, "residual_1")


def _attention(graph: _Graph, hidden: int, mask: int | None) -> int:
    heads, head = [], graph.width // _HEADS
    for part in ("q", "k", "v"):
        projected = graph.dense(hidden, f"self_attn/{part}_proj", graph.width)
        split = graph.reshape(projected, f"self_attn/{part}_split", [1, _STEPS, _HEADS, head])
        heads.append(graph.swap(split, f"self_attn/{part}_heads"))
    query, key, value = heads
    square = [1, _HEADS, _STEPS, _STEPS]
    logits = graph.op(_OP.BATCH_MATMUL, [query, key], "self_attn/qk", square, "BatchMatMulOptions", AdjY=1)
    factor = graph.constant("self_attn/inverse_root", np.array([head**-0.5], np.float32))
    scaled = graph.mul(logits, factor, "self_attn/scaled")
    if mask is None:
        mask = graph.constant("self_attn/mask", np.zeros((1, 1, _STEPS, _STEPS), np.float32))
    masked = graph.add(scaled, mask, "self_attn/masked")
    shares = graph.op(_OP.SOFTMAX, [masked], "self_attn/shares", square, "SoftmaxOptions", Beta=1.0)
    context = graph.op(
        _OP.BATCH_MATMUL, [shares, value], "self_attn/context", [1, _HEADS, _STEPS, head], "BatchMatMulOptions"
    )
    merged = graph.reshape(graph.swap(context, "self_attn/context_steps"), "self_attn/merged", [1, _STEPS, graph.width])
    return graph.dense(merged, "self_attn/o_proj", graph.width)


def _write(graph: _Graph, inputs: dict[str, int], outputs: dict[str, int]) -> bytes:
    builder = flatbuffers.Builder(1 << 20)
    buffers = [_buffer(builder, data) for data in graph.buffers]
    codes = {code: row for row, code in enumerate(dict.fromkeys(code for code, *_ in graph.operators))}
    tensors = [_tensor(builder, *tensor) for tensor in graph.tensors]
    operators = [_operator(builder, codes[code], *rest) for code, *rest in graph.operators]
    name = builder.CreateString("main")
    tensor_tables, operator_tables = _offsets(builder, tensors), _offsets(builder, operators)
    entries, exits = _numbers(builder, list(inputs.values())), _numbers(builder, list(outputs.values()))
    tfl.SubGraphStart(builder)
    tfl.SubGraphAddTensors(builder, tensor_tables)
    tfl.SubGraphAddInputs(builder, entries)
    tfl.SubGraphAddOutputs(builder, exits)
    tfl.SubGraphAddOperators(builder, operator_tables)
    tfl.SubGraphAddName(builder, name)
    subgraphs = _offsets(builder, [tfl.SubGraphEnd(builder)])
    signatures = _offsets(builder, [_signature(builder, inputs, outputs)])
    code_tables = _offsets(builder, [_code(builder, code) for code in codes])
    description = builder.CreateString("synthetic decoder stack")
    buffer_tables = _offsets(builder, buffers)
    tfl.ModelStart(builder)
    tfl.ModelAddVersion(builder, 3)
    tfl.ModelAddOperatorCodes(builder, code_tables)
    tfl.ModelAddSubgraphs(builder, subgraphs)
    tfl.ModelAddDescription(builder, description)
    tfl.ModelAddBuffers(builder, buffer_tables)
    tfl.ModelAddSignatureDefs(builder, signatures)
    builder.Finish(tfl.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


def _numbers(builder: flatbuffers.Builder, values: list[int]) -> int:
    return int(builder.CreateNumpyVector(np.array(values, "<i4")))


def _offsets(builder: flatbuffers.Builder, tables: list[int]) -> int:
    builder.StartVector(4, len(tables), 4)
    for table in reversed(tables):
        builder.PrependUOffsetTRelative(table)
    return int(builder.EndVector())


def _buffer(builder: flatbuffers.Builder, data: bytes) -> int:
    at = 0
    if data:
        # Kernels read their constants in place: LiteRT wants them at multiples of 16.
        builder.StartVector(1, len(data), 16)
        builder.head -= len(data)
        builder.Bytes[builder.head : builder.head + len(data)] = data
        at = builder.EndVector()
    tfl.BufferStart(builder)
    if data:
        tfl.BufferAddData(builder, at)
    return int(tfl.BufferEnd(builder))


def _tensor(builder: flatbuffers.Builder, name: str, shape: list[int], kind: int, buffer: int) -> int:
    name_at, shape_at = builder.CreateString(name), _numbers(builder, shape)
    tfl.TensorStart(builder)
    tfl.TensorAddShape(builder, shape_at)
    tfl.TensorAddType(builder, kind)
    tfl.TensorAddBuffer(builder, buffer)
    tfl.TensorAddName(builder, name_at)
    tfl.TensorAddHasRank(builder, True)
    return int(tfl.TensorEnd(builder))


def _operator(
    builder: flatbuffers.Builder, code: int, inputs: list[int], output: int,
    options: tuple[str, dict[str, int | float]] | None,
) -> int:  # fmt: skip
    inputs_at, outputs_at, options_at = _numbers(builder, inputs), _numbers(builder, [output]), 0
    if options:
        table, fields = options
        getattr(tfl, f"{table}Start")(builder)
        for name, value in fields.items():
            getattr(tfl, f"{table}Add{name}")(builder, value)
        options_at = getattr(tfl, f"{table}End")(builder)
    tfl.OperatorStart(builder)
    tfl.OperatorAddOpcodeIndex(builder, code)
    tfl.OperatorAddInputs(builder, inputs_at)
    tfl.OperatorAddOutputs(builder, outputs_at)
    if options:
        tfl.OperatorAddBuiltinOptionsType(builder, getattr(_OPTIONS, table))
        tfl.OperatorAddBuiltinOptions(builder, options_at)
    return int(tfl.OperatorEnd(builder))


def _code(builder: flatbuffers.Builder, code: int) -> int:
    tfl.OperatorCodeStart(builder)
    tfl.OperatorCodeAddDeprecatedBuiltinCode(builder, min(code, 127))
    tfl.OperatorCodeAddBuiltinCode(builder, code)
    return int(tfl.OperatorCodeEnd(builder))


def _signature(builder: flatbuffers.Builder, inputs: dict[str, int], outputs: dict[str, int]) -> int:
    key = builder.CreateString("serving_default")
    maps = []
    for names in (inputs, outputs):
        rows = []
        for name, tensor in names.items():
            at = builder.CreateString(name)
            tfl.TensorMapStart(builder)
            tfl.TensorMapAddName(builder, at)
            tfl.TensorMapAddTensorIndex(builder, tensor)
            rows.append(tfl.TensorMapEnd(builder))
        maps.append(_offsets(builder, rows))
    tfl.SignatureDefStart(builder)
    tfl.SignatureDefAddInputs(builder, maps[0])
    tfl.SignatureDefAddOutputs(builder, maps[1])
    tfl.SignatureDefAddSignatureKey(builder, key)
    return int(tfl.SignatureDefEnd(builder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("layers", type=int)
    parser.add_argument("--flat", action="store_true", help="tensor names t0, t1, … instead of scopes")
    parser.add_argument("--no-shared-mask", action="store_true", help="a constant mask in every layer")
    wanted = parser.parse_args()
    wanted.out.write_bytes(build(wanted.layers, not wanted.flat, not wanted.no_shared_mask))


if __name__ == "__main__":
    main()
