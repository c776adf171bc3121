"""The tables of operators and tensors below the graph."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

_LAYERS = 270  # 9,990 operators


@pytest.fixture(scope="module")
def ten_thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("synth") / "ten_thousand.tflite"
    synth = Path(__file__).parents[2] / "benchmarks" / "synth.py"
    subprocess.run([sys.executable, str(synth), str(path), str(_LAYERS)], check=True)
    return path


def first_row(viewer) -> list[str]:
    """The cells of the row at the top of what is in the document."""
    rows = viewer.frame().locator(".grid [role=row][aria-rowindex]").all()
    top = min(rows[1:], key=lambda row: int(row.get_attribute("aria-rowindex")))
    return [cell.inner_text() for cell in top.locator("[role=gridcell]").all()]


def heading(viewer, name: str):
    return viewer.frame().get_by_role("columnheader").get_by_role("button", name=name)


def test_sorts_ten_thousand_rows_and_keeps_few_in_the_document(viewer, serve, ten_thousand: Path):
    viewer.open(serve(ten_thousand)).drawn()
    viewer.page.keyboard.press("t")
    grid = viewer.frame().get_by_role("grid")
    viewer.until(lambda: grid.get_attribute("aria-rowcount") == "9991", "all rows")
    viewer.until(lambda: heading(viewer, "weight_bytes").count() == 1, "the columns")
    heading(viewer, "weight_bytes").click()
    heading(viewer, "weight_bytes").click()
    viewer.until(lambda: first_row(viewer)[:2] == ["FULLY_CONNECTED", "512 B"], "the largest first")
    viewer.until(lambda: "sort=-ops.weight_bytes" in viewer.page.url, "the order in the link")
    heading(viewer, "name").click(modifiers=["Shift"])
    viewer.until(lambda: first_row(viewer)[-1].startswith("model/layers.0/mlp/down_proj"), "by name among equals")
    grid.evaluate("(grid) => (grid.scrollTop = grid.scrollHeight / 2)")
    viewer.until(lambda: abs(int(index(viewer)) - 5000) < 40, "the rows in the middle")
    assert viewer.frame().locator(".grid .row").count() < 60


def index(viewer) -> str:
    return str(viewer.frame().locator(".grid .row").first.get_attribute("aria-rowindex"))


def test_goes_by_the_keyboard_and_shows_a_row_in_the_graph(viewer, serve, ten_thousand: Path):
    viewer.open(serve(ten_thousand) + "#table=operators").drawn()
    grid = viewer.frame().get_by_role("grid")
    viewer.until(lambda: heading(viewer, "op").count() == 1, "the columns")
    grid.focus()
    viewer.page.keyboard.press("End")
    viewer.until(lambda: grid.get_attribute("aria-activedescendant") == "row-9989", "the last row")
    viewer.until(viewer.frame().locator("#row-9989").is_visible, "the last row in sight")
    active = "row-9989"
    for key in ("PageUp", "ArrowUp"):
        viewer.page.keyboard.press(key)
        before = active
        viewer.until(lambda old=before: grid.get_attribute("aria-activedescendant") != old, f"the row after {key}")
        active = str(grid.get_attribute("aria-activedescendant"))
    viewer.page.keyboard.press("Enter")
    operator = int(active.removeprefix("row-"))
    viewer.until(lambda: (0, operator) in viewer.boxes(), "its box in the graph")
    viewer.expect_details(f"#{operator}")
    viewer.page.keyboard.press("Home")
    viewer.page.keyboard.press(" ")
    viewer.expect_details("2 selected")
    first = viewer.frame().locator("#row-0")
    viewer.until(lambda: first.get_attribute("aria-selected") == "true", "the first row among the selected")
    totals = viewer.frame().locator(".totals")
    viewer.until(lambda: totals.inner_text().startswith("2 selected"), "the totals of both")


def test_what_is_selected_in_the_graph_is_brought_into_sight(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite") + "#table=operators").drawn()
    viewer.until(lambda: viewer.frame().locator("#row-0").count() == 1, "the first rows")
    viewer.click("operator", 18)
    row = viewer.frame().locator("#row-18")
    viewer.until(lambda: row.count() == 1 and row.get_attribute("aria-selected") == "true", "its row")
    grid = viewer.frame().get_by_role("grid").bounding_box()
    viewer.until(lambda: row.bounding_box()["y"] + 24 <= grid["y"] + grid["height"], "the row in sight")


def test_the_rows_shown_are_copied_and_saved_as_csv(new_viewer: Callable[..., object], serve, models: Path):
    viewer = new_viewer(permissions=["clipboard-read", "clipboard-write"])
    viewer.open(serve(models / "mnet_int8.tflite") + "#table=operators&q=op%3AADD&sort=-ops.name").drawn()
    grid = viewer.frame().get_by_role("grid")
    viewer.until(lambda: grid.get_attribute("aria-rowcount") == "3", "the two additions")
    viewer.until(lambda: "block3" in first_row(viewer)[-1], "sorted")
    viewer.frame().get_by_role("button", name="Copy CSV").click()
    viewer.until(lambda: viewer.frame().get_by_role("button", name="Copied").count(), "the copy")
    copied = viewer.page.evaluate("() => navigator.clipboard.readText()")
    rows = list(csv.DictReader(io.StringIO(copied)))
    assert [row["name"] for row in rows] == ["mnet/block3_add/add", "mnet/block1_add/add"]
    assert [row["output_bytes [By]"] for row in rows] == ["1536", "4096"]
    with viewer.page.expect_download() as download:
        viewer.frame().get_by_role("button", name="Save CSV").click()
    assert download.value.suggested_filename == "mnet_int8-operators.csv"
    assert Path(download.value.path()).read_text("utf-8") == copied


def test_columns_of_all_reports_are_chosen_and_remembered(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite") + "#table=tensors").drawn()
    viewer.until(lambda: heading(viewer, "role").count() == 1, "the columns")
    viewer.frame().get_by_role("button", name="Columns").click()
    group = viewer.frame().get_by_role("group", name="tensors", exact=True)
    group.get_by_role("checkbox", name="zero_point").check()
    viewer.until(lambda: heading(viewer, "zero_point").count() == 1, "the chosen column")
    viewer.page.keyboard.press("Escape")
    viewer.page.reload()
    viewer.drawn()
    viewer.until(lambda: heading(viewer, "zero_point").count() == 1, "the same after a reload")


def test_tensors_have_a_table_of_their_own_in_full_height(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite") + "#table=operators").drawn()
    viewer.frame().get_by_role("button", name="Tensors 48").click()
    grid = viewer.frame().get_by_role("grid")
    viewer.until(lambda: grid.get_attribute("aria-rowcount") == "49", "the tensors")
    viewer.frame().get_by_title("Table in full height").click()
    viewer.until(lambda: viewer.frame().locator("canvas").count() == 0, "the table alone")
    viewer.frame().locator("#row-3").click()
    viewer.expect_details("Tensor", "#3")
    viewer.frame().get_by_title("Show the graph too").click()
    viewer.until(lambda: viewer.frame().locator("canvas").count() > 0, "the graph again")
