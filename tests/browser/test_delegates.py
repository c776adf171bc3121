"""The Delegates tab: sentences, types by delegates, what to fix first, side by side; all linked with the graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tb_tflite_plugin import open_model
from tb_tflite_plugin.static_report import static_report


@pytest.fixture
def tab(viewer: Any, tab_of: Callable[..., Any]) -> Any:
    return tab_of(viewer, "delegates", ".matrix tbody tr")


def test_what_stays_behind_and_what_it_costs(tab: Any, serve: Callable[..., str], models: Path) -> None:
    tab.open(serve(models / "opzoo_int8.tflite"))
    tab.expect("XNNPACK: 36 of 46 operators in 9 partitions", "as it is", "37 +1", "requantize around it")
    # The first delegate is shown; another is a click away.
    tab.main.get_by_role("button", name="Core ML: takes none of the 46 operators").click()
    tab.expect("Core ML: fix these first")
    # A cell selects the operators of the type that stay behind.
    tab.main.get_by_role("button", name="BATCH_MATMUL, XNNPACK: 0 of 2 accepted, 2 rejected").click()
    tab.viewer.until(lambda: len(tab.selected()) == 2, "two operators selected")
    tab.main.get_by_label("second delegate").select_option(label="GPU")
    tab.expect("only XNNPACK: 0 operators", "only GPU: 10 operators")


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
