"""The demonstration: one command from nothing to a link that shows a model."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from tb_tflite_plugin.runtime.errors import RuntimeMissing

from tb_tflite_plugin import demo


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_link(
    ending: signal.Signals,
    tmp_path: Path,
    running: Callable[..., Any],
    fetch: Callable[..., Any],
    wait_for: Callable[..., Any],
) -> None:
    command = [sys.executable, "-m", "tb_tflite_plugin.demo", "--logdir", tmp_path / "logs"]
    with running(command, cwd=tmp_path) as started:
        link = urlsplit(started.url)
        base = f"http://{link.netloc}/"
        found = re.fullmatch(r"tflite&p\.tflite\.model=([0-9a-f]{64})&p\.tflite\.lens=profile\.self_us", link.fragment)
        assert found is not None
        assert fetch(base).status == 200

        def graph() -> Any:
            answer = fetch(f"{base}data/plugin/tflite/model/{found[1]}/graph")
            assert answer.status in (200, 404, 503)
            return answer.status == 200

        wait_for(graph, "the model of the link")
        wait_for(lambda: json.loads(fetch(f"{base}data/plugins_listing").body)["tflite"]["enabled"], "the tab")
        listing = json.loads(fetch(f"{base}data/plugin/tflite/models").body)["models"]
        assert sorted((entry["run"], entry["tag"], entry["step"], entry["error"]) for entry in listing) == [
            ("float", "mobilenet", 100, None),
            ("int8", "mobilenet", 100, None),
            ("sequence", "gru", 0, None),
        ]

        def kernels() -> Any:
            runs = json.loads(fetch(f"{base}data/plugin/tflite/model/{found[1]}/runs").body)["runs"]
            return sorted(run["kernels"] for run in runs if run["logged"] and run["median_us"] > 0)

        wait_for(lambda: kernels() == ["builtin", "xnnpack"], "the measured profiles of the model of the link")
        (tensorboard,) = psutil.Process(started.process.pid).children()
        started.process.send_signal(ending)
        assert started.process.wait(60) == 0
        wait_for(lambda: not tensorboard.is_running(), "the end of TensorBoard")
        assert "Traceback" not in started.log()


def test_failing_tensorboard_is_said(tmp_path: Path) -> None:
    (tmp_path / "tensorboard").mkdir()
    (tmp_path / "tensorboard" / "__init__.py").touch()
    (tmp_path / "tensorboard" / "main.py").write_text("raise SystemExit('no TensorBoard today')")
    command = [sys.executable, "-m", "tb_tflite_plugin.demo", "--logdir", str(tmp_path / "logs")]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200)
    assert result.returncode == 1
    assert "no TensorBoard today" in result.stderr
    assert "http" not in result.stdout


def test_without_the_runtime_the_models_are_logged_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*_: object) -> None:
        raise RuntimeMissing("ai-edge-litert is not installed")

    monkeypatch.setattr(demo, "profile", missing)
    monkeypatch.setattr(demo.subprocess, "Popen", lambda *_, **__: (_ for _ in ()).throw(SystemExit(7)))
    monkeypatch.setattr(sys, "argv", ["demo", "--logdir", str(tmp_path)])
    with pytest.raises(SystemExit, match="7"):
        demo.main()
    assert "no profile of mnet_float32.tflite: ai-edge-litert is not installed" in capsys.readouterr().err
    assert len(list(tmp_path.rglob("*.tflite"))) == 3
    assert not list(tmp_path.rglob("*.trace.json"))
