"""What is shown when there is nothing to show, and when something is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tb_tflite_plugin import open_model
from tb_tflite_plugin.static_report import static_report


def test_an_empty_directory_says_what_was_looked_at(viewer, serve, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("no model")
    viewer.open(serve(tmp_path))
    text = viewer.frame().locator(".notice")
    viewer.until(lambda: text.count() and "No models found" in text.inner_text(), "the empty state")
    assert str(tmp_path) in text.inner_text()


def test_a_model_that_appears_later_is_found(viewer, serve, models: Path, tmp_path: Path):
    viewer.open(serve(tmp_path))
    viewer.until(lambda: viewer.frame().get_by_role("button", name="Look again").count(), "the empty state")
    (tmp_path / "late.tflite").write_bytes((models / "tiny_mlp.tflite").read_bytes())
    viewer.frame().get_by_role("button", name="Look again").click()
    viewer.drawn()


def test_a_damaged_model_is_explained_and_the_others_still_open(viewer, serve, models: Path, tmp_path: Path):
    data = bytearray((models / "mnet_int8.tflite").read_bytes())
    (tmp_path / "broken.tflite").write_bytes(data[: len(data) // 2])
    (tmp_path / "good.tflite").write_bytes((models / "tiny_mlp.tflite").read_bytes())
    viewer.expected = r"^422: |status of 422 "
    viewer.open(serve(tmp_path))
    alert = viewer.frame().get_by_role("alert")
    viewer.until(lambda: alert.count() and "cannot be shown" in alert.inner_text(), "the failure")
    assert "broken.tflite" in alert.inner_text()
    assert "Byte:" in alert.inner_text()
    viewer.page.keyboard.press("m")
    viewer.frame().get_by_role("option", name="good.tflite").click()
    viewer.drawn()


def test_names_with_markup_are_text(viewer, serve, models: Path, tmp_path: Path):
    evil = b'<img src=x onerror="alert(1)">'
    data = (models / "tiny_mlp.tflite").read_bytes()
    name = b"serving_default_"
    at = data.find(name)
    assert at > 0
    patched = data[:at] + evil[: len(name)] + data[at + len(name) :]
    (tmp_path / "evil<b>.tflite").write_bytes(patched)
    dialogs: list[str] = []
    viewer.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    viewer.open(serve(tmp_path)).drawn()
    viewer.page.keyboard.press("2")
    text = viewer.frame().locator(".overview")
    viewer.until(lambda: text.count() and "evil<b>.tflite" in text.inner_text(), "the name as it is")
    assert viewer.frame().locator("img, b b").count() == 0
    assert not dialogs


def test_the_server_going_away_is_explained(viewer, models: Path):
    code = "from tb_tflite_plugin.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", str(models / "tiny_mlp.tflite"), "--no-open"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    viewer.open(process.stdout.readline().split()[0]).drawn()
    process.stdout.close()
    # Chromium may ask for the icon of the page at any time, too.
    viewer.expected = r"^failed: |net::ERR_"
    process.kill()
    process.wait()
    viewer.click("operator", 1)
    viewer.expect_details("the server does not answer")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_file_report_works_from_disk(new_viewer, models: Path, tmp_path: Path, scheme: str):
    report = tmp_path / "report.html"
    report.write_text(static_report(open_model(models / "mnet_int8.tflite")), "utf-8")
    viewer = new_viewer(color_scheme=scheme, offline=True)
    requests: list[str] = []
    viewer.page.on("request", lambda request: requests.append(request.url))
    viewer.open(report.as_uri()).drawn()
    viewer.click("operator", 10)
    viewer.expect_details("Conv2DOptions", "24×1×1×72")
    assert [url for url in requests if not url.startswith(("file:", "blob:", "data:"))] == []
