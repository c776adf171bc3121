"""Arenas read from the runtime, against the simulated plan and against what is known of single models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.memory.plan import make
from tb_tflite_plugin.runtime import arena
from tb_tflite_plugin.runtime.errors import RuntimeCrash

pytest.importorskip("ai_edge_litert")

# Models whose kernels ask for temporaries that do not fit between the tensors: the plan is a lower bound.
LARGER = (
    "conv3d_float32", "fc_aeq_dynamic_legacy_wi8", "fc_aeq_dynamic_wi2", "fc_aeq_dynamic_wi4",
    "fc_aeq_dynamic_wi4_block32",
    "fc_aeq_dynamic_wi4_block64", "fc_aeq_dynamic_wi8", "fc_block1x16_sparse_dynrange", "legacy_uint8", "lstm_dynrange",
    "lstm_float32", "lstm_int8", "ondevice_training", "opzoo_float32", "opzoo_int8", "qat_int8", "text_embed_dynrange",
    "text_embed_float32",
)  # fmt: skip
# Their outputs of WHILE or texts get their sizes while running: they are planned, and not there yet.
SMALLER = ("dynamic_shapes_string", "gru_while", "simplernn_while", "while_if")


def first_arena(path: Path) -> int:
    plan = make(open_model(path), "litert")
    assert plan.offset is not None
    first = plan.needed.buffers.arena == 0
    return int((plan.offset + plan.needed.buffers.size)[first].max(initial=0))


def test_the_arena_is_as_large_as_planned(model_path: Path) -> None:
    measured = arena.measure(open_model(model_path), "builtin")
    assert measured["provenance"] == "measured"
    if "error" in measured:
        pytest.skip(f"LiteRT does not run it: {measured['error']}")
    planned, found = first_arena(model_path), measured["arena_bytes"] or 0
    if model_path.stem in LARGER:
        assert planned < found
        assert measured["temporary_bytes"] > 0
    elif model_path.stem in SMALLER:
        assert planned > found
    else:
        assert planned == found


def test_with_a_delegate_only_its_borders_are_in_the_arena(models: Path) -> None:
    model = open_model(models / "mnet_int8.tflite")
    plain, delegated = (arena.measure(model, kernels) for kernels in ("builtin", "xnnpack"))
    assert (plain["arena_bytes"], delegated["arena_bytes"]) == (35840, 3140)
    assert (plain["temporary_bytes"], delegated["temporary_bytes"]) == (7192, 0)
    for found in (plain, delegated):
        process = found["process"]
        assert 0 < process["before_bytes"] <= process["loaded_bytes"] <= process["allocated_bytes"]


def test_unpacked_weights_are_persistent(models: Path) -> None:
    model = open_model(models / "mnet_fp16.tflite")
    found = arena.measure(model, "builtin")
    # The plan aligns each of them to 64 bytes, the runtime's figure is the plain sum.
    planned = make(model, "litert").needed.persistent.size
    assert found["persistent_bytes"] == int(planned.sum())
    assert arena.measure(model, "xnnpack")["persistent_bytes"] == 0


def test_a_refused_model_says_why(models: Path) -> None:
    found = arena.measure(open_model(models / "custom_op.tflite"), "builtin")
    assert "Betainc" in found["error"]
    assert "arena_bytes" not in found


@pytest.mark.parametrize("answer", [None, {}, {"memory": [[1]], "process": {}, "version": ""}, {"memory": 3}])
def test_what_the_child_sends_is_not_believed(models: Path, answer: Any) -> None:
    with pytest.raises(RuntimeCrash, match="unreadable"):
        arena._figures(open_model(models / "tiny_mlp.tflite"), answer)
