"""The table of analyses: every name leads to a report, from any number of threads."""

from __future__ import annotations

import importlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tb_tflite_plugin.analysis.reports import NAMES, analyse

from tb_tflite_plugin import open_model


@pytest.mark.parametrize("name", NAMES)
def test_every_name_leads_to_its_report(name: str, models: Path) -> None:
    assert analyse(open_model(models / "tiny_mlp.tflite"), name).name == name


def test_modules_are_imported_by_one_thread_at_a_time(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most, counting = 0, 0, threading.Lock()
    real = importlib.import_module

    def slow(*args: str) -> object:
        nonlocal inside, most
        with counting:
            inside += 1
            most = max(most, inside)
        time.sleep(0.005)
        with counting:
            inside -= 1
        return real(*args)

    monkeypatch.setattr(importlib, "import_module", slow)
    model = open_model(models / "tiny_mlp.tflite")
    with ThreadPoolExecutor(8) as pool:
        assert [report.name for report in pool.map(lambda name: analyse(model, name), NAMES)] == list(NAMES)
    assert most == 1
