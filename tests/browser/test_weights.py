"""The Weights tab: areas, rows and values of tensors, linked with the selection."""

from __future__ import annotations

import io
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis.contents import contents, npy

from tb_tflite_plugin import open_model
from tb_tflite_plugin.static_report import static_report
from tb_tflite_plugin.summary import log_model

STEM = 27  # the weights of the first convolution of mnet_int8, [16, 3, 3, 3]


class Tab:
    """The Weights tab of a viewer."""

    def __init__(self, viewer: Any) -> None:
        self.viewer = viewer

    @property
    def main(self) -> Any:
        return self.viewer.frame().locator("main.weights")

    def open(self, url: str, rest: str = "") -> Tab:
        self.viewer.open(f"{url}#tab=weights{rest}")
        self.expect("Bytes by layer and buffer", "Tensors")
        return self

    def expect(self, *texts: str) -> None:
        self.viewer.until(
            lambda: self.main.count() and all(text in self.main.inner_text() for text in texts), f"a page with {texts}"
        )

    def selected(self) -> str:
        """What the link names as selected."""
        fragment = str(self.viewer.page.evaluate("() => location.hash"))
        return next((part.removeprefix("sel=") for part in fragment.split("&") if part.startswith("sel=")), "")

    def name(self) -> str:
        """The tensor that is looked into."""
        return str(self.main.locator(".viewer-name").inner_text())

    def picture(self) -> Any:
        return self.main.locator(".heat-map svg")

    def drawn(self, label: str) -> None:
        self.viewer.until(
            lambda: self.picture().count() and self.picture().get_attribute("aria-label") == label, f"a picture {label}"
        )


@pytest.fixture
def tab(viewer: Any) -> Tab:
    return Tab(viewer)


def test_areas_and_rows_select_tensors(tab: Tab, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "mnet_int8.tflite"))
    assert tab.name() == "mnet/head/Conv2D"  # the largest
    tab.drawn("64 × 48 values")
    cell = tab.main.locator(".treemap text").get_by_text("block3_project", exact=True)
    box = cell.bounding_box()
    tab.viewer.page.mouse.click(box["x"] + 5, box["y"] + 5)
    tab.viewer.until(lambda: tab.name() == "mnet/block3_project/Conv2D", "the values of the cell")
    tab.viewer.until(lambda: tab.selected().startswith("t"), "the tensor in the link")
    assert tab.main.locator(".treemap .selected").count() == 1
    row = tab.main.locator("tbody tr[aria-selected]").filter(has_text="MatMul").first
    row.locator("td").nth(2).click()
    tab.viewer.until(lambda: "fc1/MatMul" in tab.name(), "the values of the row")
    tab.viewer.until(lambda: row.get_attribute("aria-selected") == "true", "the row selected")
    tab.viewer.expect_details("mnet/fc1/MatMul")
    tab.main.get_by_label("Colour").select_option("zeros")
    tab.expect("% zeros")


