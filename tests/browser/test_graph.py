"""The graph in the standalone viewer, driven by mouse and keyboard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tb_tflite_plugin import open_model


def _fit(viewer):
    """Brings everything into view, and waits until the camera has come to rest."""
    viewer.page.keyboard.press("f")
    viewer.page.wait_for_timeout(300)


def test_first_view_shows_every_operator_of_a_small_model(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    operators = {item for kind, item in viewer.boxes() if kind == 0}
    assert operators == set(range(20))
    viewer.expect_details("36.8 KiB", "14.6 k", "CONV_2D", "1.14.0")


def test_selection_shows_options_and_operands_by_name(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    viewer.click("operator", 10)
    viewer.expect_details(
        "CONV_2D", "#10", "Conv2DOptions", "padding", "SAME", "filter", "24×1×1×72", "bias", "DEPTHWISE_CONV_2D"
    )
    viewer.frame().locator(".operand .link", has_text="ADD").click()
    viewer.expect_details("#11", "AddOptions")
    viewer.until(lambda: "sel=o11" in viewer.page.url, "the selection in the link")


def test_a_tensor_shows_its_channels_on_demand(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite") + "#sel=o10").drawn()
    viewer.frame().locator(".operand", has_text="filter").locator(".link").first.click()
    viewer.expect_details("Tensor", "per-channel", "24 channels", "zero point".capitalize())
    viewer.frame().get_by_role("button", name="Chart of 24 scales").click()
    chart = viewer.frame().get_by_role("img", name="scale of 24 channels, logarithmic")
    chart.hover()
    viewer.until(lambda: re.search(r"channel 1[12]: ", viewer.details()), "the value under the pointer")


def test_search_lists_results_and_enter_shows_one(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    viewer.page.keyboard.press("/")
    viewer.page.keyboard.type("conv block3")
    results = viewer.frame().get_by_role("option")
    viewer.until(lambda: results.count() == 7, "seven results")
    viewer.page.keyboard.press("ArrowDown")
    viewer.page.keyboard.press("Enter")
    viewer.expect_details("DEPTHWISE_CONV_2D", "#9")
    viewer.page.keyboard.press("Escape")
    viewer.until(lambda: results.count() == 0, "no results after Escape")


def test_search_without_results_says_so(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    viewer.page.keyboard.press("/")
    viewer.page.keyboard.type("nothing has this name")
    status = viewer.frame().locator(".results [role=status]")
    viewer.until(lambda: status.count() and "0 operators" in status.inner_text(), "an empty result")


def test_groups_open_and_close_by_mouse_and_keyboard(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    group = next(item for kind, item in viewer.boxes() if kind == 2)
    before = viewer.place("group", group)
    viewer.click("group", group, count=2)
    viewer.until(lambda: (1, group) in viewer.boxes(), "the group closed")
    after = viewer.place("group", group)
    assert abs(before[1] - after[1]) < 30, "what was closed stays where it was"
    viewer.page.keyboard.press("Enter")
    viewer.until(lambda: (2, group) in viewer.boxes(), "the group open again")
    viewer.page.keyboard.press("c")
    viewer.until(lambda: all(kind != 2 for kind, _ in viewer.boxes()), "all groups closed")
    viewer.page.keyboard.press("e")
    viewer.until(lambda: all(kind != 1 for kind, _ in viewer.boxes()), "all groups open")
    viewer.page.keyboard.press("x")
    viewer.until(lambda: {kind for kind, _ in viewer.boxes()} == {0, 3, 4}, "operators without groups")


def test_arrow_keys_follow_the_data_and_are_spoken(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    viewer.click("operator", 0)
    live = viewer.frame().locator("[aria-live=polite]")
    viewer.until(lambda: "operator 0" in live.inner_text(), "the selection in words")
    viewer.page.keyboard.press("ArrowDown")
    viewer.until(lambda: "CONV_2D, operator 1" in live.inner_text(), "the next operator")
    viewer.page.keyboard.press("ArrowUp")
    viewer.until(lambda: "operator 0" in live.inner_text(), "back again")
    viewer.page.keyboard.press("Escape")
    viewer.expect_details("Model", "Parameters")


def test_the_url_holds_what_is_shown(viewer, new_viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    viewer.click("operator", 13)
    viewer.page.keyboard.press("c")
    viewer.until(lambda: "sel=o13" in viewer.page.url and "open=" in viewer.page.url, "state in the URL")
    sha = open_model(models / "mnet_int8.tflite").sha256
    viewer.until(lambda: f"model={sha}" in viewer.page.url, "the model by its SHA-256")
    other = new_viewer().open(viewer.page.url).drawn()
    other.expect_details("#13")
    assert sorted(other.boxes()) == sorted(viewer.boxes())


def test_back_and_forward_return_to_what_was_shown(viewer, serve, models: Path):
    viewer.open(serve(models / "while_if.tflite")).drawn()
    viewer.click("operator", 0)
    viewer.expect_details("body")
    viewer.frame().get_by_role("button", name="while_body").click()
    viewer.until(lambda: "root=4" in viewer.page.url, "inside the loop's body")
    viewer.page.keyboard.press("2")
    viewer.until(lambda: viewer.frame().locator(".overview").count() == 1, "the overview")
    viewer.page.go_back()
    viewer.until(
        lambda: viewer.frame().locator(".surface canvas").count() == 1 and "root=4" in viewer.page.url, "the body again"
    )
    viewer.page.go_back()
    viewer.until(lambda: "root=" not in viewer.page.url, "the main graph again")
    viewer.page.go_forward()
    viewer.until(lambda: "root=4" in viewer.page.url, "the body once more")


def test_subgraphs_open_from_their_operator_and_lead_back(viewer, serve, models: Path):
    viewer.open(serve(models / "while_if.tflite")).drawn()
    viewer.click("operator", 0)
    viewer.expect_details("WHILE", "cond", "body")
    viewer.frame().locator(".panel .facts", has_text="cond").get_by_role("button").first.click()
    crumbs = viewer.frame().get_by_role("navigation", name="Place in the graph")
    viewer.until(lambda: "WHILE #0" in crumbs.inner_text(), "the way back")
    viewer.frame().locator(".surface").focus()
    viewer.page.keyboard.press("Backspace")
    viewer.expect_details("WHILE", "#0")


def test_a_loop_opens_where_it_stands(viewer, new_viewer, serve, models: Path):
    viewer.open(serve(models / "while_if.tflite")).drawn()
    viewer.click("operator", 0, count=2)
    viewer.until(lambda: {(5, 0), (2, 3), (2, 4)} <= set(viewer.boxes()), "the loop open, its condition and body in it")
    _fit(viewer)
    viewer.click("operator", 7)
    viewer.expect_details("IF", "#7", "then")
    viewer.page.keyboard.press("Enter")
    viewer.until(lambda: (5, 7) in viewer.boxes(), "the branch in the loop's body open")
    everything = {item for kind, item in viewer.boxes() if kind in (0, 5)}
    assert everything == set(range(len(open_model(models / "while_if.tflite").operators)))
    assert "root=" not in viewer.page.url
    other = new_viewer().open(viewer.page.url).drawn()
    assert sorted(other.boxes()) == sorted(viewer.boxes())
    _fit(viewer)
    viewer.click("operator", 0, count=2)
    viewer.until(lambda: (0, 0) in viewer.boxes(), "the loop closed")
    viewer.page.keyboard.press("x")
    viewer.until(lambda: {item for kind, item in viewer.boxes() if kind in (0, 5)} == everything, "all operators, flat")


def test_a_layout_can_be_cancelled(viewer, serve, large_model: Path):
    viewer.open(serve(large_model)).drawn()
    before = sorted(viewer.boxes())
    viewer.frame().locator(".surface").focus()
    viewer.page.keyboard.press("x")
    flatten = viewer.frame().get_by_role("button", name="Flatten")
    viewer.until(lambda: flatten.get_attribute("aria-pressed") == "true", "the button pressed")
    viewer.until(lambda: viewer.frame().locator(".working").count(), "a layout at work")
    viewer.page.keyboard.press("Escape")
    viewer.until(lambda: flatten.get_attribute("aria-pressed") == "false", "the layout given up")
    viewer.until(lambda: "flat=" not in viewer.page.url, "the link as it was")
    assert sorted(viewer.boxes()) == before
    viewer.page.keyboard.press("x")
    viewer.until(lambda: len(viewer.boxes()) > 20_000, "all operators at once")


def test_signatures_choose_the_subgraph(viewer, serve, models: Path):
    viewer.open(serve(models / "multi_signature.tflite")).drawn()
    chooser = viewer.frame().get_by_label("Signature or subgraph")
    assert "encode" in chooser.inner_text()
    chooser.select_option(label="roundtrip (roundtrip)")
    viewer.until(lambda: {item for kind, item in viewer.boxes() if kind == 0} == {2, 3}, "the operators of roundtrip")


def test_histogram_selects_the_operators_of_a_type(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    viewer.frame().get_by_role("button", name="CONV_2D 8").first.click()
    viewer.expect_details("8 selected")
    viewer.frame().get_by_role("button", name="clear").click()
    viewer.expect_details("Model")


def test_overview_answers_what_is_in_the_file(viewer, serve, models: Path):
    viewer.open(serve(models / "multi_signature.tflite") + "#tab=overview")
    text = viewer.frame().locator(".overview")
    viewer.until(lambda: text.count() and "Signature encode" in text.inner_text(), "signatures")
    viewer.until(lambda: "min_runtime_version" in text.inner_text(), "metadata")
    for word in ("5.93 KiB", "1,024", "float32", "1 × 32", "Subgraphs"):
        assert word in text.inner_text()
    viewer.frame().get_by_role("button", name="show its graph").first.click()
    viewer.drawn()


def test_keys_are_listed(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    viewer.page.keyboard.press("?")
    dialog = viewer.frame().get_by_role("dialog", name="Keys")
    viewer.until(lambda: dialog.is_visible() and "Backspace" in dialog.inner_text(), "the list of keys")
    viewer.page.keyboard.press("Escape")
    viewer.until(lambda: dialog.count() == 0, "closed")


def test_every_control_is_reached_with_tab_and_shows_focus(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    seen = set()
    for _ in range(60):
        viewer.page.keyboard.press("Tab")
        name, width = viewer.frame().evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " const name = e.getAttribute('aria-label') || e.textContent.trim().slice(0, 30) || e.tagName;"
            " return [name, s.outlineWidth]; }"
        )
        if name not in ("BODY", ""):
            assert width != "0px", f"{name} has no visible focus"
            seen.add(name)
    assert {"Filter operators and tensors", "Zoom in", "Fit", "Keys"} <= seen


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (900, 600)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_frame_fits_every_window(new_viewer, serve, models: Path, size, scheme):
    viewer = new_viewer(*size, color_scheme=scheme).open(serve(models / "mnet_int8.tflite")).drawn()
    page = viewer.frame()
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate("() => document.documentElement.dataset.theme") == scheme
    graph = viewer.frame().locator("main.graph").bounding_box()
    assert graph["width"] >= 0.6 * size[0]


def test_real_models_are_drawn(new_viewer, serve, real_models: dict[str, Path]):
    for name in ("nmp", "digits", "okay_nabu", "face_back", "face_sparse"):
        model = open_model(real_models[name])
        viewer = new_viewer().open(serve(real_models[name])).drawn()
        assert viewer.boxes(), name
        viewer.expect_details(f"{len(model.operators)}")


@pytest.mark.parametrize("name", sorted(path.stem for path in (Path(__file__).parents[1] / "models").glob("*.tflite")))
def test_every_model_is_drawn_in_every_subgraph(viewer, serve, models: Path, name: str):
    """One server on the whole directory; models by their SHA-256, as a link to one would."""
    model = open_model(models / f"{name}.tflite")
    viewer.open(f"{serve(models)}#model={model.sha256}").drawn()
    for graph in range(1, len(model.subgraphs)):
        before = viewer.drawings()
        viewer.frame().get_by_label("Signature or subgraph").select_option(value=str(graph))
        viewer.drawn(before)
