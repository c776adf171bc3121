"""Results that reports share: made once for a model, however many ask, and gone with it."""

from __future__ import annotations

import gc
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.kept import kept
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.analysis.reports import NAMES, analyse

MODELS = Path(__file__).parents[1] / "models"


def test_a_result_is_made_once_for_a_model_and_what_else_is_given() -> None:
    made: list[tuple[str, int]] = []

    @kept
    def slow(model: Model, times: int = 1) -> list[int]:
        made.append((model.source.name, times))
        time.sleep(0.05)
        return [len(model.operators) * times]

    models = [open_model(MODELS / "mnet_int8.tflite") for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: slow(models[0], 2), range(8)))
    assert all(one is found[0] for one in found)
    assert slow(models[0]) != slow(models[0], 2) == slow(models[1], 2) == found[0]
    assert len(made) == 3


def test_what_fails_is_tried_again() -> None:
    tries: list[int] = []

    @kept
    def second(_: Model) -> int:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not yet")
        return 7

    model = open_model(MODELS / "mnet_int8.tflite")
    with pytest.raises(ValueError, match="not yet"):
        second(model)
    assert (second(model), len(tries)) == (7, 2)


@pytest.mark.parametrize("name", ["mnet_int8", "mnet_pruned80_sparse_fp16", "while_if"])
def test_what_is_kept_goes_with_the_model(name: str) -> None:
    model = open_model(MODELS / f"{name}.tflite")
    there = weakref.ref(model)
    for report in NAMES:
        analyse(model, report)
    del model
    gc.collect()
    assert there() is None
