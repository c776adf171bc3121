"""Lenses, the legend that filters, and the filter box."""

from __future__ import annotations

import re
from pathlib import Path

from tb_tflite_plugin.analysis.reports import analyse

from tb_tflite_plugin import open_model

_COLOR = """(operator) => {
  const { boxes } = document.querySelector('canvas').graph.scene;
  const { paint } = document.querySelector('canvas').graph.picture.drawing;
  return paint.palette[paint.color[boxes.kind.findIndex((k, i) => k === 0 && boxes.item[i] === operator)]].strong;
}"""


def filter_text(viewer) -> str:
    return viewer.frame().locator(".search input").input_value()


def test_any_column_colours_the_graph_without_another_layout(viewer, serve, models: Path):
    report = analyse(open_model(models / "mnet_int8.tflite"), "ops")
    weights = report.cells()["weight_bytes"]
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    before = viewer.drawings()
    viewer.page.keyboard.press("l")
    options = viewer.frame().get_by_role("listbox", name="Columns").get_by_role("option")
    viewer.until(lambda: options.count() > 5, "the columns of the reports")
    viewer.page.keyboard.type("weight_by")
    viewer.until(lambda: options.first.inner_text().startswith("weight_bytes"), "the column that was typed")
    viewer.page.keyboard.press("Enter")
    legend = viewer.frame().locator(".legend")
    viewer.until(lambda: "weight_bytes" in legend.inner_text(), "the legend of the lens")
    viewer.until(lambda: "lens=ops.weight_bytes" in viewer.page.url, "the lens in the link")
    assert viewer.drawings() == before, "colouring is no new scene"
    assert viewer.frame().get_by_role("listbox", name="Columns").count() == 0
    heaviest, lightest = (weights.index(value) for value in (max(weights), min(w for w in weights if w > 0)))
    color = {op: viewer.frame().evaluate(_COLOR, op) for op in (heaviest, lightest, weights.index(0))}
    assert len(set(color.values())) == 3, "the most, the least and nothing look different"
    viewer.click("operator", heaviest)
    viewer.expect_details("weight_bytes", "3.25 KiB", "of the model")


