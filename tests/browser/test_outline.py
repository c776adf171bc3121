"""The outline: everything in the graph for keyboards and screen readers."""

from __future__ import annotations

from pathlib import Path


def active(viewer):
    tree = viewer.frame().get_by_role("tree")
    return viewer.frame().locator(f"#{tree.get_attribute('aria-activedescendant')}")


def test_walks_the_tree_by_the_keyboard(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    viewer.page.keyboard.press("o")
    tree = viewer.frame().get_by_role("tree")
    viewer.until(lambda: tree.count() == 1, "the outline")
    viewer.until(lambda: "outline=1" in viewer.page.url, "the outline in the link")
    lines = tree.get_by_role("treeitem")
    viewer.until(lambda: lines.count() == 23, "20 operators, the subgraph and two groups, open as in the graph")
    tree.focus()
    viewer.page.keyboard.press("Home")
    viewer.until(lambda: "main" in active(viewer).inner_text(), "the first line")
    assert active(viewer).get_attribute("aria-level") == "1"
    viewer.page.keyboard.press("ArrowLeft")
    viewer.until(lambda: lines.count() == 1, "the subgraph closed")
    boxes = viewer.boxes()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown"):
        viewer.page.keyboard.press(key)
    viewer.until(lambda: "CONV_2D" in active(viewer).inner_text(), "an operator of the group")
    line = active(viewer)
    assert (line.get_attribute("aria-level"), line.get_attribute("aria-posinset")) == ("3", "2")
    assert viewer.boxes() == boxes, "looking around in the outline leaves the graph as it is"
    viewer.page.keyboard.press("Enter")
    viewer.expect_details("CONV_2D", "#1")
    viewer.until(lambda: line.get_attribute("aria-selected") == "true", "the line selected")
    viewer.page.keyboard.press("ArrowLeft")
    viewer.until(lambda: "mnet" in active(viewer).inner_text(), "the group of the line")


def test_selection_goes_both_ways(viewer, serve, models: Path):
    viewer.open(serve(models / "gru_while.tflite") + "#outline=1").drawn()
    tree = viewer.frame().get_by_role("tree")
    lines = tree.get_by_role("treeitem")
    viewer.until(lambda: lines.count() > 3, "the subgraphs")
    level1 = tree.locator("[aria-level='1']")
    assert level1.count() == 3, "main and the two of the loop"
    level1.nth(2).locator(".twist").click()
    viewer.until(lambda: tree.locator("[aria-level='2']").count() > 2, "the operators of the body")
    tree.locator("[aria-level='2']").last.click()
    selected = tree.locator("[aria-selected=true]")
    viewer.until(lambda: selected.count() == 1, "the chosen line")
    operator = int(str(selected.get_attribute("id")).removeprefix("outline-"))
    viewer.expect_details(f"#{operator}")
    viewer.until(lambda: (0, operator) in viewer.boxes(), "its box, in the graph of the body")


def test_hits_of_the_filter_are_marked(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite") + "#outline=1&q=op%3AADD").drawn()
    tree = viewer.frame().get_by_role("tree")
    viewer.until(lambda: tree.locator(".line:not(.faded)").count() == 4, "two additions and the groups around them")
    assert tree.get_by_role("treeitem").filter(has_text="mnet").first.locator(".hits").inner_text() == "2"
