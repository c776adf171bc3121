"""Runtimes that run a model: what converters wrote, what the resolver of TensorFlow Lite Micro knows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.compatibility import compatibility, resolver_source
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.micro_operators import METHODS
from tb_tflite_plugin.analysis.report import Report
from tb_tflite_plugin.analysis.runtime_versions import least_runtime

MODELS = Path(__file__).parents[1] / "models"


def of(name: str) -> Report:
    return compatibility(open_model(str(MODELS / f"{name}.tflite")))


def codes(report: Report) -> dict[str, tuple[int, ...]]:
    return {finding.code: finding.operators for finding in report.findings}


def test_the_least_runtime_is_what_the_converter_wrote(model_path: Path) -> None:
    model = open_model(str(model_path))
    summary = compatibility(model).summary
    # Another tool went over these after the converter, and left its note.
    if summary["declared_runtime"] and not model_path.stem.startswith(("fc_aeq", "mnet_int8_vela")):
        # TensorFlow 2.21, which converted them, and LiteRT differ on QUANTIZE 2.
        assert summary["least_runtime"] == {"mnet_int16x8": "1.15.0"}.get(model_path.stem, summary["declared_runtime"])


def test_versions() -> None:
    assert least_runtime("CONV_2D", 1) == "1.5.0"
    assert least_runtime("CONV_2D", 8) == "2.15.0"
    for op, version in (("CONV_2D", 99), ("CONV_2D", 0), ("BROADCAST_TO", 1), ("FlexAdd", 1)):
        assert least_runtime(op, version) is None


def test_operators_of_tensorflow_and_of_ones_own() -> None:
    flex, own = of("flex_ops"), of("custom_op")
    assert flex.summary["tensorflow_operators"] == ["MatrixDeterminant"]
    assert set(codes(flex)) == {"needs-tensorflow", "micro-missing"}
    assert own.summary["custom_operators"] == ["Betainc"]
    assert set(codes(own)) == {"needs-custom", "micro-missing"}
    assert own.cells()["needs"].count("custom") == 1


def test_variables_and_the_signatures_that_write_them() -> None:
    summary = of("ondevice_training").summary
    assert {s["key"]: s["writes_variables"] for s in summary["signatures"]} == {
        "infer": False, "restore": True, "save": False, "train": True,
    }  # fmt: skip
    assert {entry["name"] for entry in summary["variables"]} == {"d1/kernel", "d1/bias", "d2/kernel", "d2/bias", "iter"}
    assert all(entry["read_by"] and entry["written_by"] for entry in summary["variables"])
    assert [entry["name"] for entry in of("resource_variable").summary["variables"]] == ["state"]
    assert of("lstm_float32").summary["variables"]


def test_where_shapes_begin_to_be_open(handmade: Any) -> None:
    x, a, b = handmade.tensor([4]), handmade.tensor([1], shapeSignature=[-1]), handmade.tensor([1], shapeSignature=[-1])
    handmade.op("RELU", [x], [handmade.tensor([4])])
    handmade.op("WHERE", [x], [a])
    handmade.op("ABS", [a], [b])
    handmade.graph.inputs = [x]
    report = compatibility(handmade.open())
    assert report.cells()["open_shape"] == [None, "begins", "follows"]
    assert codes(report)["open-shapes"] == (1,)


def test_open_inputs_open_what_reads_them(handmade: Any) -> None:
    x, y, z = (handmade.tensor([1, 3], shapeSignature=[-1, 3]) for _ in range(3))
    handmade.op("RELU", [x], [y])
    handmade.op("ABS", [y], [z])
    handmade.graph.inputs = [x]
    assert compatibility(handmade.open()).cells()["open_shape"] == ["begins", "follows"]


@pytest.mark.parametrize(
    ("name", "refused"),
    [("mnet_int8", 0), ("mnet_float32", 0), ("mnet_dynrange", 5), ("mnet_fp16", 26), ("legacy_uint8", 1)],
)
def test_types_that_micro_refuses(name: str, refused: int) -> None:
    assert of(name).cells()["micro"].count("types") == refused


def test_the_resolver_has_the_operators_of_the_model() -> None:
    model = open_model(str(MODELS / "mnet_int8.tflite"))
    source = resolver_source(model)
    assert "MicroMutableOpResolver<9>" in source
    assert len(re.findall(r"resolver\.Add\w+\(\)", source)) == 9
    assert "resolver.AddDepthwiseConv2D()" in source


def test_what_the_resolver_does_not_know_is_a_comment(handmade: Any) -> None:
    handmade.op('Evil"*/\nint main(){}//', [handmade.tensor([1])], [handmade.tensor([1])])
    handmade.op("ABS", [0], [1])
    source = resolver_source(handmade.open())
    assert "MicroMutableOpResolver<1>" in source
    comments = [line for line in source.splitlines() if "no kernel" in line]
    assert len(comments) == 1
    assert comments[0].lstrip().startswith("// ")
    assert "main()" not in source


def test_micro_is_what_tflm_says(model_path: Path, micro: Any) -> None:
    """TFLM stops at the first operator that it has no kernel for, else at the first whose types it refuses."""
    measured, said = micro(model_path)
    model = open_model(str(model_path))
    types, verdicts = model.operators.type, compatibility(model).cells()["micro"]
    ops: dict[str, set[str]] = {verdict: set() for verdict in ("yes", "no kernel", "types")}
    for name, verdict in zip((model.operators.type_names[t] for t in types.tolist()), verdicts, strict=True):
        ops[verdict].add(name)
    unknown = re.search(r"Didn't find op for builtin opcode '(\w+)'", said)
    unprepared = re.search(r"Node (\w+) \(number \d+\) failed to prepare", said)
    if model_path.stem == "lstm_dynrange":
        # Its kernel does not look at the type of the weights: it reads int8 as floats, and answers NaN.
        assert measured is not None
        assert ops["types"] == {"UNIDIRECTIONAL_SEQUENCE_LSTM"}
    elif model_path.stem == "mnet_int8_vela_ethosu55":
        assert "op code CUSTOM" in said  # the C++ resolver has a method for it; the package does not register it
        assert ops["yes"] >= {"ethos-u"}
    elif measured is not None:
        assert not ops["no kernel"] | ops["types"]
    elif unknown or "op code CUSTOM" in said:
        assert (unknown[1] in ops["no kernel"]) if unknown else ops["no kernel"]
    elif unprepared:
        assert unprepared[1] in ops["types"]
    else:
        assert ops["types"], said


def test_every_method_is_for_an_operator_of_the_schema() -> None:
    assert [op for op in METHODS if not hasattr(tfl.BuiltinOperator, op)] == []
