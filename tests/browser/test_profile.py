"""Profiles: run from the page, logged, compared, shown on the graph, carried in a report."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.runtime.profiler import Settings, profile
from tb_tflite_plugin.runtime.trace import Trace

from tb_tflite_plugin import open_model
from tb_tflite_plugin.static_report import static_report
from tb_tflite_plugin.summary import log_model, log_profile

CRASHING = """
import os, signal
def measure(progress, **_):
    progress('first inference', 0, 0)
    os.write(2, b'about to fall\\n')
    os.kill(os.getpid(), signal.SIGSEGV)
"""


def run(tab: Any) -> None:
    """Runs with what is chosen, and waits for the figures."""
    tab.viewer.until(lambda: tab.button("Run profile").count(), "the form")
    tab.button("Run profile").click()
    tab.expect("median", "An inference with the profiler")
    tab.viewer.until(lambda: not tab.frame.locator("progress").count(), "the end of the run")


def choose_lens(tab: Any, column: str) -> None:
    """Opens the lens picker and chooses a column by typing: other reports come meanwhile, and move what is listed."""
    tab.viewer.page.keyboard.press("l")
    tab.frame.get_by_role("combobox", name="Columns to colour by").fill(f"profile.{column}")
    options = tab.frame.get_by_role("listbox", name="Columns").get_by_role("option")
    tab.viewer.until(lambda: options.count() == 1 and column in options.first.inner_text(), f"a lens {column}")
    tab.viewer.page.keyboard.press("Enter")


@pytest.fixture
def tab(serve_with: Callable[..., str], viewer: Any, tab_of: Callable[..., Any]) -> Any:
    """The tab of a page that is closed before the server that it asks."""
    return tab_of(viewer, "profile")


@pytest.fixture(scope="module")
def traces(models: Path) -> dict[str, Trace]:
    """Profiles of one model by their kernels."""
    model = open_model(models / "mnet_float32.tflite")
    return {kernels: profile(model, Settings(kernels=kernels, runs=30)) for kernels in ("builtin", "xnnpack")}


@pytest.fixture
def serve_with(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts servers with options of their own, or after some Python, and returns the URL that they print."""
    running: list[subprocess.Popen[str]] = []

    def start(model: Path, *options: str, before: str = "") -> str:
        code = f"{before}\nfrom tb_tflite_plugin.cli import main; main()"
        command = [sys.executable, "-c", code, "serve", str(model), "--no-open", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
        running.append(process)
        assert process.stdout is not None
        return process.stdout.readline().split()[0]

    yield start
    for process in running:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def test_a_run_from_the_page_becomes_a_lens(tab: Any, serve_with: Callable[..., str], models: Path):
    viewer = tab.viewer
    viewer.open(serve_with(models / "mnet_float32.tflite")).drawn()
    families = viewer.colors()
    viewer.page.keyboard.press("3")
    tab.expect("has not been profiled yet")
    run(tab)
    tab.expect("load", "compile", "first inference", "steady", "in no row", "rows of no operator", "profiling costs")
    rows = tab.frame.locator("[role=tabpanel] tbody tr")
    viewer.until(lambda: rows.count() == 20, "a row for every operator")
    rows.first.click()
    viewer.expect_details("Inputs")

    viewer.page.keyboard.press("1")
    choose_lens(tab, "self_us")
    legend = tab.frame.locator(".legend")
    viewer.until(lambda: legend.count() and "self_us" in legend.inner_text(), "the legend of the times")
    viewer.recolored(families)
    viewer.until(lambda: "lens=profile.self_us" in viewer.page.url, "the lens in the link")

    viewer.page.reload()
    viewer.drawn()
    viewer.recolored(families)


@pytest.mark.parametrize("flags", [(), ("--path_prefix=/some/where",)], ids=["default", "prefix"])
def test_a_run_inside_tensorboard(tab: Any, tensorboard: Callable[..., str], models: Path, tmp_path: Path, flags: Any):
    viewer = tab.viewer
    log_model(str(tmp_path / "run"), models / "tiny_mlp.tflite", tag="mlp", step=3)
    viewer.open(f"{tensorboard(tmp_path, *flags)}#tflite&p.tflite.tab=profile")
    viewer.until(lambda: viewer.frame() is not viewer.page.main_frame, "the plugin's frame")
    run(tab)
    viewer.page.keyboard.press("1")
    viewer.drawn()
    families = viewer.colors()
    tab.frame.locator("canvas").click(position={"x": 3, "y": 3})
    choose_lens(tab, "self_us")
    viewer.recolored(families)
    viewer.until(lambda: viewer.shared_state().get("lens") == "profile.self_us", "the lens in TensorBoard's URL")


def test_cancel(tab: Any, serve_with: Callable[..., str], models: Path):
    viewer = tab.viewer
    viewer.open(f"{serve_with(models / 'mnet_int16x8.tflite')}#tab=profile")
    viewer.until(lambda: tab.button("Run profile").count(), "the form")
    tab.frame.get_by_label("Runs").fill("10000")
    tab.button("Run profile").click()
    viewer.until(lambda: "inferences" in tab.text(), "inferences")
    tab.button("Cancel").click()
    tab.expect("was cancelled")
    tab.button("Close").click()
    tab.expect("has not been profiled yet")


def test_a_crash_is_shown_and_the_page_goes_on(tab: Any, serve_with: Callable[..., str], models: Path, tmp_path: Path):
    (tmp_path / "crashing.py").write_text(CRASHING)
    before = (
        "import crashing\nfrom tb_tflite_plugin.runtime import interpreter, measure\n"
        "measure.measure = interpreter.measure = crashing.measure"
    )
    viewer = tab.viewer
    viewer.open(f"{serve_with(models / 'tiny_mlp.tflite', before=before)}#tab=profile")
    viewer.until(lambda: tab.button("Run profile").count(), "the form")
    tab.button("Run profile").click()
    tab.expect("The runtime crashed on this model", "SIGSEGV in first inference")
    tab.frame.get_by_text("What the runtime printed").click()
    tab.expect("about to fall")
    tab.button("Change the options").click()
    tab.expect("has not been profiled yet")
    viewer.page.keyboard.press("1")
    viewer.drawn()


def test_a_refusal_has_the_words_of_the_runtime(tab: Any, serve_with: Callable[..., str], models: Path):
    tab.viewer.open(f"{serve_with(models / 'custom_op.tflite')}#tab=profile")
    tab.viewer.until(lambda: tab.button("Run profile").count(), "the form")
    tab.button("Run profile").click()
    tab.expect("The runtime refuses this model", "Betainc")


def test_a_server_that_others_reach_says_how_to_run(tab: Any, serve_with: Callable[..., str], models: Path):
    url = serve_with(models / "tiny_mlp.tflite", "--host", "0.0.0.0")
    tab.viewer.open(f"{url}#tab=profile")
    tab.expect("can be reached from other machines", "--allow-run", "tflite-viz profile tiny_mlp.tflite")
    assert tab.button("Run profile").count() == 0


def test_a_measured_partition_is_outlined_on_the_graph(tab: Any, serve_with: Callable[..., str], models: Path):
    viewer = tab.viewer
    viewer.open(f"{serve_with(models / 'gru_while.tflite')}#tab=profile&root=2")
    viewer.until(lambda: tab.button("Measure its partition").count(), "the form")
    tab.button("Measure its partition").click()
    tab.expect("Partition of xnnpack", "across its border")
    tab.frame.locator(".borders summary").last.click()
    viewer.until(lambda: tab.frame.locator(".borders[open] tbody tr").count() >= 2, "tensors across the border")
    tab.button("Show the partitions on the graph").click()
    viewer.drawn()
    inside = """() => {
        const { regions } = document.querySelector('canvas').graph.picture.drawing.paint;
        return regions?.of.filter((region) => region >= 0).length ?? 0;
    }"""
    viewer.until(lambda: tab.frame.evaluate(inside) >= 2, "boxes in regions")
    legend = tab.frame.locator(".legend")
    viewer.until(lambda: "partition" in legend.inner_text(), "the legend of the partition")
    # The Delegates tab lays what was measured beside what it foretells.
    viewer.page.keyboard.press("7")
    tab.expect("measured with ai-edge-litert", "the same operators as foretold")


def test_logged_profiles_side_by_side(
    tab: Any, serve: Callable[..., str], models: Path, tmp_path: Path, traces: dict[str, Trace]
):
    model = open_model(models / "mnet_float32.tflite")
    for trace in traces.values():
        log_profile(str(tmp_path / "run"), trace, model=model, tag="net", step=5)
    viewer = tab.viewer
    viewer.open(f"{serve(tmp_path)}#model={model.sha256}&tab=profile")
    tab.expect("run/net step 5", "median")
    tab.frame.get_by_text("Compare with …").click()
    tab.frame.get_by_role("checkbox").check()
    tab.section("Compare")
    tab.expect("Operators, B against A", "separate runs")
    ratios = tab.frame.locator("[role=tabpanel] .wide-table tbody tr td:last-child")
    viewer.until(lambda: ratios.count() == 20, "a ratio for every operator")
    assert any(text.startswith("×") for text in ratios.all_inner_texts())
    viewer.until(lambda: "." in viewer.page.url.partition("profile=")[2], "both in the URL")


def test_every_section_has_its_figures_and_files(
    tab: Any, serve: Callable[..., str], models: Path, tmp_path: Path, traces: dict[str, Trace]
):
    ceilings = {"flop_per_s": 5e10, "bytes_per_s": 2e10, "threads": 1, "how": "by hand"}
    trace = replace(traces["xnnpack"], settings={**traces["xnnpack"].settings, "ceilings": ceilings})
    model = open_model(models / "mnet_float32.tflite")
    log_profile(str(tmp_path / "run"), trace, model=model)
    viewer = tab.viewer
    viewer.open(f"{serve(tmp_path)}#model={model.sha256}&tab=profile")
    for section, words in {
        "Types": "DEPTHWISE_CONV_2D",
        "Layers": "main",
        "Partitions": "across its border",
        "Timeline": "One inference",
        "Roofline": "by hand",
    }.items():
        viewer.until(lambda name=section: tab.frame.get_by_role("tab", name=name).count(), section)
        tab.section(section)
        tab.expect(words)

    def saved(name: str, place: int) -> str:
        with viewer.page.expect_download() as download:
            tab.frame.get_by_role("button", name=name, exact=True).nth(place).click()
        return Path(download.value.path()).read_text("utf-8")

    assert saved("SVG", 2).startswith("<svg")
    lines = saved("CSV", 2).splitlines()
    assert lines[0].startswith("operator,type,name,FLOP per byte")
    assert len(lines) > 5
    tab.section("Timeline")
    spans = tab.frame.locator(".timeline .span.synthetic")
    viewer.until(lambda: spans.count() > 3, "spans")
    # The widest are those of convolutions; the first may be one of no operator.
    spans.filter(has_text=re.compile("^(CON|DEP)")).first.click(force=True)
    viewer.until(lambda: viewer.frame().locator(".panel").count(), "what was selected")
    samples = saved("CSV", 0).splitlines()
    assert samples[0] == "from [us],to [us],inferences"
    assert saved("CSV", 1).splitlines()[0] == "inference,time [us]"


def test_a_loop_shows_where_it_spends_its_time(tab: Any, serve: Callable[..., str], models: Path, tmp_path: Path):
    model = open_model(models / "gru_while.tflite")
    trace = profile(model, Settings(runs=20))
    log_profile(str(tmp_path / "run"), trace, model=model)
    tab.viewer.open(f"{serve(tmp_path)}#model={model.sha256}&tab=profile")
    tab.expect("rows of no operator")
    calls = trace.events.calls
    assert np.nanmax(calls) > 1
    tab.section("Timeline")
    tab.expect("One inference", "XNNPack")


def test_a_report_in_a_file_carries_profiles(
    new_viewer: Any, tab_of: Any, models: Path, tmp_path: Path, traces: dict[str, Trace]
):
    model = open_model(models / "mnet_float32.tflite")
    report = tmp_path / "report.html"
    named = [(f"{kernels}.trace.json", trace) for kernels, trace in traces.items()]
    report.write_text(static_report(model, named), "utf-8")
    viewer = new_viewer(offline=True)
    tab = tab_of(viewer, "profile").open(report.as_uri())
    tab.expect("median", "xnnpack.trace.json")
    assert tab.button("Run …").count() == 0
    viewer.page.keyboard.press("1")
    viewer.drawn()
    families = viewer.colors()
    viewer.open(f"{report.as_uri()}#lens=profile.self_us")
    viewer.recolored(families)


def test_a_report_without_profiles_says_where_they_come_from(
    new_viewer: Any, tab_of: Any, models: Path, tmp_path: Path
):
    report = tmp_path / "report.html"
    report.write_text(static_report(open_model(models / "tiny_mlp.tflite")), "utf-8")
    tab = tab_of(new_viewer(offline=True), "profile").open(report.as_uri())
    tab.expect("has not been profiled yet", "a report in a file", "tflite-viz profile")