def test_values_as_picture_filters_and_numbers(tab: Tab, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "mnet_int8.tflite"), f"&sel=t{STEM}")
    tab.drawn("16 × 27 values")
    model = open_model(str(models / "mnet_int8.tflite"))
    found = contents(model, STEM)
    stored, real = (np.load(io.BytesIO(b"".join(npy(found, real=real)[1]))) for real in (False, True))
    tab.picture().hover(position={"x": 46, "y": 18})
    tab.viewer.until(lambda: f"[0, 0, 0, 0]: stored {stored[0, 0, 0, 0]}, real" in tab.main.inner_text(), "the corner")
    tab.main.get_by_role("tab", name="Filters").click()
    tab.drawn("16 filters")
    tab.main.get_by_label("Place on axis 3").fill("2")
    tab.main.get_by_label("Place on axis 3").press("Enter")
    tab.drawn("16 filters")
    tab.picture().hover(position={"x": 4, "y": 4})
    tab.viewer.until(lambda: f"[0, 0, 0, 2]: stored {stored[0, 0, 0, 2]}" in tab.main.inner_text(), "another input")
    tab.main.get_by_role("tab", name="Numbers").click()
    first = tab.main.locator(".numbers tbody tr").first.locator("td")
    tab.viewer.until(lambda: first.count() == 12, "twelve numbers")
    shown = [float(text) for text in first.all_inner_texts()]
    assert np.allclose(shown, real[0].reshape(-1)[:12], rtol=0.01)
    tab.main.get_by_label("Values that are shown").select_option("stored")
    whole = [str(value) for value in stored[0].reshape(-1)[:12]]
    tab.viewer.until(lambda: first.all_inner_texts() == whole, "the stored numbers")
    tab.main.get_by_label("only channel").check()
    for channel in (0, 5):
        tab.main.get_by_label("Number of the channel").fill(str(channel))
        tab.main.get_by_label("Number of the channel").press("Enter")
        low, high = stored[channel].min() - 0.5, stored[channel].max() + 0.5
        picture = tab.main.locator(f".histogram svg[aria-label='Histogram from {low:g} to {high:g}']")
        tab.viewer.until(picture.count, f"the histogram of channel {channel}")


def test_axes_zoom_and_files(tab: Tab, serve: Callable[..., str], models: Path) -> None:
    url = serve(models / "fc_2by4_dense.tflite")
    tab.open(url)
    tab.drawn("64 × 384 values")
    tab.expect("every 2nd column")
    tab.picture().click(position={"x": 200, "y": 100})
    tab.drawn("32 × 192 values")
    tab.main.get_by_role("button", name="Whole").click()
    tab.main.get_by_label("Axis 0", exact=True).select_option("at")
    tab.drawn("1 × 384 values")
    tab.main.get_by_label("Axis 0", exact=True).select_option("columns")
    tab.expect("1 × 49152 in all")
    with tab.viewer.page.expect_download() as svg:
        tab.main.locator("figure", has_text="Heat map").get_by_role("button", name="SVG").click()
    text = Path(svg.value.path()).read_text("utf-8")
    assert "data:image/png;base64," in text
    link = tab.main.get_by_role("link", name=".npy", exact=True).get_attribute("href")
    with urllib.request.urlopen(f"{url}{link}") as answer:
        assert np.load(io.BytesIO(answer.read())).shape == (64, 768)
    with tab.viewer.page.expect_download() as csv:
        tab.main.locator(".table-note").get_by_role("button", name="CSV").click()
    rows = Path(csv.value.path()).read_text("utf-8").splitlines()
    assert rows[0].startswith("tensor,name,stored_bytes [By]")
    assert len(rows) == 1 + tab.main.locator("tbody tr[aria-selected]").count()


def test_zeros_are_told_of(tab: Tab, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "fc_2by4_sparse.tflite"))
    tab.expect("sparse-densify")
    row = tab.main.locator("tbody tr[aria-selected]").filter(has_text="64×768")
    tab.viewer.until(lambda: "csr, 2:4" in row.inner_text(), "the encoding and the pattern")


def test_in_tensorboard_and_in_one_file(
    new_viewer: Callable[..., Any], tensorboard: Callable[..., str], models: Path, tmp_path: Path
) -> None:
    log_model(str(tmp_path / "run"), models / "fc_aeq_dynamic_wi4_block32.tflite", step=1)
    board = Tab(new_viewer())
    board.viewer.open(f"{tensorboard(tmp_path)}#tflite&p.tflite.tab=weights")
    board.expect("Bytes by layer and buffer", "of 1536 with scales of their own")
    board.drawn("64 × 384 values")
    assert board.main.locator(".heat-map image").get_attribute("href").startswith("data:image/png")
    file = tmp_path / "report.html"
    file.write_text(static_report(open_model(str(models / "mnet_int8.tflite"))), "utf-8")
    report = Tab(new_viewer()).open(file.as_uri())
    report.expect("a report in a file does not hold the values of tensors", "mnet/head/Conv2D")