def test_a_link_restores_the_lens_and_its_scale(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite") + "#lens=ops.output_bytes&log=0").drawn()
    pressed = viewer.frame().locator(".legend [aria-pressed=true]")
    viewer.until(lambda: pressed.count() == 1, "the scale of the link")
    assert pressed.inner_text() == "linear"
    viewer.frame().get_by_role("button", name="log").click()
    viewer.until(lambda: "log=1" in viewer.page.url, "the scale in the link")


def test_a_lens_that_is_not_there_says_so_and_keeps_the_families(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite") + "#lens=ops.speed").drawn()
    legend = viewer.frame().locator(".legend")
    viewer.until(lambda: "no column ops.speed" in legend.inner_text(), "what is wrong")
    assert "convolution" in legend.inner_text()


def test_the_legend_filters_and_adds_and_takes_back(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    legend = viewer.frame().locator(".legend")
    row = legend.get_by_role("button")
    row.filter(has_text="convolution").click()
    viewer.until(lambda: filter_text(viewer) == "family:convolution", "one family")
    viewer.until(lambda: legend.get_by_role("button", name="select 11").count() == 1, "the eleven convolutions")
    row.filter(has_text="pooling").click(modifiers=["Shift"])
    viewer.until(lambda: filter_text(viewer) == "(family:convolution or family:pooling)", "two families")
    viewer.until(lambda: legend.get_by_role("button", name="select 13").count() == 1, "and the two poolings")
    row.filter(has_text="convolution").click(modifiers=["Control"])
    viewer.until(lambda: filter_text(viewer) == "family:pooling", "the other family")
    viewer.until(lambda: legend.get_by_role("button", name="select 2").count() == 1, "poolings only")
    legend.get_by_role("button", name="select 2").click()
    viewer.expect_details("2 selected", "MAX_POOL_2D", "MEAN")
    legend.get_by_role("button", name="clear").click()
    viewer.until(lambda: filter_text(viewer) == "", "no filter")


def test_a_brush_over_the_histogram_filters_by_a_range(viewer, serve, models: Path):
    report = analyse(open_model(models / "mnet_int8.tflite"), "ops")
    sizes = report.cells()["output_bytes"]
    viewer.open(serve(models / "mnet_int8.tflite") + "#lens=ops.output_bytes&log=0&table=operators").drawn()
    chart = viewer.frame().get_by_role("img", name="Histogram of output_bytes")
    box = chart.bounding_box()
    mouse = viewer.page.mouse
    mouse.move(box["x"] + 0.52 * box["width"], box["y"] + 20)
    mouse.down()
    mouse.move(box["x"] + box["width"] - 2, box["y"] + 20, steps=4)
    mouse.up()
    found = re.fullmatch(r"output_bytes>=([\d.]+)", filter_text(viewer))
    assert found is not None, filter_text(viewer)
    wanted = sum(size >= float(found[1]) for size in sizes)
    assert 0 < wanted < len(sizes)
    grid = viewer.frame().get_by_role("grid")
    viewer.until(lambda: grid.get_attribute("aria-rowcount") == str(wanted + 1), "the rows of the range")
    viewer.frame().get_by_role("slider", name="From").focus()
    viewer.page.keyboard.press("Home")
    viewer.until(lambda: filter_text(viewer) == "", "the whole range by the keyboard")


def test_what_is_wrong_with_a_filter_is_shown_where_it_is(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    viewer.page.keyboard.press("/")
    viewer.page.keyboard.type("conv speed>3")
    alert = viewer.frame().locator(".search [role=alert]")
    viewer.until(lambda: alert.count() == 1, "the error")
    assert "Character 6: no column speed; there are " in alert.inner_text()
    assert viewer.frame().locator(".underline u").inner_text() == "speed>3"
    assert viewer.frame().locator(".search input").get_attribute("aria-invalid") == "true"
    viewer.page.keyboard.press("Escape")
    viewer.until(lambda: alert.count() == 0, "no error after Escape")


def test_the_filter_is_in_the_link_and_fades_what_does_not_match(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite") + "#q=op%3ACONV_2D%20weight_bytes%3E1kB").drawn()
    report = analyse(open_model(models / "mnet_int8.tflite"), "ops")
    cells = report.cells()
    wanted = {op for op, kind in enumerate(cells["op"]) if kind == "CONV_2D" and cells["weight_bytes"][op] > 1000}
    matched = """() => {
      const { marks, drawing } = document.querySelector('canvas').graph.picture;
      return marks.matches && Array.from(marks.matches).map((box) => [drawing.scene.boxes.kind[box],
        drawing.scene.boxes.item[box]]).filter(([kind]) => kind === 0).map(([, item]) => item);
    }"""
    viewer.until(lambda: set(viewer.frame().evaluate(matched) or []) == wanted, "the boxes that match")
    assert wanted


def test_groups_come_to_what_their_operators_have(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite") + "#lens=ops.weight_bytes&open=").drawn()
    viewer.until(lambda: any(kind == 1 for kind, _ in viewer.boxes()), "a closed group")
    group = next(item for kind, item in viewer.boxes() if kind == 1)
    viewer.click("group", group)
    viewer.expect_details("Sum", "15.8 KiB", "100 % of the model", "Largest", "3.25 KiB")


def test_reports_that_cannot_be_had_are_told_and_asked_for_again(new_viewer, serve, models: Path):
    viewer = new_viewer()
    answers = {"fail": True}

    def answer(route) -> None:
        if answers["fail"]:
            route.fulfill(status=200, body="no report")
        else:
            route.continue_()

    viewer.page.route("**/report/ops", answer)
    viewer.open(serve(models / "mnet_int8.tflite") + "#lens=ops.weight_bytes").drawn()
    legend = viewer.frame().locator(".legend")
    viewer.until(lambda: "the answer is not model data" in legend.inner_text(), "why there is no lens")
    answers["fail"] = False
    viewer.page.keyboard.press("l")
    viewer.until(lambda: viewer.frame().locator(".histogram").count() == 1, "the scale")
