"""Foretold partitions of XNNPACK beside those of the runtime, on single operators that sweep its conditions.

tests/runtime/test_delegates.py does the same on whole models.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.delegates import delegates
from tb_tflite_plugin.analysis.delegates.rules import created
from tb_tflite_plugin.analysis.delegates.simulation import place
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime.partitions import measure

pytest.importorskip("ai_edge_litert.interpreter")

Shape = list[int]
Operand = tuple[Shape, str, Any]  # shape, type, and what it holds: None is computed, True zeros, a list numbers
UNARY = ["ABS", "CEIL", "COS", "EXP", "FLOOR", "GELU", "HARD_SWISH", "LOG", "NEG", "RELU", "RELU6", "RELU_N1_TO_1",
         "ROUND", "RSQRT", "SIN", "SQRT", "SQUARE", "LOGISTIC", "TANH", "LEAKY_RELU", "ELU"]  # fmt: skip
KINDS = ["FLOAT32", "INT8", "UINT8", "INT16", "INT32"]
FIXED = {("LOGISTIC", "INT8"): (1 / 256, -128), ("TANH", "INT8"): (1 / 128, 0), ("SOFTMAX", "INT8"): (1 / 256, -128),
         ("LOGISTIC", "UINT8"): (1 / 256, 0), ("TANH", "UINT8"): (1 / 128, 128), ("SOFTMAX", "UINT8"): (1 / 256, 0),
         ("LOGISTIC", "INT16"): (1 / 32768, 0), ("TANH", "INT16"): (1 / 32768, 0),
         ("SOFTMAX", "INT16"): (1 / 32768, 0)}  # fmt: skip
IMAGE = [1, 4, 4, 4]


def singles() -> Iterator[tuple[str, list[Operand], list[Operand], Any, dict[str, Any]]]:
    """Operator type, inputs, outputs, options, and what else: scales, the version."""
    for op, kind, shape in itertools.product(UNARY, KINDS, ([4], [2, 4], IMAGE, [1, 1, 2, 2, 4])):
        options = {"GELU": tfl.GeluOptionsT(), "LEAKY_RELU": tfl.LeakyReluOptionsT(alpha=0.1)}.get(op)
        yield op, [(shape, kind, None)], [(shape, kind, None)], options, {}
    binary = {"ADD": tfl.AddOptionsT, "SUB": tfl.SubOptionsT, "MUL": tfl.MulOptionsT, "DIV": tfl.DivOptionsT,
              "MAXIMUM": None, "MINIMUM": None, "SQUARED_DIFFERENCE": None}  # fmt: skip
    for (op, options), kind, holds in itertools.product(binary.items(), KINDS, (None, True)):
        operands = [(IMAGE, kind, None), (IMAGE, kind, holds)]
        yield op, operands, [(IMAGE, kind, None)], options() if options else None, {}
    for op, scale in itertools.product(("ADD", "SUB", "MUL"), (1e-6, 1e-3, 0.01, 90.0, 300.0, 1e4)):
        operands = [(IMAGE, "INT8", None), (IMAGE, "INT8", None)]
        yield op, operands, [(IMAGE, "INT8", None)], binary[op](), {"scales": [scale, 1.0, 1.0]}
    for kind, beta in itertools.product(KINDS, (1.0, 2.0)):
        yield "SOFTMAX", [([2, 4], kind, None)], [([2, 4], kind, None)], tfl.SoftmaxOptionsT(beta=beta), {}
    for kind, count in itertools.product(("FLOAT32", "INT8", "UINT8"), (1, 2, 5, 6)):
        options = tfl.ConcatenationOptionsT(axis=1)
        yield "CONCATENATION", [([1, 2], kind, None)] * count, [([1, 2 * count], kind, None)], options, {}
    yield from _shaped()
    yield from _weighted()
    for op, kind, (window, stride) in itertools.product(
        ("AVERAGE_POOL_2D", "MAX_POOL_2D"), ("FLOAT32", "INT8", "UINT8", "INT16"), ((2, 2), (1, 1), (1, 2), (2, 3))
    ):
        out = [1, -(-4 // stride), -(-4 // stride), 4]
        options = tfl.Pool2DOptionsT(filterHeight=window, filterWidth=window, strideH=stride, strideW=stride)
        yield op, [(IMAGE, kind, None)], [(out, kind, None)], options, {}
    for source, target in itertools.product(("FLOAT32", "INT8", "UINT8", "INT16"), repeat=2):
        if target != "FLOAT32":
            yield "QUANTIZE", [(IMAGE, source, None)], [(IMAGE, target, None)], None, {}
    for scale in (1e-3, 0.01, 100.0, 1000.0):
        yield "QUANTIZE", [(IMAGE, "INT8", None)], [(IMAGE, "INT8", None)], None, {"scales": [scale, 1.0]}
    for source in ("FLOAT16", "INT8", "UINT8", "INT16"):
        yield "DEQUANTIZE", [(IMAGE, source, None)], [(IMAGE, "FLOAT32", None)], None, {}
    for kind in KINDS:
        matmul = tfl.BatchMatMulOptionsT()
        yield "BATCH_MATMUL", [([2, 3, 4], kind, None), ([2, 4, 5], kind, None)], [([2, 3, 5], kind, None)], matmul, {}
        depth = tfl.DepthToSpaceOptionsT(blockSize=2)
        yield "DEPTH_TO_SPACE", [(IMAGE, kind, None)], [([1, 8, 8, 1], kind, None)], depth, {}
        space = tfl.SpaceToDepthOptionsT(blockSize=2)
        yield "SPACE_TO_DEPTH", [(IMAGE, kind, None)], [([1, 2, 2, 16], kind, None)], space, {}


def _shaped() -> Iterator[tuple[str, list[Operand], list[Operand], Any, dict[str, Any]]]:
    kinds = ("FLOAT32", "INT8", "UINT8", "INT16", "INT32")
    cases: list[tuple[str, Shape, list[int], Shape, Callable[[], Any] | None]] = [
        ("RESHAPE", [2], [4, 16], [4, 16], None),
        ("TRANSPOSE", [4], [0, 2, 1, 3], IMAGE, None),
        ("PAD", [4, 2], [0, 0, 1, 1, 1, 1, 0, 0], [1, 6, 6, 4], None),
        ("MEAN", [2], [1, 2], [1, 1, 1, 4], lambda: tfl.ReducerOptionsT(keepDims=True)),
        ("SUM", [2], [1, 2], [1, 1, 1, 4], lambda: tfl.ReducerOptionsT(keepDims=True)),
        ("REDUCE_MAX", [1], [3], [1, 4, 4], lambda: tfl.ReducerOptionsT(keepDims=False)),
        ("REDUCE_MIN", [1], [3], [1, 4, 4], lambda: tfl.ReducerOptionsT(keepDims=False)),
        ("RESIZE_BILINEAR", [2], [8, 8], [1, 8, 8, 4], tfl.ResizeBilinearOptionsT),
        ("EXPAND_DIMS", [1], [0], [1, *IMAGE], None),
        ("TILE", [4], [1, 2, 1, 1], [1, 8, 4, 4], None),
    ]
    for (op, shape, holds, out, options), kind, known in itertools.product(cases, kinds, (True, False)):
        second = (shape, "INT32", holds if known else None)
        yield op, [(IMAGE, kind, None), second], [(out, kind, None)], options() if options else None, {}
    for kind, known in itertools.product(kinds, (True, False)):
        begin, size = ([4], "INT32", [0, 1, 1, 0] if known else None), ([4], "INT32", [1, 2, 2, 4])
        yield "SLICE", [(IMAGE, kind, None), begin, size], [([1, 2, 2, 4], kind, None)], None, {}
        slope = ([4], kind, True if known else None)
        yield "PRELU", [(IMAGE, kind, None), slope], [(IMAGE, kind, None)], None, {}
    for kind, mask in itertools.product(("FLOAT32", "INT8"), ("none", "beginMask", "shrinkAxisMask", "newAxisMask")):
        ends = [([4], "INT32", [0, 1, 1, 0]), ([4], "INT32", [1, 3, 3, 4]), ([4], "INT32", [1, 1, 1, 1])]
        out = {"shrinkAxisMask": [2, 2, 4], "newAxisMask": [1, 1, 3, 3, 4]}.get(mask, [1, 2, 2, 4])
        options = tfl.StridedSliceOptionsT(**({} if mask == "none" else {mask: 1}))
        yield "STRIDED_SLICE", [(IMAGE, kind, None), *ends], [(out, kind, None)], options, {}
    for kind, count in itertools.product(("FLOAT32", "INT8", "INT16"), (1, 2, 4)):
        axis = ([], "INT32", [3])
        outs = [([1, 4, 4, 4 // count], kind, None)] * count
        yield "SPLIT", [axis, (IMAGE, kind, None)], outs, tfl.SplitOptionsT(numSplits=count), {}


def _weighted() -> Iterator[tuple[str, list[Operand], list[Operand], Any, dict[str, Any]]]:
    for kind, holds, bias in itertools.product(("FLOAT32", "INT8", "UINT8", "INT16"), (True, None), (True, None)):
        sums = {"FLOAT32": "FLOAT32", "INT16": "INT64"}.get(kind, "INT32")
        stored = "INT8" if kind == "INT16" else kind
        data: Operand = (IMAGE, kind, None)
        convolution = tfl.Conv2DOptionsT(strideH=1, strideW=1)
        inputs = [data, ([4, 3, 3, 4], stored, holds), ([4], sums, bias)]
        yield "CONV_2D", inputs, [(IMAGE, kind, None)], convolution, {}
        depthwise = tfl.DepthwiseConv2DOptionsT(strideH=1, strideW=1, depthMultiplier=1)
        inputs = [data, ([1, 3, 3, 4], stored, holds), ([4], sums, bias)]
        yield "DEPTHWISE_CONV_2D", inputs, [(IMAGE, kind, None)], depthwise, {}
        for weights in ("INT8", "UINT8") if kind == "FLOAT32" else ():
            inputs = [data, ([4, 3, 3, 4], weights, holds), ([4], sums, bias)]
            yield "CONV_2D", inputs, [(IMAGE, kind, None)], convolution, {}
            inputs = [([2, 4], kind, None), ([3, 4], weights, holds), ([3], sums, bias)]
            yield "FULLY_CONNECTED", inputs, [([2, 3], kind, None)], tfl.FullyConnectedOptionsT(), {}
        dense = [([2, 4], kind, None), ([3, 4], stored, holds), ([3], sums, bias)]
        for version in (1, 8):
            yield "FULLY_CONNECTED", dense, [([2, 3], kind, None)], tfl.FullyConnectedOptionsT(), {"version": version}
        transposed = tfl.TransposeConvOptionsT(strideH=2, strideW=2)
        inputs = [([4], "INT32", [1, 8, 8, 4]), ([4, 3, 3, 4], stored, holds), data, ([4], sums, bias)]
        yield "TRANSPOSE_CONV", inputs, [([1, 8, 8, 4], kind, None)], transposed, {"version": 3}


def add(model: Any, op: str, inputs: list[Operand], outputs: list[Operand], options: Any, more: dict[str, Any]) -> None:
    """Adds an operator with operands of its own to a model that is being made."""
    scales = iter(more.get("scales", []))

    def tensor(operand: Operand, *, is_output: bool) -> int:
        shape, kind, holds = operand
        fields: dict[str, Any] = {}
        if kind in ("INT8", "UINT8", "INT16") or (kind in ("INT32", "INT64") and holds is True):
            scale, zero = FIXED.get((op, kind), (0.5, 0)) if is_output else (0.5, 0)
            scale = next(scales, 0.25 if kind in ("INT32", "INT64") else scale)
            fields["quantization"] = tfl.QuantizationParametersT(scale=[scale], zeroPoint=[zero])
        width = {"FLOAT32": "<f4", "FLOAT16": "<f2", "INT8": "i1", "UINT8": "u1", "INT16": "<i2", "INT32": "<i4",
                 "INT64": "<i8"}[kind]  # fmt: skip
        data = b""
        if holds is True:
            data = np.zeros(shape, width).tobytes()
        elif holds is not None:
            data = np.array(holds, width).tobytes()
        number: int = model.tensor(shape, kind, data, **fields)
        if holds is None and not is_output:
            model.graph.inputs.append(number)
        return number

    ins = [tensor(operand, is_output=False) for operand in inputs]
    outs = [tensor(operand, is_output=True) for operand in outputs]
    model.graph.outputs += outs
    model.op(op, ins, outs, options)


def built(
    make: Any, op: str, inputs: list[Operand], outputs: list[Operand], options: Any, more: dict[str, Any]
) -> bytes:
    model = make()
    add(model, op, inputs, outputs, options, more)
    model.model.operatorCodes[0].version = more.get("version", 1)
    packed: bytes = model.pack()
    return packed


BY_INTERPRETER = """
    import json, sys
    from ai_edge_litert.interpreter import Interpreter
    from tb_tflite_plugin.runtime.spy import graphs_of
    for path in sys.argv[1:]:
        try:
            interpreter = Interpreter(path)
            interpreter.allocate_tensors()
            taken = any(node.get("replaced") for graph in graphs_of(interpreter) for node in graph["nodes"])
        except (RuntimeError, ValueError):
            taken = None
        print(json.dumps(taken), flush=True)
    """
WITH_FLAGS = """
    import json, sys
    from tb_tflite_plugin.runtime.errors import RuntimeFailure
    from tb_tflite_plugin.runtime.xnnpack import spy_with_flags
    options = json.loads(sys.argv[1])
    for path in sys.argv[2:]:
        try:
            graphs = spy_with_flags(lambda *_: None, path, options)["graphs"]
            taken = any(node.get("replaced") for graph in graphs for node in graph["nodes"])
        except RuntimeFailure:
            taken = None
        print(json.dumps(taken), flush=True)
    """


def compare(models: list[bytes], folder: Path, run: Callable[..., str], options: dict[str, str]) -> list[bool]:
    """Which operators are taken, of those that load: as foretold, one by one.

    Args:
        models: each of one operator.
        folder: an empty one.
        run: a child that is given paths, and prints for each whether it is taken, or null where it does not load.
        options: of XNNPACK.
    """
    paths = [folder / f"{number}.tflite" for number in range(len(models))]
    for path, data in zip(paths, models, strict=True):
        path.write_bytes(data)
    answers: list[bool | None] = []
    for first in range(0, len(models), 120):
        answers += [json.loads(line) for line in run(*paths[first : first + 120]).splitlines()]
    wrong = []
    delegate = created(delegates()["xnnpack"], options)
    for data, taken in zip(models, answers, strict=True):
        model = open_model(data)
        placed = place(model, delegate)
        if taken is not None and bool(placed.taken) != taken:
            kinds = [model.tensors.dtypes[t] for t in range(len(model.tensors))]
            wrong.append((model.operators.ops[0], kinds, "really taken" if taken else "really left", placed.failures))
    assert not wrong
    return [taken for taken in answers if taken is not None]


def test_single_operators_are_taken_as_foretold(handmade: Any, child: Callable[..., str], tmp_path: Path) -> None:
    models = [built(type(handmade), *spec) for spec in singles()]
    taken = compare(models, tmp_path, lambda *paths: child(BY_INTERPRETER, *paths), {})
    assert len(taken) >= 300
    assert 0.2 < sum(taken) / len(taken) < 0.8


# One operator of every kind that the flags of XNNPACK matter to.
FLAGGED = ("ADD", "BATCH_MATMUL", "CONV_2D", "DEPTHWISE_CONV_2D", "DEQUANTIZE", "ELU", "FULLY_CONNECTED", "LOGISTIC",
           "MAX_POOL_2D", "QUANTIZE", "TRANSPOSE_CONV")  # fmt: skip


@pytest.mark.parametrize("flag", ["qs8=false", "qu8=false", "dynamic_fully_connected=true",
                                  "dynamically_quantized=false"])  # fmt: skip
def test_single_operators_are_taken_as_foretold_with_flags(
    handmade: Any, child: Callable[..., str], tmp_path: Path, flag: str
) -> None:
    """LiteRT's compiled model loads more than the interpreter, which wants a kernel of its own for each."""
    name, _, value = flag.partition("=")
    options = {name: value}
    models = [built(type(handmade), *spec) for spec in singles() if spec[0] in FLAGGED]
    taken = compare(models, tmp_path, lambda *paths: child(WITH_FLAGS, json.dumps(options), *paths), options)
    assert len(taken) >= 150
    assert True in taken
    assert False in taken


