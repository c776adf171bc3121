"""The binding: versions, words of the runtime, options. What it computes is tested with the profiler."""

from __future__ import annotations

import ctypes
import importlib
from pathlib import Path

import pytest
from tb_tflite_plugin.runtime import litert, litert_c, worker
from tb_tflite_plugin.runtime.errors import RuntimeMissing, RuntimeRefused

CHILD = """
from contextlib import ExitStack
from tb_tflite_plugin.runtime import litert

def describe(progress, path):
    with ExitStack() as stack:
        environment = stack.enter_context(litert.Environment())
        model = stack.enter_context(litert.Model(environment, path))
        return [
            [s.key, [[t.name, str(t.dtype), list(t.layout.shape)] for t in (*s.inputs, *s.outputs)]]
            for s in model.signatures()
        ]

def again_and_again(progress, path):
    for _ in range(20):
        describe(progress, path)
        with ExitStack() as stack:
            environment = stack.enter_context(litert.Environment())
            model = stack.enter_context(litert.Model(environment, path))
            compiled = stack.enter_context(litert.CompiledModel(environment, model, litert.Options(profiling=True)))
            signature = model.signatures()[0]
            compiled.allocate(signature)
            buffer = stack.enter_context(compiled.buffer(signature, "Input", 0, compiled.input_layout(signature, 0)))
            try:
                buffer.write(b"x")
            except ValueError as error:
                text = str(error)
            profiler = compiled.profiler()
            profiler.start()
            events = profiler.stop()
    return [text, len(events)]

def broken_library(progress, path):
    litert._folder = lambda: path
    litert.Environment()

def other_library(progress, path):
    litert.CALLS["IsNotThere"] = ()
    litert.Environment()
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Functions that use the binding, in a module that a child can import."""
    (tmp_path / "uses_litert.py").write_text(CHILD)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    return importlib.import_module("uses_litert")


def test_structures_have_the_sizes_of_the_headers() -> None:
    assert ctypes.sizeof(litert_c.Layout) == 68
    assert ctypes.sizeof(litert_c.Event) == 104
    layout = litert_c.Layout(rank=2, dims=(3, -1))
    assert layout.shape == (3, -1)


def test_signatures(child: object, models: Path) -> None:
    found = worker.run(child.describe, {"path": models / "multi_signature.tflite"})  # type: ignore[attr-defined]
    assert [key for key, _ in found] == ["decode", "encode", "roundtrip"]
    assert found[1][1] == [["x", "float32", [1, 32]], ["code", "float32", [1, 16]]]
    dynamic = worker.run(child.describe, {"path": models / "mnet_dynamic_batch_float32.tflite"})  # type: ignore[attr-defined]
    assert dynamic[0][1][0] == ["image", "float32", [-1, 32, 32, 3]]


def test_handles_are_given_back(child: object, models: Path) -> None:
    path = models / "tiny_mlp.tflite"
    assert worker.run(child.again_and_again, {"path": path}) == ["1 bytes for a buffer of 4", 0]  # type: ignore[attr-defined]


def test_a_call_that_fails_says_which_and_how(child: object, models: Path) -> None:
    with pytest.raises(RuntimeRefused, match=r"^CreateModelFromFile: "):
        worker.run(child.describe, {"path": models / "none.tflite"})  # type: ignore[attr-defined]


def test_a_library_that_is_not_the_one_known(child: object, tmp_path: Path) -> None:
    with pytest.raises(RuntimeMissing, match=r"ai-edge-litert 2\.3\.\d+ cannot be used: .*libLiteRt.so"):
        worker.run(child.broken_library, {"path": tmp_path})  # type: ignore[attr-defined]
    with pytest.raises(RuntimeMissing, match="LiteRtIsNotThere"):
        worker.run(child.other_library, {"path": tmp_path})  # type: ignore[attr-defined]


def test_the_runtimes_own_reasons() -> None:
    log = """INFO: [environment.cc:36] Creating LiteRT environment with options
WARNING: [model_load.cc:329] Sparsity tensors may not yet be fully supported.
ERROR: failed to delegate CONV_2D node #11
ERROR: failed to delegate CONV_2D node #11
ERROR: [litert/runtime/litert_compiled_model.cc:164] Failed to allocate tensors
error: not one of its lines
"""
    assert litert.reasons(log) == ["failed to delegate CONV_2D node #11", "Failed to allocate tensors"]
    assert litert.reasons("") == []
    assert len(litert.reasons("ERROR: " + "x" * 10_000)[0]) == 500


def test_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    assert litert.require_tested() == litert.installed_version()
    monkeypatch.setattr(litert, "installed_version", lambda: "9.9")
    with pytest.raises(RuntimeMissing, match=r"ai-edge-litert 9\.9 was not tested"):
        litert.require_tested()


def test_the_tested_range_is_the_one_that_is_installed() -> None:
    """Every place that names the range names the same."""
    from tb_tflite_plugin.doctor import RUNTIME_VERSIONS

    assert litert.TESTED == RUNTIME_VERSIONS
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    (low, high) = (".".join(map(str, version)) for version in litert.TESTED)
    assert f'"ai-edge-litert>={low},<{high};' in project
