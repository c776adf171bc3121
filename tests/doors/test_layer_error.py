"""``tflite-viz quantization`` with another model, with kernels, and with files of other tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="module")
def quantization(viz: Any) -> Callable[..., Any]:
    """Runs ``tflite-viz quantization`` into pipes."""
    return lambda *arguments: viz("quantization", *map(str, arguments))


def test_against_a_float_model(quantization: Any, models: Path, tmp_path: Path) -> None:
    kept = tmp_path / "errors.json"
    done = quantization(
        models / "tiny_mlp_int8.tflite", "--against", models / "tiny_mlp.tflite", "--samples", 2, "-o", kept, "--json"
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    written = json.loads(kept.read_text())
    assert written.pop("closeups")["operators"] == [0, 1, 2]
    assert (written.pop("version"), bool(written.pop("created"))) == (1, True)
    # The file may be handed on: it does not say where the reference lay.
    assert found["summary"]["reference"].pop("name") == str(models / "tiny_mlp.tflite")
    assert written["summary"]["reference"].pop("name") == "tiny_mlp.tflite"
    assert found == written
    assert (found["report"], found["summary"]["samples"], found["summary"]["compared"]) == ("layer_error", 2, 3)


def test_what_it_prints(quantization: Any, models: Path) -> None:
    done = quantization(models / "tiny_mlp_int8.tflite", "--against", models / "tiny_mlp.tflite")
    assert done.returncode == 0, done.stderr
    assert "local_sqnr_db" in done.stdout
    assert "layer-random-inputs" in done.stdout


def test_kernels_of_one_model_as_csv(quantization: Any, models: Path) -> None:
    done = quantization(models / "tiny_mlp_int8.tflite", "--against-kernels", "reference", "--csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("id,op,name,reference,matched_by")
    assert len(done.stdout.splitlines()) == 4


def test_files_of_inputs(quantization: Any, models: Path, tmp_path: Path) -> None:
    file = tmp_path / "inputs.npz"
    np.savez(file, nobody=np.zeros((1, 4), np.float32))
    done = quantization(models / "tiny_mlp_int8.tflite", "--against", models / "tiny_mlp.tflite", "--samples", file)
    assert done.returncode == 2
    assert "no input nobody" in done.stderr


def test_a_file_of_another_tool(quantization: Any, models: Path, tmp_path: Path) -> None:
    model = models / "mnet_int8.tflite"
    done = quantization(model, "--import", models / "mnet_int8_numericverify.csv")
    assert done.returncode == 0, done.stderr
    assert "QuantizationDebugger" in done.stdout
    file = tmp_path / "bad.json"
    file.write_text("{")
    done = quantization(model, "--import", file)
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)


def test_wrong_usage(quantization: Any, models: Path) -> None:
    model = models / "tiny_mlp_int8.tflite"
    for wrong in (["--samples", "many", "--against", model], ["-o", "x.json"], ["--import", "x", "--against", model]):
        done = quantization(model, *wrong)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
