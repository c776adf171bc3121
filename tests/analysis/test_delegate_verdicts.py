"""Operators that are accepted if: with another option of the delegate, or on a device that holds their tensors."""

from __future__ import annotations

from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.delegates import delegates
from tb_tflite_plugin.analysis.delegates.nodes import View
from tb_tflite_plugin.analysis.delegates.reports import verdicts as all_verdicts
from tb_tflite_plugin.analysis.delegates.rules import Claim, Claimer, Delegate, Failure, created
from tb_tflite_plugin.analysis.delegates.simulation import place, report, verdicts_of
from tb_tflite_plugin.analysis.model import Model

F, Q, U, I32 = "FLOAT32", "INT8", "UINT8", "INT32"


def single(handmade: Any, op: str, kinds: list[str], output: str, shape: list[int], options: Any = None) -> Model:
    """One operator; operands of one shape, those of 8 bits with a scale."""

    def tensor(kind: str) -> int:
        fields = {"quantization": tfl.QuantizationParametersT(scale=[0.5], zeroPoint=[0])} if kind in (Q, U) else {}
        axis = bytes(4) if op == "SPLIT" and kind == I32 else b""
        number: int = handmade.tensor([1] if axis else shape, kind, axis, **fields)
        return number

    handmade.op(op, [tensor(kind) for kind in kinds], [tensor(output)], options)
    model: Model = handmade.open()
    return model


def word(model: Model, name: str, options: dict[str, str] | None = None) -> str:
    placed = place(model, created(delegates()[name], options or {}))
    return verdicts_of(View(model), placed).word(0)


@pytest.mark.parametrize(
    ("name", "op", "kinds", "output", "given", "expected"),
    [
        ("nnapi", "ADD", [F, F], F, {}, "accepted"),
        ("nnapi", "BATCH_MATMUL", [F, F], F, {}, "accepted-if option feature_level=6"),
        ("nnapi", "RSQRT", [Q], Q, {"feature_level": "2"}, "accepted-if option feature_level=7"),
        ("nnapi", "EXP", [F], F, {"feature_level": "1"}, "accepted-if option feature_level=3"),
        ("nnapi", "SCATTER_ND", [I32, F], F, {}, "rejected"),
        ("gpu-legacy", "ADD", [Q, Q], Q, {"quantized": "false"}, "accepted-if option quantized=true"),
        ("gpu-legacy", "SPLIT", [I32, F], F, {"opencl": "false"}, "accepted-if option opencl=true"),
        ("xnnpack", "FULLY_CONNECTED", [F, F], F, {}, "accepted-if option dynamic_fully_connected=true"),
        ("xnnpack", "FULLY_CONNECTED", [F, F], F, {"dynamic_fully_connected": "true"}, "accepted"),
        ("xnnpack", "ADD", [Q, Q], Q, {"qs8": "false"}, "accepted-if option qs8=true"),
        ("xnnpack", "ADD", [U, U], U, {"qu8": "false"}, "accepted-if option qu8=true"),
        ("xnnpack", "SCATTER_ND", [I32, F], F, {}, "rejected"),
    ],
)
def test_options_that_would_do(
    handmade: Any, name: str, op: str, kinds: list[str], output: str, given: dict[str, str], expected: str
) -> None:
    assert word(single(handmade, op, kinds, output, [4, 4]), name, given) == expected


def test_two_options_at_once_are_not_looked_for(handmade: Any) -> None:
    """Each of these operators needs one of two options; one that needs both is rejected."""
    model = single(handmade, "QUANTIZE", [Q], U, [4])
    assert word(model, "xnnpack", {"qs8": "false", "qu8": "false"}) == "rejected"


def test_reshaping_of_subgraphs(handmade: Any) -> None:
    """Without it the runtime refuses the delegate where anything is sized while running."""
    x, y, z = (handmade.tensor([4]) for _ in range(3))
    handmade.op("RELU", [x], [y])
    handmade.op("RESHAPE", [y, handmade.tensor([1], I32)], [z])
    model = handmade.open()
    assert word(model, "xnnpack") == "accepted"
    assert word(model, "xnnpack", {"subgraph_reshaping": "false"}) == "accepted-if option subgraph_reshaping=true"


def test_core_ml_2_takes_reshape(handmade: Any) -> None:
    shape = handmade.tensor([3], I32, bytes([1, 0, 0, 0, 16, 0, 0, 0, 4, 0, 0, 0]))
    handmade.op("RESHAPE", [handmade.tensor([1, 4, 4, 4]), shape], [handmade.tensor([1, 16, 4])])
    assert word(handmade.open(), "coreml") == "accepted-if option coreml_version=2"


