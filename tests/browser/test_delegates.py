"""The Delegates tab: sentences, types by delegates, what to fix first, side by side; all linked with the graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tb_tflite_plugin.analysis.delegates.reports import fixes_of
from tb_tflite_plugin.runtime.delegate_times import measured
from tb_tflite_plugin.runtime.profiler import Settings, profile

from tb_tflite_plugin import open_model
from tb_tflite_plugin.static_report import static_report
from tb_tflite_plugin.summary import log_profile


@pytest.fixture
def tab(viewer: Any, tab_of: Callable[..., Any]) -> Any:
    return tab_of(viewer, "delegates", ".matrix tbody tr")


def cells(row: Any) -> list[str]:
    """The texts of a table's row, without its heading."""
    return [text.strip() for text in row.locator("td").all_inner_texts()]


def figures(tab: Any) -> dict[str, list[str]]:
    """What a what-if changes: heading to texts."""
    rows = tab.main.locator(".what-if-figures tbody tr")
    return {row.locator("th").inner_text(): cells(row) for row in rows.all()}


def region_count(tab: Any) -> int:
    """How many regions the graph shows, on boxes of operators and closed groups."""
    found: int = tab.frame.evaluate(
        """() => {
            const paint = document.querySelector('.surface canvas')?.graph?.picture?.drawing.paint;
            return new Set(Array.from(paint?.regions?.of ?? []).filter((region) => region >= 0)).size;
        }"""
    )
    return found


def test_what_stays_behind_and_what_it_costs(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "opzoo_int8.tflite"))
    tab.expect("XNNPACK: 36 of 46 operators in 9 partitions", "as it is", "37 +1", "requantize around it")
    # The first delegate is shown; another is a click away.
    tab.main.get_by_role("button", name="Core ML: takes none of the 46 operators").click()
    tab.expect("Core ML: fix these first")
    # A cell selects the operators of the type that stay behind.
    tab.main.get_by_role("button", name="BATCH_MATMUL, XNNPACK: 0 of 2 accepted, 2 rejected").click()
    tab.viewer.until(lambda: len(tab.selected()) == 2, "two operators selected")
    tab.main.get_by_label("first delegate").select_option(label="XNNPACK")
    tab.main.get_by_label("second delegate").select_option(label="GPU")
    rows = tab.main.locator(".pair tbody tr")
    tab.viewer.until(lambda: cells(rows.nth(1)) == ["46", "36 78 %", "46 100 %", "–", "10"], "both side by side")
    # The types in which they differ, and the operators that only one of them takes.
    tab.viewer.until(lambda: cells(rows.filter(has_text="BATCH_MATMUL")) == ["2", "0", "2", "–", "2"], "a type")
    rows.nth(1).get_by_role("button", name="10").click()
    tab.viewer.until(lambda: len(tab.selected()) == 10, "ten operators selected")


def test_what_another_option_would_take(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "opzoo_float32.tflite"))
    tab.main.get_by_role("button", name="NNAPI: 34 of 44 operators").click()
    tab.expect("Accepted if", "option feature_level=6", "With another option of the delegate")
    tab.main.get_by_role("button", name="BATCH_MATMUL, NNAPI: 0 of 2 accepted, 2 accepted with another option").click()
    tab.viewer.until(lambda: len(tab.selected()) == 2, "two operators selected")


def test_the_graph_is_coloured_by_a_delegate(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "opzoo_int8.tflite"))
    tab.main.get_by_role("button", name="Show in graph").first.click()
    tab.viewer.until(lambda: "lens=delegates.xnnpack" in tab.link() and "tab=" not in tab.link(), "the graph")
    tab.viewer.until(
        lambda: "rejected" in tab.viewer.frame().locator("body").inner_text(), "a legend with the verdicts"
    )


def test_partitions_of_a_real_model_are_outlined(
    tab: Any, serve: Callable[..., str], real_models: dict[str, Path]
) -> None:
    tab.open(serve(real_models["nmp"]))
    tab.expect("XNNPACK: 164 of 222 operators in 17 partitions", "EXPAND_DIMS")
    tab.main.get_by_role("button", name="Partitions", exact=True).first.click()
    tab.viewer.until(lambda: "lens=partition_xnnpack.partition" in tab.link(), "partitions as regions")


