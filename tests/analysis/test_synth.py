"""The models that benchmarks run on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from tb_tflite_plugin.analysis.containers import open_model

SYNTH = Path(__file__).parents[2] / "benchmarks" / "synth.py"


@pytest.fixture(scope="module")
def synth(load: Callable[[Path], ModuleType]) -> ModuleType:
    """The script that makes them."""
    return load(SYNTH)


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("shared_mask", [True, False])
def test_a_layer_has_37_operators_and_the_names_asked_for(synth: ModuleType, named: bool, shared_mask: bool) -> None:
    model = open_model(synth.build(3, named, shared_mask))
    assert len(model.operators) == 3 * synth.OPERATORS_PER_LAYER == 111
    names = model.tensors.name.tolist()
    assert ("model/layers.2/mlp/gate_proj/kernel" in names) == named
    assert ("t0" in names) != named
    mask = model.signatures[0].inputs["mask"]
    assert len(model.consumers[mask]) == (3 if shared_mask else 0)
    assert model.findings == []


@pytest.mark.parametrize("width", [8, 12])
def test_synthetic_models_run(synth: ModuleType, width: int) -> None:
    interpreter = Interpreter(model_content=synth.build(2, width=width), num_threads=1)
    interpreter.allocate_tensors()
    for entry in interpreter.get_input_details():
        interpreter.set_tensor(entry["index"], np.full(entry["shape"], 0.5, np.float32))
    interpreter.invoke()
    result = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    assert result.shape == (1, 4, width)
    assert np.isfinite(result).all()


def test_equal_arguments_give_equal_bytes_in_every_process(synth: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    subprocess.run([sys.executable, SYNTH, path, "2"], check=True, timeout=60)
    assert path.read_bytes() == synth.build(2)
