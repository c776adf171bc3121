"""What the checks of quantization call refused is what the runtime refuses, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.quantization import quantization
from tb_tflite_plugin.analysis.quantization.kernels import FIXED

MODELS = Path(__file__).parents[1] / "models"
# Findings whose message says that the runtime refuses the model.
REFUSED = {
    "quant-counts", "quant-axis", "quant-channels", "quant-scales-refused", "quant-fixed-output", "quant-bias-refused",
    "quant-lstm-intermediates",
}  # fmt: skip
INTEGERS = ("INT8", "UINT8", "INT16")
# Type, shapes of input and output, a second operand of int32, options.
SAME_SCALE: list[tuple[str, list[int], list[int], list[int] | None, Any]] = [
    ("AVERAGE_POOL_2D", [1, 2, 2, 1], [1, 1, 1, 1], None, tfl.Pool2DOptionsT(0, 2, 2, 2, 2)),
    ("MAX_POOL_2D", [1, 2, 2, 1], [1, 1, 1, 1], None, tfl.Pool2DOptionsT(0, 2, 2, 2, 2)),
    ("RESHAPE", [2, 2], [4], [4], None),
    ("RESIZE_BILINEAR", [1, 2, 2, 1], [1, 4, 4, 1], [4, 4], None),
    ("RESIZE_NEAREST_NEIGHBOR", [1, 2, 2, 1], [1, 4, 4, 1], [4, 4], None),
    ("TRANSPOSE", [2, 3], [3, 2], [1, 0], None),
    ("SQUEEZE", [1, 4], [4], None, tfl.SqueezeOptionsT(squeezeDims=[0])),
    ("EXPAND_DIMS", [4], [1, 4], [0], None),
    ("GATHER", [4, 2], [2, 2], [0, 1], tfl.GatherOptionsT()),
    ("TILE", [4, 2], [8, 2], [2, 1], None),
    ("REVERSE_V2", [4, 2], [4, 2], [0], None),
    ("CONCATENATION", [4], [4], None, tfl.ConcatenationOptionsT(axis=0)),
    ("PACK", [4], [1, 4], None, tfl.PackOptionsT(valuesCount=1)),
    ("UNPACK", [1, 4], [4], None, tfl.UnpackOptionsT(num=1)),
]


def quant(scale: float, zero: int = 0) -> Any:
    return tfl.QuantizationParametersT(scale=[scale], zeroPoint=[zero])


@pytest.fixture
def runs(child: Any, tmp_path: Path) -> Callable[[dict[str, bytes]], dict[str, str]]:
    """Which of the models the built-in kernels prepare: the error by name, empty for those that are prepared."""

    def prepare(models: dict[str, bytes]) -> dict[str, str]:
        for name, data in models.items():
            (tmp_path / f"{name}.tflite").write_bytes(data)
        printed = child(
            """
            import json, pathlib, sys
            from ai_edge_litert.interpreter import Interpreter, OpResolverType
            kind = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            answers = {}
            for path in sorted(pathlib.Path(sys.argv[1]).glob("*.tflite")):
                try:
                    Interpreter(str(path), experimental_op_resolver_type=kind).allocate_tensors()
                    answers[path.stem] = ""
                except (RuntimeError, ValueError) as error:
                    answers[path.stem] = str(error)
            print(json.dumps(answers))
            """,
            tmp_path,
        )
        answers: dict[str, str] = json.loads(printed)
        return answers

    return prepare


def compare(models: dict[str, bytes], answers: dict[str, str]) -> None:
    """Refused by the runtime and called refused are the same models, and there are some of both kinds."""
    said = {
        name: bool({finding.code for finding in quantization(open_model(data)).findings} & REFUSED)
        for name, data in models.items()
    }
    assert said == {name: bool(error) for name, error in answers.items()}
    assert set(said.values()) == {True, False}


def of_one(new: Callable[[], Any], op: str, kind: str, scales: tuple[Any, Any], shapes: Any, extra: Any = None) -> Any:
    """A model of one operator with an input and an output."""
    made = new()
    shape, out, options = shapes
    x, y = (made.tensor(s, kind, quantization=q) for s, q in zip((shape, out), scales, strict=True))
    operands = [x]
    if extra is not None:
        operands.append(made.tensor([len(extra)], "INT32", np.array(extra, np.int32).tobytes()))
    made.op(op, operands, [y], options)
    made.graph.inputs, made.graph.outputs = [x], [y]
    return made.pack()


def test_scales_that_differ(handmade: Any, runs: Any) -> None:
    models = {
        f"{op}_{kind}_{second}": of_one(
            type(handmade), op, kind, (quant(0.5), quant(second)), (shape, out, options), extra
        )
        for op, shape, out, extra, options in SAME_SCALE
        for kind in INTEGERS
        for second in (0.5, 0.25)
        if (op, kind) != ("REVERSE_V2", "UINT8")
    }
    compare(models, runs(models))


def test_prescribed_outputs(handmade: Any, runs: Any) -> None:
    models = {}
    for (op, kind), (scale, zero, _) in FIXED.items():
        options = tfl.SoftmaxOptionsT(beta=1.0) if op == "SOFTMAX" else None
        for right in (True, False):
            output = quant(scale, zero) if right else quant(scale * 1.3, zero)
            models[f"{op}_{kind}_{right}"] = of_one(
                type(handmade), op, kind, (quant(1 / 64), output), ([1, 4], [1, 4], options)
            )
    compare(models, runs(models))


def test_parameters(handmade: Any, runs: Any) -> None:
    def reshape(parameters: Any) -> bytes:
        made: bytes = of_one(
            type(handmade), "RESHAPE", "INT8", (parameters, parameters), ([2, 2], [2, 2], None), [2, 2]
        )
        return made

    several = {"scale": [1.0, 2.0], "zeroPoint": [0, 0]}
    models = {
        "right": reshape(quant(0.5)),
        "per_channel": reshape(tfl.QuantizationParametersT(**several)),
        "no_zero_point": reshape(tfl.QuantizationParametersT(scale=[1.0], zeroPoint=[])),
        "few_zero_points": reshape(tfl.QuantizationParametersT(scale=[1.0, 2.0], zeroPoint=[0])),
        "axis": reshape(tfl.QuantizationParametersT(**several, quantizedDimension=2)),
        "negative_axis": reshape(tfl.QuantizationParametersT(**several, quantizedDimension=-1)),
        "three_channels": reshape(tfl.QuantizationParametersT(scale=[1.0] * 3, zeroPoint=[0] * 3)),
    }
    compare(models, runs(models))


def lstm(change: Callable[[Any, Any], None]) -> bytes:
    """The integer LSTM of the fixtures with its graph and operator changed."""
    original = (MODELS / "lstm_int8.tflite").read_bytes()
    model = tfl.ModelT.InitFromObj(tfl.Model.GetRootAs(original, 0))
    graph = model.subgraphs[0]
    (operator,) = [op for op in graph.operators if op.intermediates is not None and len(op.intermediates) == 5]
    change(graph, operator)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_lstm_intermediates(runs: Any) -> None:
    def few(_: Any, operator: Any) -> None:
        operator.intermediates = operator.intermediates[:4]

    models = {"same": lstm(lambda *_: None), "few": lstm(few)}
    compare(models, runs(models))


def test_lstm_with_an_uneven_cell_scale_runs_and_gives_wrong_results(child: Any, tmp_path: Path) -> None:
    def scaled(factor: float) -> Callable[[Any, Any], None]:
        def change(graph: Any, operator: Any) -> None:
            parameters = graph.tensors[operator.inputs[19]].quantization
            parameters.scale = [float(parameters.scale[0]) * factor]

        return change

    models = {factor: lstm(scaled(factor)) for factor in (1.0, 1.2, 2.0)}
    for factor, data in models.items():
        (tmp_path / f"{factor}.tflite").write_bytes(data)
    printed = child(
        """
        import json, pathlib, sys
        import numpy as np
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
        outputs = {}
        for path in pathlib.Path(sys.argv[1]).glob("*.tflite"):
            kind = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            interpreter = Interpreter(str(path), experimental_op_resolver_type=kind)
            interpreter.allocate_tensors()
            entry = interpreter.get_input_details()[0]
            data = np.random.default_rng(0).integers(-128, 127, entry["shape"], np.int8)
            interpreter.set_tensor(entry["index"], data)
            interpreter.invoke()
            outputs[path.stem] = interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).tolist()
        print(json.dumps(outputs))
        """,
        tmp_path,
    )
    outputs = {float(name): np.array(values) for name, values in json.loads(printed).items()}
    assert np.abs(outputs[1.0] - outputs[2.0]).max() <= 4  # half the steps, the same numbers
    assert np.abs(outputs[1.0] - outputs[1.2]).max() > 20
    codes = {f: {one.code for one in quantization(open_model(data)).findings} for f, data in models.items()}
    assert codes == {1.0: set(), 1.2: {"quant-lstm-cell"}, 2.0: set()}


def test_biases(handmade: Any, runs: Any) -> None:
    def dense(kind: str, weights: list[float], bias: list[float]) -> bytes:
        made = type(handmade)()
        x, y = (made.tensor([1, 2], kind, quantization=quant(0.5)) for _ in "xy")
        parameters = [tfl.QuantizationParametersT(scale=s, zeroPoint=[0] * len(s)) for s in (weights, bias)]
        filters = made.tensor([2, 2], kind, bytes([127, 1, 2, 100]), quantization=parameters[0])
        added = made.tensor([2], "INT32", bytes(8), quantization=parameters[1])
        made.op("FULLY_CONNECTED", [x, filters, added], [y], tfl.FullyConnectedOptionsT())
        made.graph.inputs, made.graph.outputs = [x], [y]
        packed: bytes = made.pack()
        return packed

    models = {
        "right": dense("INT8", [0.1], [0.05]),
        "near": dense("INT8", [0.1], [0.0501]),
        "far": dense("INT8", [0.1], [0.2]),
        "uint8_far": dense("UINT8", [0.1], [0.2]),
        "per_channel_far": dense("INT8", [0.1, 0.2], [0.05, 0.4]),
    }
    compare(models, runs(models))
