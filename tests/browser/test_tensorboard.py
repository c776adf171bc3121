"""The tab inside real TensorBoards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tb_tflite_plugin import open_model
from tb_tflite_plugin.summary import log_model


@pytest.fixture(scope="module")
def logdir(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    log_model(str(folder / "float"), models / "mnet_float32.tflite", tag="mobilenet", step=100)
    log_model(str(folder / "int8"), models / "mnet_int8.tflite", tag="mobilenet", step=200)
    return folder


@pytest.fixture(
    params=[(), ("--load_fast=false",), ("--path_prefix=/some/where",)], ids=["default", "slow loader", "prefix"]
)
def board(request: pytest.FixtureRequest, tensorboard, logdir: Path) -> str:
    return tensorboard(logdir, *request.param)


def test_the_tab_draws_the_logged_model(viewer, board: str, logdir: Path, models: Path):
    viewer.open(f"{board}#tflite")
    viewer.until(lambda: viewer.frame() is not viewer.page.main_frame, "the plugin's frame")
    viewer.drawn()
    assert {item for kind, item in viewer.boxes() if kind == 0} == set(range(20))
    picker = viewer.frame().locator(".current-model")
    assert "mobilenet" in picker.inner_text()
    assert "step 100" in picker.inner_text()
    tabs = viewer.page.locator("text=TFLITE").or_(viewer.page.locator("text=TFLite"))
    assert tabs.count() >= 1


def test_a_deep_link_opens_model_and_selection(viewer, board: str, models: Path):
    sha = open_model(models / "mnet_int8.tflite").sha256
    viewer.open(f"{board}#tflite&p.tflite.model={sha}&p.tflite.sel=o13")
    viewer.until(lambda: viewer.frame() is not viewer.page.main_frame, "the plugin's frame")
    viewer.drawn()
    viewer.expect_details("CONCATENATION", "#13")
    viewer.click("operator", 4)
    viewer.expect_details("#4")
    viewer.until(lambda: viewer.shared_state().get("sel") == "o4", "the selection in TensorBoard's URL")
    assert viewer.shared_state()["model"] == sha
    viewer.page.reload()
    viewer.until(lambda: viewer.frame() is not viewer.page.main_frame, "the plugin's frame")
    viewer.drawn()
    viewer.expect_details("#4")


def test_the_theme_follows_tensorboard(viewer, tensorboard, logdir: Path):
    board = tensorboard(logdir)
    viewer.open(f"{board}?darkMode=true#tflite")
    viewer.until(lambda: viewer.frame() is not viewer.page.main_frame, "the plugin's frame")
    viewer.drawn()
    theme = "() => document.documentElement.dataset.theme"
    assert viewer.frame().evaluate(theme) == "dark"
    viewer.page.evaluate("() => document.body.classList.remove('dark-mode')")
    viewer.until(lambda: viewer.frame().evaluate(theme) == "light", "the light theme")


def test_reloading_finds_new_models(viewer, tensorboard, models: Path, tmp_path: Path):
    viewer.open(f"{tensorboard(tmp_path)}#tflite")
    viewer.until(lambda: viewer.frame() is not viewer.page.main_frame, "the plugin's frame")
    text = viewer.frame().locator(".notice")
    viewer.until(lambda: text.count() and "log_model" in text.inner_text(), "how to log a model")
    log_model(tmp_path, models / "tiny_mlp.tflite")
    viewer.page.locator(".reload-button").click()
    viewer.drawn()


def test_switching_tabs_keeps_the_graph(viewer, tensorboard, logdir: Path):
    viewer.open(f"{tensorboard(logdir)}#tflite")
    viewer.until(lambda: viewer.frame() is not viewer.page.main_frame, "the plugin's frame")
    viewer.drawn()
    viewer.click("operator", 3)
    viewer.expect_details("#3")
    viewer.page.evaluate("() => { location.hash = '#scalars'; }")
    viewer.page.wait_for_timeout(300)
    viewer.page.evaluate("() => { location.hash = '#tflite'; }")
    viewer.expect_details("#3")
    x, y = viewer.place("operator", 3)
    assert 0 < x < 1440
    assert 0 < y < 900
