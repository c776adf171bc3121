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

TAB = ("weights", ".treemap")
STEM = 27  # the weights of the first convolution of mnet_int8, [16, 3, 3, 3]


@pytest.fixture
def tab(viewer: Any, tab_of: Callable[..., Any]) -> Any:
    return tab_of(viewer, *TAB)


def name(tab: Any) -> str:
    """The tensor that is looked into."""
    return str(tab.main.locator(".viewer-name").inner_text())


def picture(tab: Any) -> Any:
    return tab.main.locator(".heat-map svg")


def drawn(tab: Any, label: str) -> None:
    tab.viewer.until(
        lambda: picture(tab).count() and picture(tab).get_attribute("aria-label") == label, f"a picture {label}"
    )


def test_areas_and_rows_select_tensors(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "mnet_int8.tflite"))
    tab.viewer.until(lambda: name(tab) == "mnet/head/Conv2D", "the values of the largest")
    drawn(tab, "64 × 48 values")
    cell = tab.main.locator(".treemap text").get_by_text("block3_project", exact=True)
    box = cell.bounding_box()
    tab.viewer.page.mouse.click(box["x"] + 5, box["y"] + 5)
    tab.viewer.until(lambda: name(tab) == "mnet/block3_project/Conv2D", "the values of the cell")
    tab.viewer.until(lambda: "".join(tab.selected()).startswith("t"), "the tensor in the link")
    tab.viewer.until(lambda: tab.main.locator(".treemap .selected").count() == 1, "one cell selected")
    row = tab.main.locator("tbody tr[aria-selected]").filter(has_text="MatMul").first
    row.locator("td").nth(2).click()
    tab.viewer.until(lambda: "fc1/MatMul" in name(tab), "the values of the row")
    tab.viewer.until(lambda: row.get_attribute("aria-selected") == "true", "the row selected")
    tab.viewer.expect_details("mnet/fc1/MatMul")
    tab.main.get_by_label("Colour").select_option("zeros")
    tab.expect("% zeros")


def test_values_as_picture_filters_and_numbers(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "mnet_int8.tflite"), f"&sel=t{STEM}")
    drawn(tab, "16 × 27 values")
    model = open_model(str(models / "mnet_int8.tflite"))
    found = contents(model, STEM)
    stored, real = (np.load(io.BytesIO(b"".join(npy(found, real=real)[1]))) for real in (False, True))
    picture(tab).hover(position={"x": 46, "y": 18})
    tab.viewer.until(lambda: f"[0, 0, 0, 0]: stored {stored[0, 0, 0, 0]}, real" in tab.text(), "the corner")
    tab.section("Filters")
    drawn(tab, "16 filters")
    tab.main.get_by_label("Place on axis 3").fill("2")
    tab.main.get_by_label("Place on axis 3").press("Enter")
    drawn(tab, "16 filters")
    picture(tab).hover(position={"x": 4, "y": 4})
    tab.viewer.until(lambda: f"[0, 0, 0, 2]: stored {stored[0, 0, 0, 2]}" in tab.text(), "another input")
    tab.section("Numbers")
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
        histogram = tab.main.locator(f".histogram svg[aria-label='Histogram from {low:g} to {high:g}']")
        tab.viewer.until(histogram.count, f"the histogram of channel {channel}")


def test_axes_zoom_and_files(tab: Any, serve: Callable[..., str], models: Path) -> None:
    url = serve(models / "fc_2by4_dense.tflite")
    tab.open(url)
    drawn(tab, "64 × 384 values")
    tab.expect("every 2nd column")
    picture(tab).click(position={"x": 200, "y": 100})
    drawn(tab, "32 × 192 values")
    tab.main.get_by_role("button", name="Whole").click()
    tab.main.get_by_label("Axis 0", exact=True).select_option("at")
    drawn(tab, "1 × 384 values")
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


def test_zeros_are_told_of(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "fc_2by4_sparse.tflite"))
    tab.expect("sparse-densify")
    row = tab.main.locator("tbody tr[aria-selected]").filter(has_text="64×768")
    tab.viewer.until(lambda: "csr, 2:4" in row.inner_text(), "the encoding and the pattern")


def test_in_tensorboard_and_in_one_file(
    new_viewer: Callable[..., Any],
    tab_of: Callable[..., Any],
    tensorboard: Callable[..., str],
    models: Path,
    tmp_path: Path,
) -> None:
    log_model(str(tmp_path / "run"), models / "fc_aeq_dynamic_wi4_block32.tflite", step=1)
    board = tab_of(new_viewer(), *TAB)
    board.viewer.open(f"{tensorboard(tmp_path)}#tflite&p.tflite.tab=weights")
    board.expect("Bytes by layer and buffer", "of 1536 with scales of their own")
    drawn(board, "64 × 384 values")
    assert board.main.locator(".heat-map image").get_attribute("href").startswith("data:image/png")
    file = tmp_path / "report.html"
    file.write_text(static_report(open_model(str(models / "mnet_int8.tflite"))), "utf-8")
    report = tab_of(new_viewer(), *TAB).open(file.as_uri())
    report.expect("a report in a file does not hold the values of tensors", "mnet/head/Conv2D")