def test_a_report_in_one_file_has_it(tab: Any, models: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(static_report(open_model(str(models / "opzoo_int8.tflite"))))
    tab.open(path.as_uri())
    tab.expect("XNNPACK: 36 of 46 operators in 9 partitions", "as it is", "37 +1")
    tab.expect("What-ifs are computed by a server")
    assert not tab.main.locator(".what-if").count()
    assert not tab.main.get_by_role("checkbox").count()
    assert tab.main.get_by_role("button", name="Partitions", exact=True).count() == 2


def test_what_if_types_were_taken_of_a_real_model(
    tab: Any, serve: Callable[..., str], real_models: dict[str, Path]
) -> None:
    tab.open(serve(real_models["nmp"]))
    tab.expect("What if XNNPACK took more", "Tick what it should be imagined to take")
    tab.viewer.until(lambda: figures(tab).get("partitions") == ["17", "17"], "figures as it is")
    # By the keyboard: a label is a name, the space bar ticks.
    box = tab.main.get_by_label("EXPAND_DIMS, rejected: 19", exact=True)
    box.focus()
    tab.viewer.page.keyboard.press("Space")
    tab.expect("XNNPACK would take 183 of 222 operators in 8 partitions instead of 164 in 17 partitions.")
    tab.viewer.until(lambda: figures(tab).get("operators") == ["164", "183"], "operators as they would be")
    assert figures(tab)["delegated share"] == ["74 %", "82 %"]
    tab.expect("there is no profile of this model")
    # A row of what to fix first is a tick as well, and says so when its type is ticked.
    rows = tab.main.get_by_role("checkbox", name="What if: PACK: ")
    tab.viewer.until(tab.main.get_by_role("checkbox", name="What if: EXPAND_DIMS: ").is_checked, "the same tick")
    rows.check()
    tab.viewer.until(lambda: figures(tab)["operators"] == ["164", "196"], "both taken")
    tab.viewer.until(tab.main.get_by_label("PACK, rejected: 13", exact=True).is_checked, "the tick of its type")
    tab.viewer.until(lambda: "whatif=xnnpack%3AEXPAND_DIMS%2CPACK%3A" in tab.link(), "the what-if in the link")


def test_the_graph_shows_the_partitions_of_a_what_if(
    tab: Any, serve: Callable[..., str], real_models: dict[str, Path]
) -> None:
    tab.open(serve(real_models["nmp"]), "&flat=1&whatif=xnnpack:EXPAND_DIMS:")
    tab.expect("in 8 partitions instead of 164 in 17")
    tab.main.get_by_role("button", name="Show these partitions on the graph").click()
    tab.viewer.until(lambda: "lens=what_if.partition" in tab.link(), "a lens in the link")
    tab.viewer.until(lambda: region_count(tab) == 8, "8 regions")
    legend = tab.frame.get_by_label("Legend: partition")
    tab.viewer.until(lambda: "a what-if: xnnpack" in legend.inner_text(), "a legend that says what it is")
    tab.viewer.until(lambda: "in none" in legend.inner_text(), "those that are in none")
    # A link brings it back; an operator in no partition says why.
    tab.viewer.page.reload()
    tab.viewer.until(lambda: region_count(tab) == 8, "8 regions from the link")
    model = open_model(str(real_models["nmp"]))
    pack = model.operators.ops.index("PACK")
    tab.viewer.page.evaluate(f"() => {{ location.hash += '&sel=o{pack}'; }}")
    tab.viewer.expect_details("In the what-if of", "rejected", "an operator that it has a kernel for")
    # Back in the tab without the tick the partitions are those of the delegate as it is.
    legend.get_by_role("button", name="change").click()
    tab.main.get_by_label("EXPAND_DIMS, rejected: 19", exact=True).uncheck()
    tab.viewer.until(lambda: figures(tab)["partitions"] == ["17", "17"], "17 partitions again")
    tab.frame.locator("nav .tab").first.click()
    tab.viewer.until(lambda: region_count(tab) == 17, "17 regions")


def test_what_if_the_selected_operators_were_taken(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "opzoo_int8.tflite"))
    add = tab.main.get_by_role("button", name="Add the selected")
    tab.viewer.until(add.is_disabled, "nothing to add")
    tab.main.get_by_role("button", name="BATCH_MATMUL, XNNPACK: 0 of 2 accepted, 2 rejected").click()
    # What is selected stands beside the tab, with what it fails.
    tab.viewer.expect_details(
        "2 selected", "With XNNPACK", "input 1 is quantized with zero point 3; needed: zero point 0"
    )
    tab.viewer.until(lambda: add.inner_text() == "Add the selected (2)", "two that can be added")
    add.click()
    tab.expect("XNNPACK would take 38 of 46 operators")
    tab.main.get_by_role("button", name="Select the 2 that join").click()
    tab.main.get_by_role("button", name="Clear").click()
    tab.expect("Tick what it should be imagined to take")
    # Another delegate starts anew, and one that rejects nothing says so.
    tab.main.get_by_role("button", name="GPU: 46 of 46 operators in 1 partition").click()
    tab.expect("It rejects nothing")


