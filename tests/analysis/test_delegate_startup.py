"""What delegates do before the first inference, with bytes, and where shapes become unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.delegates import delegates
from tb_tflite_plugin.analysis.delegates.rules import created
from tb_tflite_plugin.analysis.delegates.simulation import place, report
from tb_tflite_plugin.analysis.delegates.startup import startup
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.analysis.report import Finding

Q = tfl.QuantizationParametersT(scale=[0.5], zeroPoint=[0])


def found(model: Model, name: str, options: dict[str, str] | None = None) -> dict[str, list[Finding]]:
    """Findings by code."""
    codes: dict[str, list[Finding]] = {}
    for finding in report(model, place(model, created(delegates()[name], options or {}))).findings:
        codes.setdefault(finding.code, []).append(finding)
    return codes


def halves(make: Any, *, dense: bool = True, stays: bool = False) -> Model:
    """A FULLY_CONNECTED of 4 x 4 weights in 16 bits; by DENSIFY unless ``dense``; ``stays``: one for the CPU."""
    x, y, z, weights = (make.tensor(shape) for shape in ([1, 4], [1, 4], [1, 4], [4, 4]))
    stored = make.tensor([4, 4], "FLOAT16", bytes(32))
    if not dense:
        made = make.tensor([4, 4], "FLOAT16")
        make.op("DENSIFY", [stored], [made])
        stored = made
    make.op("DEQUANTIZE", [stored], [weights])
    make.op("FULLY_CONNECTED", [x, weights], [y], tfl.FullyConnectedOptionsT())
    if stays:
        make.op("ROLL", [y], [z])
    model: Model = make.open()
    return model


def test_xnnpack_packs_weights(handmade: Any) -> None:
    x, y, z, last = (handmade.tensor([1, 4]) for _ in range(4))
    weights, bias = handmade.tensor([4, 4], "FLOAT32", bytes(64)), handmade.tensor([4], "FLOAT32", bytes(16))
    handmade.op("FULLY_CONNECTED", [x, weights, bias], [y], tfl.FullyConnectedOptionsT())
    handmade.op("FULLY_CONNECTED", [y, weights, bias], [z], tfl.FullyConnectedOptionsT())
    handmade.op("ADD", [z, weights], [last], tfl.AddOptionsT())
    (finding,) = found(handmade.open(), "xnnpack")["startup-packing"]
    assert "2 operators have 80 bytes of weights packed" in finding.message
    assert finding.operators == (0, 1)


def test_xnnpack_packs_halves_without_unpacking_them(handmade: Any) -> None:
    codes = found(halves(handmade), "xnnpack")
    assert "1 operators have 64 bytes of weights packed" in codes["startup-packing"][0].message
    assert "startup-unpacking" not in codes
    assert "fp16-left" not in codes


def test_xnnpack_unpacks_constants(handmade: Any) -> None:
    """Of 8 bits, and of 16 bits for what does not read these."""
    small, half = handmade.tensor([8], "INT8", bytes(8), quantization=Q), handmade.tensor([8], "FLOAT16", bytes(16))
    x, y, z, a, b = (handmade.tensor([8]) for _ in range(5))
    handmade.op("DEQUANTIZE", [small], [a])
    handmade.op("DEQUANTIZE", [half], [b])
    handmade.op("ADD", [a, x], [y], tfl.AddOptionsT())
    handmade.op("ADD", [b, y], [z], tfl.AddOptionsT())
    (finding,) = found(handmade.open(), "xnnpack")["startup-unpacking"]
    assert "2 constants" in finding.message
    assert "to 64 bytes" in finding.message
    assert finding.operators == (0, 1)


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("gpu", "startup-kernels", "kernels for 2 operators are written and compiled for the device, and 32 bytes of"),
        ("gpu-legacy", "startup-kernels", "kernels for 2 operators"),
        ("nnapi", "startup-compilation", "the driver compiles 1 partition with 32 bytes of constants at every start"),
        ("coreml", "startup-compilation", "1 partition with 32 bytes of constants are written to files"),
    ],
)
def test_what_is_compiled(handmade: Any, name: str, code: str, text: str) -> None:
    (finding,) = found(halves(handmade), name)[code]
    assert text in finding.message
    assert "LiteRT f674577" in finding.message


def test_a_delegate_that_takes_nothing_starts_nothing(handmade: Any) -> None:
    handmade.op("ROLL", [handmade.tensor([4])], [handmade.tensor([4])])
    model = handmade.open()
    for name, delegate in delegates().items():
        assert not place(model, delegate).taken, name
        assert not any(code.startswith("startup") for code in found(model, name)), name


@pytest.mark.parametrize("name", ["gpu", "nnapi", "coreml"])
def test_halves_that_stay_behind(handmade: Any, name: str) -> None:
    options = {"min_nodes_per_partition": "1"} if name == "coreml" else {}
    (finding,) = found(halves(handmade, stays=True), name, options)["fp16-left"]
    assert finding.severity == "warning"
    assert finding.operators == (0,)
    assert "1 DEQUANTIZE of weights in 16 bits stay with the runtime, which unpacks them once to 64 bytes" in (
        finding.message
    )
    assert "of 1 of them (64 bytes) nothing that stays reads the result" in finding.message


def test_halves_that_an_operator_left_behind_reads(handmade: Any) -> None:
    half, made, x = handmade.tensor([4], "FLOAT16", bytes(8)), handmade.tensor([4]), handmade.tensor([4])
    handmade.op("DEQUANTIZE", [half], [made])
    handmade.op("ROLL", [made], [x])
    for name in ("gpu", "xnnpack"):
        (finding,) = found(handmade.open(), name)["fp16-left"]
        assert "nothing that stays reads" not in finding.message


def test_what_densify_makes_is_unpacked_in_every_inference(handmade: Any) -> None:
    codes = found(halves(handmade, dense=False), "gpu")
    (again,), (once,) = codes["unpacked-again"], codes["startup-constants"]
    assert (again.severity, again.operators) == ("warning", (1,))
    assert "in every inference (64 bytes written)" in again.message
    assert "to 32 bytes that stay in memory" in once.message
    assert "fp16-left" not in codes


def test_memory_of_the_edge_tpu(handmade: Any) -> None:
    for size, severity, text in ((1000, "note", "they stay there"), (9_000_000, "warning", "at least 1,000,000 bytes")):
        model = type(handmade)()
        x, y = (model.tensor([1, size], "INT8", quantization=Q) for _ in range(2))
        model.op("MAXIMUM", [x, model.tensor([1, size], "INT8", bytes(size), quantization=Q)], [y])
        (finding,) = found(model.open(), "edgetpu")["startup-parameters"]
        assert finding.severity == severity
        assert text in finding.message


def test_of_other_delegates_nothing_is_said() -> None:
    model = open_model(str(Path(__file__).parents[1] / "models" / "mnet_int8.tflite"))
    assert list(startup(model, "somebody-elses", 1, {0, 1}, {})) == []


def test_where_shapes_become_unknown(handmade: Any) -> None:
    """The first such operator is told, not those that follow from it."""
    x, shape, y, z, last = (handmade.tensor([4]), handmade.tensor([1], "INT32"), *(handmade.tensor([4]) for _ in "yzl"))
    handmade.op("RELU", [x], [last])
    handmade.op("RESHAPE", [x, shape], [y])
    handmade.op("RELU", [y], [z])
    handmade.op("RESHAPE", [z, shape], [last])
    model = handmade.open()
    (finding,) = found(model, "gpu")["dynamic-shape-root"]
    assert finding.message.startswith("RESHAPE 1 sizes its result by input 1 (")
    assert "which the caller gives" in finding.message
    assert "Operators that follow: 2; GPU refuses for it: the whole subgraph (4). Remedy: make input 1 a constant" in (
        finding.message
    )
    assert finding.operators == (1, 0, 2, 3)
    (finding,) = found(model, "edgetpu")["dynamic-shape-root"]
    assert "Edge TPU refuses for it: 2 of them and of it" in finding.message
    assert "dynamic-shape-root" not in found(model, "xnnpack")


def test_who_computes_the_shape(real_models: dict[str, Path]) -> None:
    (finding,) = found(open_model(str(real_models["nmp"])), "nnapi")["dynamic-shape-root"]
    assert finding.message.startswith("RESHAPE 172 sizes its result by input 1 (")
    assert "which PACK 165 computes" in finding.message


def test_open_dimensions_of_the_file() -> None:
    model = open_model(str(Path(__file__).parents[1] / "models" / "dynamic_shapes_string.tflite"))
    (finding,) = found(model, "ethos-u")["dynamic-shape-root"]
    assert finding.message.startswith(
        "RESHAPE 5: the file leaves dimensions of the model's input serving_default_x:0 open"
    )
