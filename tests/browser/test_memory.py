"""The Memory tab: figures of both planners, buffers over time, what is alive at a step, linked with the graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tb_tflite_plugin.analysis.memory import report

from tb_tflite_plugin import open_model
from tb_tflite_plugin.static_report import static_report


@pytest.fixture
def tab(viewer: Any, tab_of: Callable[..., Any]) -> Any:
    return tab_of(viewer, "memory", ".memory-chart")


def alive(tab: Any) -> list[str]:
    """Names in the list of what is alive."""
    names: list[str] = tab.main.locator(".operator-cell").all_inner_texts()
    return names


def test_figures_are_those_of_the_report(tab: Any, serve: Callable[..., str], models: Path) -> None:
    path = models / "mnet_int8.tflite"
    tab.open(serve(path))
    for planner in ("litert", "micro"):
        if planner == "micro":
            tab.section("LiteRT Micro")
        summary = report(open_model(path), planner, "operators").summary
        tab.expect(f"{summary['arena_bytes'] / 1024:.1f} KiB", f"#{summary['peak_operator']}", summary["rules"])
        tab.viewer.until(
            lambda peak=[row["name"] for row in summary["peak_buffers"]]: alive(tab) == peak, "what sets the peak"
        )


def test_keys_walk_the_steps_and_select(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "mnet_int8.tflite"))
    tab.expect("Alive at the peak")
    chart = tab.main.locator(".memory-chart")
    chart.press("Home")
    tab.viewer.until(lambda: alive(tab)[-1:] == ["serving_default_image:0"], "the first step")
    tab.viewer.until(lambda: "Alive at the peak" not in tab.text(), "a step that is not the peak")
    chart.press("ArrowRight")
    chart.press("Enter")
    tab.viewer.until(lambda: tab.selected() == ["o1"], "the operator of the second step")


def test_a_click_on_a_buffer_selects_its_tensor(tab: Any, serve: Callable[..., str], models: Path) -> None:
    path = models / "mnet_int8.tflite"
    tab.open(serve(path))
    chart = tab.main.locator(".memory-chart svg")
    box = chart.bounding_box()
    # The input is kept all through, at the bottom of the arena.
    at = {"x": box["width"] / 2, "y": 96 + 260 - 5}
    chart.hover(position=at)
    tab.viewer.until(lambda: "serving_default_image:0" in tab.main.locator(".hover-card").inner_text(), "its card")
    chart.click(position=at)
    tensor = int(open_model(path).subgraphs.inputs.values[0])
    tab.viewer.until(lambda: tab.selected() == [f"t{tensor}"], "the input selected")
    tab.viewer.until(lambda: tab.main.locator(".memory-selected").count() == 1, "the buffer marked")


def test_keys_zoom_and_a_drag_moves_without_selecting(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "mnet_int8.tflite"))
    chart = tab.main.locator(".memory-chart")
    steps = tab.main.locator(".memory-steps text")
    whole = steps.all_inner_texts()
    chart.press("Home")
    chart.press("+")
    chart.press("+")
    tab.viewer.until(lambda: steps.all_inner_texts() != whole, "fewer steps, closer")
    closer = steps.all_inner_texts()
    box = chart.bounding_box()
    mouse = tab.viewer.page.mouse
    mouse.move(box["x"] + 600, box["y"] + 340)
    mouse.down()
    mouse.move(box["x"] + 300, box["y"] + 340, steps=4)
    mouse.up()
    tab.viewer.until(lambda: steps.all_inner_texts() != closer, "later steps")
    chart.press("0")
    tab.viewer.until(lambda: steps.all_inner_texts() == whole, "all steps")
    assert tab.selected() == []


def test_arenas_of_subgraphs(tab: Any, serve: Callable[..., str], models: Path) -> None:
    path = models / "gru_while.tflite"
    tab.open(serve(path))
    tab.expect("more in the subgraphs that it runs")
    arenas = report(open_model(path), "litert", "operators").summary["arenas"]
    picker = tab.main.locator("select")
    assert picker.locator("option").count() == len(arenas) > 1
    picker.select_option("1")
    tab.expect(f"#{arenas[1]['peak_operator']}")


def test_an_open_shape_is_said(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "mnet_dynamic_batch_float32.tflite"))
    tab.expect("open-shape")


def test_the_report_has_the_tab(tab: Any, models: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(static_report(open_model(models / "mnet_int8.tflite")), "utf-8")
    tab.open(page.as_uri())
    tab.expect("35.0 KiB", "Alive at the peak")
    tab.section("LiteRT Micro")
    tab.expect("reference kernels")
