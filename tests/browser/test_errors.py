"""Errors of layers: run from the page, along the network and one by one, linked with the graph, logged, in a report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tb_tflite_plugin.runtime.accuracy import Settings, compare
from tb_tflite_plugin.runtime.accuracy_files import read
from tb_tflite_plugin.runtime.accuracy_report import report
from tb_tflite_plugin.runtime.closeups import closeups
from tb_tflite_plugin.runtime.error_file import loads, to_json

from tb_tflite_plugin import open_model
from tb_tflite_plugin.jsontext import dumps
from tb_tflite_plugin.static_report import static_report
from tb_tflite_plugin.summary import log_layer_error


@pytest.fixture
def tab(viewer: Any, tab_of: Callable[..., Any]) -> Any:
    return tab_of(viewer, "quantization", ".strip")


def open_errors(tab: Any, url: str, model: Path | None = None) -> None:
    """Opens the section of errors."""
    tab.open(url, "" if model is None else f"&model={open_model(model).sha256}")
    tab.section("Error")


def run(tab: Any) -> None:
    """Runs with what is chosen, and waits for the chart."""
    tab.viewer.until(tab.button("Run comparison").count, "the form")
    results, job = tab.main.get_by_label("Result that is shown").locator("option"), tab.main.locator("progress")
    before = results.count()
    tab.button("Run comparison").click()
    tab.viewer.until(lambda: results.count() > before and not job.count(), "another result, and the end of the run")
    tab.viewer.until(lambda: tab.main.locator(".errors-along").count(), "a chart")


def first_figures(tab: Any) -> list[float]:
    """The first figure of every row of the table."""
    cells = tab.main.locator(".errors-table tbody td.number:nth-child(2)").all_inner_texts()
    return [float(cell.split()[0]) for cell in cells]


def dots(tab: Any) -> tuple[int, int]:
    """How many errors the chart along the network shows: accumulated and local ones."""
    chart = tab.main.locator(".errors-along")
    return chart.locator(".error-dot:not(.local)").count(), chart.locator(".error-dot.local").count()


def heights(tab: Any) -> list[str]:
    """Where the dots of the scatter are."""
    return list(
        tab.main.locator(".errors-scatter circle").evaluate_all("all => all.map(one => one.getAttribute('cy'))")
    )


def test_a_comparison_from_the_page(tab: Any, serve: Callable[..., str], models: Path, tmp_path: Path) -> None:
    viewer, quantized = tab.viewer, models / "mnet_int8_float_io.tflite"
    open_errors(tab, serve(quantized, models / "mnet_float32.tflite"), quantized)
    tab.expect("Runs this model and a reference")
    # The float model of the same name is offered first.
    reference = tab.main.get_by_label("Reference", exact=True)
    chosen = "select => select.selectedOptions[0]?.text"
    viewer.until(lambda: reference.evaluate(chosen) == "mnet_float32.tflite", "the float model")
    run(tab)
    tab.expect("against mnet_float32.tflite", "8 random samples", "layer-random-inputs", "the worst:")
    viewer.until(lambda: dots(tab) == (20, 20), "every operator, accumulated and local")
    viewer.until(lambda: tab.main.locator(".errors-scatter .scatter-dot").count() == 401, "values")
    viewer.until(lambda: tab.main.locator(".errors-channels .chart-bar").count() == 48, "channels")

    # The table has the worst first; its first row selects the operator here and in the graph.
    figures = first_figures(tab)
    assert figures == sorted(figures)
    first = tab.main.locator(".errors-table tbody tr").first
    name = first.locator("button").inner_text()
    first.click()
    worst = name.rpartition("#")[2]
    viewer.until(lambda: tab.selected() == [f"o{worst}"], "the worst operator in the link")
    viewer.expect_details("Inputs")
    tab.main.locator(".closeup .link").click()
    viewer.drawn()
    viewer.until(lambda: int(worst) in [item for kind, item in viewer.boxes() if kind == 0], "its box")
    assert tab.selected() == [f"o{worst}"]

    # Its columns are lenses.
    families = viewer.colors()
    viewer.page.keyboard.press("4")
    tab.section("Error")
    tab.button("Show in graph").click()
    viewer.until(lambda: "lens=layer_error.sqnr_db" in viewer.page.url, "the lens in the link")
    viewer.recolored(families)

    viewer.page.keyboard.press("4")
    tab.section("Error")
    with viewer.page.expect_download() as download:
        tab.main.get_by_role("link", name="Save the result").click()
    download.value.save_as(tmp_path / "kept.json")
    kept = loads((tmp_path / "kept.json").read_bytes(), "kept.json", len(open_model(quantized).operators))
    assert kept.closeups is not None


def test_keys_kinds_and_files(tab: Any, serve: Callable[..., str], models: Path, tmp_path: Path) -> None:
    viewer, quantized = tab.viewer, models / "mnet_int8.tflite"
    open_errors(tab, serve(quantized, models / "mnet_float32.tflite"), quantized)
    run(tab)
    chart = tab.main.locator(".errors-along")
    tab.main.get_by_role("application", name="SQNR of 20 operators").focus()
    keys = [("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 19)]
    for key, wanted in keys:
        viewer.page.keyboard.press(key)
        viewer.until(lambda wanted=wanted: tab.selected() == [f"o{wanted}"], key)
    tab.expect("SOFTMAX #19")
    viewer.until(lambda: tab.main.locator(".errors-channels .chart-bar").count() == 4, "four channels")
    # Values and channels have keys of their own.
    tab.main.get_by_role("application", name="RMSE of 4 channels").focus()
    for key, told in [("ArrowRight", "channel 0: "), ("ArrowRight", "channel 1: "), ("End", "channel 3: ")]:
        viewer.page.keyboard.press(key)
        tab.expect(told)
    tab.main.get_by_role("application", name="Values of").focus()
    note = tab.main.locator(".closeup .chart-note").first
    references: list[str] = []
    for key in ("Home", "ArrowRight", "End"):
        viewer.page.keyboard.press(key)
        viewer.until(lambda: "this model" in note.inner_text() and note.inner_text() not in references, key)
        references.append(note.inner_text())
    assert tab.selected() == ["o19"]
    accumulated = heights(tab)
    tab.main.get_by_label("Accumulated or local").select_option("local")
    viewer.until(lambda: heights(tab) != accumulated, "local values")
    tab.main.get_by_label("Values or errors").select_option("error")
    tab.expect("Errors by reference")
    tab.main.get_by_label("Figure by channel").select_option("mean")
    viewer.until(lambda: tab.main.locator("svg[aria-label^='mean error of 4']").count(), "means")
    tab.main.get_by_label("Figure along the network").select_option(label="RMSE / scale")
    tab.expect("RMSE / scale along the network", "rounding alone")
    # A click on the chart takes the operator that is nearest.
    chart.click(position={"x": 66, "y": 60})
    viewer.until(lambda: tab.selected() == ["o0"], "the first operator")

    headings = ["id,op,name,reference", "reference,value,error", "channel,rmse,mean error"]
    for place, heading in enumerate(headings):
        with viewer.page.expect_download() as download:
            tab.main.locator(".errors .chart-frame").nth(place).get_by_role("button", name="CSV").click()
        download.value.save_as(tmp_path / "chart.csv")
        assert (tmp_path / "chart.csv").read_text().startswith(heading)
    with viewer.page.expect_download() as download:
        tab.main.locator(".errors .chart-frame").first.get_by_role("button", name="SVG").click()
    download.value.save_as(tmp_path / "chart.svg")
    assert (tmp_path / "chart.svg").read_text().count("<circle") == 40


def test_kernels_of_a_float_model_and_several_results(tab: Any, serve: Callable[..., str], models: Path) -> None:
    viewer = tab.viewer
    open_errors(tab, serve(models / "mnet_v2_float32.tflite"))
    # No other model is known here: its own kernels are what there is.
    own = tab.main.get_by_label("Kernels of the reference")
    viewer.until(lambda: own.input_value() == "reference", "the reference kernels")
    tab.main.get_by_label("Kernels", exact=True).select_option("reference")
    tab.expect("needs other kernels")
    viewer.until(tab.button("Run comparison").is_disabled, "nothing to run")
    tab.main.get_by_label("Kernels", exact=True).select_option("xnnpack")
    run(tab)
    tab.expect("kernels xnnpack against reference")
    tab.button("Compare …").click()
    tab.main.get_by_label("Samples").fill("2")
    run(tab)
    tab.expect("2 random samples")
    picker = tab.main.get_by_label("Result that is shown")
    viewer.until(lambda: picker.locator("option").count() == 2, "two results")
    picker.select_option(index=0)
    tab.expect("8 random samples")
    # The link holds which one is shown.
    viewer.page.reload()
    tab.expect("8 random samples", "kernels xnnpack against reference")


def test_a_failure_is_told(tab: Any, serve: Callable[..., str], models: Path) -> None:
    open_errors(tab, serve(models / "custom_op.tflite"))
    tab.button("Run comparison").click()
    tab.expect("The runtime refuses this model", "Betainc")
    tab.button("Change the options").click()
    tab.expect("Run comparison")


def test_where_nothing_may_run(tab: Any, models: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(static_report(open_model(models / "mnet_int8.tflite")), "utf-8")
    open_errors(tab, page.as_uri())
    tab.expect("It cannot be run from here", "tflite-viz quantization mnet_int8.tflite --against float.tflite")
    assert tab.button("Run comparison").count() == 0


def test_a_report_of_one_file_carries_a_result(tab: Any, models: Path, tmp_path: Path) -> None:
    reference, model = (open_model(models / f"{name}.tflite") for name in ("mnet_float32", "mnet_int8"))
    errors = compare(reference, model, Settings(samples=2))
    content = dumps(to_json(report(errors, model, reference), closeups(errors), {"sha256": model.sha256}))
    page = tmp_path / "report.html"
    page.write_text(static_report(model, [], [("errors.json", loads(content.encode(), "f", 20))]), "utf-8")
    open_errors(tab, page.as_uri())
    tab.expect("2 random samples", "the worst:")
    tab.viewer.until(lambda: tab.main.locator(".scatter-dot").count() == 401, "values")
    assert tab.main.get_by_role("link", name="Save the result").count() == 0


def test_a_logged_result_of_another_tool(tab: Any, serve: Callable[..., str], models: Path, tmp_path: Path) -> None:
    model = open_model(models / "mnet_int8.tflite")
    log_layer_error(str(tmp_path), read(str(models / "mnet_int8_numericverify.csv"), model), None, model, step=1)
    open_errors(tab, serve(tmp_path))
    tab.expect("measured by QuantizationDebugger", "20 operators named", "figures only, no values")
    tab.viewer.until(lambda: dots(tab) == (0, 20), "local errors only")
