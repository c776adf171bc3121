"""The Quantization tab: modes, findings, weights and their channels, linked with the graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tb_tflite_plugin import open_model
from tb_tflite_plugin.static_report import static_report


@pytest.fixture
def tab(viewer: Any, tab_of: Callable[..., Any]) -> Any:
    return tab_of(viewer, "quantization", ".strip")


def picture(tab: Any, name: str) -> Any:
    """A chart by the beginning of its description."""
    return tab.main.locator(f"svg[aria-label^='{name}']")


def test_modes_and_findings_select_operators(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "mnet_int8_mixed.tflite"))
    tab.expect("int8", "dequantize", "87 %", "quant-float-island")
    label = picture(tab, "Numeric modes").get_attribute("aria-label")
    assert label == "Numeric modes of 30 operators: 16 int8, 5 dequantize, 5 quantize, 4 float"
    tab.main.get_by_role("button", name="Select 4").click()
    tab.viewer.until(lambda: tab.main.locator(".strip-selected").count() == 4, "four operators marked in the strip")
    islands = tab.selected()
    tab.main.get_by_role("button", name="float", exact=True).click()
    tab.viewer.until(lambda: tab.selected() == islands, "the same operators by their mode")
    # A click on the strip selects the stretch under it: the first is a single QUANTIZE.
    picture(tab, "Numeric modes").click(position={"x": 3, "y": 10})
    tab.viewer.until(lambda: tab.selected() == ["o0"], "the first operator")


def test_weights_channel_by_channel(tab: Any, serve: Callable[..., str], models: Path, tmp_path: Path) -> None:
    tab.open(serve(models / "mnet_int8_per_tensor.tflite"))
    first = tab.main.locator("tbody tr[aria-selected]").first
    tab.viewer.until(lambda: "6.8 bits" in first.inner_text(), "the weakest first")
    first.click()
    tab.viewer.until(lambda: picture(tab, "Stored values").count(), "its histogram")
    tab.expect("72 channels on axis 3, 9 values each, one scale for all", "648 elements")
    dots = picture(tab, "bits used of 72 channels").locator(".channel-dot")
    tab.viewer.until(lambda: dots.count() == 72, "a dot for every channel")
    tab.main.get_by_label("What is shown").select_option("scale")
    tab.viewer.until(lambda: picture(tab, "scale of 72 channels").count(), "the scales")
    # An operator that reads weights shows these.
    tab.main.get_by_role("button", name="Select 3").click()
    tab.viewer.until(lambda: "mnet/block3_dw" in tab.main.locator(".tensor-channels").inner_text(), "the last of three")
    with tab.viewer.page.expect_download() as download:
        tab.main.locator(".tensor-channels").get_by_role("button", name="CSV").first.click()
    download.value.save_as(tmp_path / "scales.csv")
    lines = (tmp_path / "scales.csv").read_text().splitlines()
    assert lines[0] == "channel,scale,zero point,least stored,greatest stored,bits,range used,outlier,all zero"
    assert len(lines) == 1 + 72


def test_blocks_and_activations(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "fc_aeq_dynamic_wi4_block32.tflite"))
    tab.expect("dynamic range int4, blockwise", "Nothing was found")
    tab.main.locator("tbody tr[aria-selected]").filter(has_text="64×768").click()
    tab.expect("1,536 blocks, 32 values each")
    dots = picture(tab, "scale of 1536 blocks").locator(".channel-dot")
    tab.viewer.until(lambda: dots.count() == 1536, "a dot for every block")


def test_a_float_model_has_nothing_to_check(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "mnet_float32.tflite"))
    tab.expect("float", "there is nothing to check")
    assert [name.strip() for name in tab.main.get_by_role("tab").all_inner_texts()] == ["Error"]


def test_a_report_of_one_file_has_it_too(tab: Any, models: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(static_report(open_model(models / "mnet_int8.tflite")), "utf-8")
    tab.open(path.as_uri())
    tab.main.locator("tbody tr[aria-selected]").first.click()
    tab.viewer.until(lambda: picture(tab, "Real values").count(), "its histogram")
    tab.section("Activations")
    tab.expect("Zero point", "per-tensor")
    # The tensor's own operator shows it in the graph.
    tab.main.locator("tbody tr[aria-selected]").first.click()
    tab.viewer.expect_details("Tensor", "Written by")