# Of these Vela compiles all cases that are not of floats, which it leaves; of others it reads some not, or crashes.
ON_ETHOS_U = {"ABS", "COS", "ELU", "EXP", "GELU", "LEAKY_RELU", "LOGISTIC", "NEG", "RELU6", "RSQRT", "ADD", "MUL",
              "DIV", "MAXIMUM", "SQUARED_DIFFERENCE", "SOFTMAX", "CONCATENATION", "RESHAPE", "TRANSPOSE",
              "RESIZE_BILINEAR", "SLICE", "PRELU", "SPLIT", "AVERAGE_POOL_2D", "MAX_POOL_2D", "QUANTIZE",
              "BATCH_MATMUL"}  # fmt: skip


# Where it says that it takes INT32 of these, it ends in an error.
NOT_WIDE = {"EXP", "LOGISTIC", "PRELU", "RELU6", "RESIZE_BILINEAR", "SOFTMAX", "SQUARED_DIFFERENCE", "BATCH_MATMUL"}


@pytest.mark.parametrize("delegate", ["ethos-u", "ethos-u85"])
def test_single_operators_go_to_ethos_u_as_foretold(handmade: Any, delegate: str) -> None:
    pytest.importorskip("ethosu.vela")
    by_type: dict[str, list[Any]] = {}
    for spec in singles():
        kind = spec[1][0][1]
        ends = delegate == "ethos-u85" and kind == "INT32" and spec[0] in NOT_WIDE
        if spec[0] in ON_ETHOS_U and kind != "FLOAT32" and not ends:
            by_type.setdefault(spec[0], []).append(spec)
    compared = 0
    for specs in by_type.values():
        made = type(handmade)()
        for spec in specs:
            add(made, *spec)
        model: Model = made.open()
        report = measure(model, delegate)
        assert report.summary["delegated"] is not None, specs[0][0]
        placed = place(model, delegates()[delegate])
        part = report.cells()["partition"]
        gone = {o for finding in report.findings if finding.code == "operators-removed" for o in finding.operators}
        for operator, spec in enumerate(specs):
            if operator not in gone:
                assert (part[operator] is not None) == (operator in placed.taken), (spec, placed.failures.get(operator))
                compared += 1
    assert compared > 200


@pytest.mark.usefixtures("software_gpu")
@pytest.mark.parametrize(("height", "is_held"), [(1024, True), (8192, False)])
def test_tensors_that_a_gpu_cannot_hold(handmade: Any, height: int, is_held: bool) -> None:
    """SwiftShader has buffers of 1 GiB, and floats of 32 bits only: beyond, the delegate fails as a whole."""
    x, y = (handmade.tensor([1, height, 8192, 8]) for _ in range(2))
    handmade.op("RELU", [x], [y])
    handmade.graph.inputs.append(x)
    handmade.graph.outputs.append(y)
    model = handmade.open()
    device = created(delegates()["gpu"], {"max_buffer_mib": "1024", "precision": "fp32"})
    assert place(model, device).needs == ({} if is_held else {0: f"buffers of at least {2 << 30:,} bytes"})
    measured = measure(model, "gpu")
    assert measured.summary["delegated"] == (1 if is_held else None)
    if not is_held:
        assert "Failed to initialize kernel" in measured.findings[0].message
