"""The Memory tab: figures of both planners, buffers over time, what is alive at a step, linked with the graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tb_tflite_plugin.analysis.memory import report

from tb_tflite_plugin import open_model
from tb_tflite_plugin.static_report import static_report


class Tab:
    """The tab of a viewer."""

    def __init__(self, viewer: Any) -> None:
        self.viewer = viewer

    @property
    def main(self) -> Any:
        return self.viewer.frame().locator("main.memory")

    def open(self, url: str) -> Tab:
        self.viewer.open(f"{url}#tab=memory")
        self.viewer.until(lambda: self.main.locator(".memory-chart").count(), "buffers over time")
        return self

    def expect(self, *texts: str) -> None:
        self.viewer.until(lambda: all(text in self.main.inner_text() for text in texts), f"a page with {texts}")

    def selected(self) -> list[str]:
        """What the link names as selected."""
        fragment = str(self.viewer.page.evaluate("() => location.hash"))
        found = [part.removeprefix("sel=") for part in fragment.lstrip("#").split("&") if part.startswith("sel=")]
        return found[0].split(".") if found else []

    def alive(self) -> list[str]:
        """Names in the list of what is alive."""
        names: list[str] = self.main.locator(".operator-cell").all_inner_texts()
        return names


@pytest.fixture
def tab(viewer: Any) -> Tab:
    return Tab(viewer)


def test_figures_are_those_of_the_report(tab: Tab, serve: Callable[..., str], models: Path) -> None:
    path = models / "mnet_int8.tflite"
    tab.open(serve(path))
    for planner in ("litert", "micro"):
        if planner == "micro":
            tab.main.get_by_role("tab", name="LiteRT Micro").click()
        summary = report(open_model(path), planner, "operators").summary
        tab.expect(f"{summary['arena_bytes'] / 1024:.1f} KiB", f"#{summary['peak_operator']}", summary["rules"])
        tab.viewer.until(
            lambda peak=[row["name"] for row in summary["peak_buffers"]]: tab.alive() == peak, "what sets the peak"
        )


def test_keys_walk_the_steps_and_select(tab: Tab, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "mnet_int8.tflite"))
    tab.expect("Alive at the peak")
    chart = tab.main.locator(".memory-chart")
    chart.press("Home")
    tab.viewer.until(lambda: tab.alive()[-1:] == ["serving_default_image:0"], "the first step")
    tab.viewer.until(lambda: "Alive at the peak" not in tab.main.inner_text(), "a step that is not the peak")
    chart.press("ArrowRight")
    chart.press("Enter")
    tab.viewer.until(lambda: tab.selected() == ["o1"], "the operator of the second step")


def test_a_click_on_a_buffer_selects_its_tensor(tab: Tab, serve: Callable[..., str], models: Path) -> None:
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


def test_arenas_of_subgraphs(tab: Tab, serve: Callable[..., str], models: Path) -> None:
    path = models / "gru_while.tflite"
    tab.open(serve(path))
    tab.expect("more in the subgraphs that it runs")
    arenas = report(open_model(path), "litert", "operators").summary["arenas"]
    picker = tab.main.locator("select")
    assert picker.locator("option").count() == len(arenas) > 1
    picker.select_option("1")
    tab.expect(f"#{arenas[1]['peak_operator']}")


def test_an_open_shape_is_said(tab: Tab, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "mnet_dynamic_batch_float32.tflite"))
    tab.expect("open-shape")


def test_the_report_has_the_tab(tab: Tab, models: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(static_report(open_model(models / "mnet_int8.tflite")), "utf-8")
    tab.open(page.as_uri())
    tab.expect("35.0 KiB", "Alive at the peak")
    tab.main.get_by_role("tab", name="LiteRT Micro").click()
    tab.expect("reference kernels")