def test_of_two_values_the_nearest_and_then_the_newer(handmade: Any) -> None:
    def claimer(values: dict[str, str]) -> Claimer:
        def claim(_view: View, _subgraph: int) -> Claim:
            taken = values["level"] in ("2", "4", "7")
            return Claim({0}, {}) if taken else Claim(set(), {0: [Failure("operator", "it", "another level")]})

        return claim

    options = {"level": "3"}
    levels = tuple(map(str, range(1, 9)))
    toy = Delegate(
        "toy", "Toy", "rules", "a test", claimer(options), options=options, with_options=claimer,
        choices={"level": levels},
    )  # fmt: skip
    model = single(handmade, "RELU", [F], F, [4])
    for level, expected in (("3", "4"), ("1", "2"), ("5", "4"), ("6", "7"), ("8", "7")):
        placed = place(model, created(toy, {"level": level}))
        assert verdicts_of(View(model), placed).conditions == {0: f"option level={expected}"}
    with pytest.raises(ValueError, match="level=9: must be 1 or 2 or 3"):
        created(toy, {"level": "9"})


GIB = 1 << 30


@pytest.mark.parametrize(
    ("shape", "given", "least"),
    [
        ([1, 4096, 4096, 4], {}, None),  # 128 MiB in 16 bits, and no more
        ([1, 4096, 4096, 5], {}, 2 * 4096 * 4096 * 8),  # channels are filled up to a multiple of four
        ([1, 4096, 4096, 4], {"precision": "fp32"}, 4 * 4096 * 4096 * 4),
        ([1, 4096, 4096, 4], {"precision": "fp32", "max_buffer_mib": "256"}, None),
        ([1 << 24], {}, None),  # a batch of single values, each of which takes four
        ([(1 << 24) + 1], {}, 2 * 4 * ((1 << 24) + 1)),
    ],
)
def test_devices_that_are_large_enough(
    handmade: Any, shape: list[int], given: dict[str, str], least: int | None
) -> None:
    model = single(handmade, "RELU", [F], F, shape)
    expected = "accepted" if least is None else f"accepted-if device: buffers of at least {least:,} bytes"
    assert word(model, "gpu", given) == expected
    placed = place(model, created(delegates()["gpu"], given))
    assert placed.taken == {0}, "a limit of a device does not keep operators: they are taken, and marked"


def test_integers_keep_their_width_on_the_gpu(handmade: Any) -> None:
    assert word(single(handmade, "ADD", [I32, I32], I32, [1, 4096, 4096, 4]), "gpu", {"max_buffer_mib": "255"}) == (
        f"accepted-if device: buffers of at least {GIB // 4:,} bytes"
    )


def test_constants_and_unpacked_weights_need_no_buffer(handmade: Any) -> None:
    x, y = handmade.tensor([1, 4]), handmade.tensor([1, 4])
    halves, weights = handmade.tensor([4, 4], "FLOAT16", bytes(32)), handmade.tensor([4, 4])
    handmade.op("DEQUANTIZE", [halves], [weights])
    handmade.op("FULLY_CONNECTED", [x, weights], [y], tfl.FullyConnectedOptionsT())
    assert word(handmade.open(), "gpu", {"max_buffer_mib": "0"}) == "accepted"


def test_both_kinds_reach_the_report(handmade: Any) -> None:
    x, y, z = (handmade.tensor([1, 1024, 1024, 4]) for _ in range(3))
    handmade.op("RELU", [x], [y])
    handmade.op("BATCH_MATMUL", [y, y], [z])
    model = handmade.open()
    found = report(model, place(model, created(delegates()["gpu"], {"max_buffer_mib": "4"})))
    assert found.cells()["verdict"] == ["accepted-if device"] * 2
    assert found.cells()["condition"] == ["device: buffers of at least 8,388,608 bytes"] * 2
    assert found.cells()["reason"] == [None, None]
    assert (found.summary["delegated"], found.summary["accepted_if"]) == (2, {"option": 0, "device": 2})
    (finding,) = [finding for finding in found.findings if finding.code == "accepted-if-device"]
    assert finding.severity == "warning"
    assert finding.operators == (0, 1)
    found = report(model, place(model, delegates()["nnapi"]))
    assert found.cells()["verdict"] == ["accepted", "accepted-if option"]
    assert found.cells()["condition"] == [None, "option feature_level=6"]
    assert found.cells()["reason"][1] == "feature_level is 5; needed: at least 6"
    assert (found.summary["delegated"], found.summary["accepted_if"]) == (1, {"option": 1, "device": 0})
    (finding,) = [finding for finding in found.findings if finding.code == "accepted-if-option"]
    assert finding.message == "BATCH_MATMUL (1) would be taken with option feature_level=6"
    assert all_verdicts(model).cells()["nnapi"] == ["accepted", "accepted-if option"]
