"""Reports in one file, and models written into log directories."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tb_tflite_plugin import open_model
from tb_tflite_plugin.static_report import static_report

MOST_REPORT_BYTES = 1_500_000


class Scripts(HTMLParser):
    """The attributes of every script, and everything that an element refers to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[dict[str, str | None]] = []
        self.references: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.scripts.append(dict(attrs))
        self.references += [value for name, value in attrs if name in ("src", "href")]


def test_report(viz: Any, synth: Callable[[int], Path], tmp_path: Path) -> None:
    model = synth(19)
    assert len(open_model(model).operators) >= 700
    result = viz("report", model, "-o", tmp_path / "report.html")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr.startswith(f"{tmp_path / 'report.html'}: ")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert len(page.encode()) < MOST_REPORT_BYTES
    found = Scripts(page)
    assert found.references == [], "nothing is loaded from anywhere"
    assert len(found.scripts) == 2


def test_report_of_every_model(model_path: Path) -> None:
    assert static_report(open_model(model_path)).startswith("<!doctype html>")


def test_report_with_a_profile(viz: Any, mnet: Path, tmp_path: Path) -> None:
    trace, page = tmp_path / "mine.trace.json", tmp_path / "report.html"
    assert viz("profile", mnet, "--runs", "5", "-o", trace).returncode == 0
    assert viz("report", mnet, "--profile", trace, "-o", page).returncode == 0
    data = page.read_text("utf-8").partition('id="tflite-viz-data">')[2].partition("</script>")[0]
    (run,) = json.loads(data)["runs"]
    assert (run["entry"]["label"], run["entry"]["kernels"], run["entry"]["runs"]) == ("mine.trace.json", "xnnpack", 5)
    other = viz("report", mnet.parent / "tiny_mlp.tflite", "--profile", trace, "-o", page)
    assert other.returncode == 1
    assert "is of another model" in " ".join(other.stderr.split())


def test_log(viz: Any, mnet: Path, tmp_path: Path) -> None:
    result = viz("log", mnet, tmp_path / "run", "--tag", "net/a", "--step", "12")
    written = tmp_path / "run/plugins/tflite/net/a/12.tflite"
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{written}\n", "")
    assert written.read_bytes() == mnet.read_bytes()
    assert json.loads(written.with_suffix(".json").read_text())["sha256"] == open_model(mnet).sha256


def test_log_of_a_member(viz: Any, bundle: Path, tmp_path: Path, mnet: Path) -> None:
    viz("log", f"{bundle}!mnet_int8.tflite", tmp_path)
    assert (tmp_path / "plugins/tflite/model/0.tflite").read_bytes() == mnet.read_bytes()