def test_partitions_of_every_delegate_are_outlined(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "opzoo_int8.tflite"), "&flat=1")
    row = tab.main.locator(".sentences li").filter(has_text="Hexagon: 27 of 46 operators in 4 partitions")
    row.get_by_role("button", name="Partitions", exact=True).click()
    tab.viewer.until(lambda: region_count(tab) == 4, "4 regions")
    tab.viewer.until(
        lambda: "as it is: hexagon" in tab.frame.get_by_label("Legend: partition").inner_text(), "a legend"
    )


def test_times_from_profiles(tab: Any, serve: Callable[..., str], models: Path, tmp_path: Path) -> None:
    model = open_model(str(models / "opzoo_int8.tflite"))
    times = []
    for step, kernels in enumerate(("builtin", "xnnpack")):
        trace = profile(model, Settings(kernels=kernels, runs=12, warmup=2))
        log_profile(str(tmp_path), trace, model=model, tag="zoo", step=step)
        times.append(measured(trace, model, "xnnpack", kernels))
    tab.open(serve(tmp_path))
    tab.expect("Time, estimated", "None of the measured time", "time at most")
    # What to fix first goes by these times then.
    first = fixes_of(model, "xnnpack", times[::-1])["fixes"][0]["title"]
    rows = tab.main.locator(".fixes:not(.pair) tbody tr")
    tab.viewer.until(lambda: rows.nth(1).get_by_role("button", name=first, exact=True).count(), f"{first} first")
    tab.main.get_by_label("BATCH_MATMUL, rejected: 2", exact=True).check()
    tab.expect("of the measured time could move", "An inference would then take", "copies across borders take no time")
    choice = tab.main.get_by_label("Profile that times come from")
    labels = choice.locator("option").all_inner_texts()
    choice.select_option(label=next(label for label in labels if label.startswith("builtin")))
    tab.expect("The profile is of a run without the delegate")


def test_measured_beside_foretold(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "opzoo_int8.tflite"))
    tab.main.get_by_role("button", name="Measure what it takes").click()
    tab.expect("36 operators in 9 partitions, the same operators as foretold")
    # Of another delegate nothing was measured, and what no runtime here has cannot be.
    tab.main.get_by_role("button", name="Core ML: takes none of the 46 operators").click()
    tab.expect("Core ML: fix these first")
    measure = tab.main.get_by_role("button", name="Measure what it takes")
    tab.viewer.until(lambda: not measure.count(), "no button to measure")


def test_a_what_if_that_cannot_be_computed_says_so(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.viewer.expected = r"^500: |status of 500 "
    tab.viewer.page.route(
        "**/what-if/**", lambda route: route.fulfill(status=500, json={"error": {"message": "out of memory"}})
    )
    tab.open(serve(models / "opzoo_int8.tflite"))
    tab.expect("This could not be computed: out of memory")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
def test_nothing_is_larger_than_the_window(
    new_viewer: Callable[..., Any], tab_of: Callable[..., Any], serve: Callable[..., str], models: Path,
    width: int, height: int,
) -> None:  # fmt: skip
    tab = tab_of(new_viewer(width, height), "delegates", ".what-if-figures")
    tab.open(serve(models / "opzoo_int8.tflite"), "&whatif=xnnpack:SOFTMAX:&sel=o33")
    tab.expect("XNNPACK would take 37 of 46 operators")
    wide = tab.frame.evaluate(
        "() => { const m = document.querySelector('main.delegates'); return m.scrollWidth - m.clientWidth; }"
    )
    assert wide <= 0
    # What is long scrolls in the tab, not the page around it.
    high = tab.frame.evaluate("() => document.documentElement.scrollHeight - innerHeight")
    assert high <= 0
