"""Looking at the graph: traces, rubber band, map, touch, keys, history and pictures as files."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tb_tflite_plugin import open_model
from tb_tflite_plugin.static_report import static_report
from tb_tflite_plugin.summary import log_model

SVG = "{http://www.w3.org/2000/svg}"


def window(viewer: Any) -> dict[str, float]:
    """The part of the world that is on the screen."""
    return dict(viewer.frame().evaluate("() => document.querySelector('.surface canvas').graph.window"))


def zoom(viewer: Any) -> float:
    return float(viewer.frame().evaluate("() => document.querySelector('.surface canvas').graph.zoom"))


def traced(viewer: Any) -> set[int]:
    """Operators whose boxes belong to the trace."""
    return set(
        viewer.frame().evaluate(
            """() => {
                const { scene, picture } = document.querySelector('.surface canvas').graph;
                const { kind, item } = scene.boxes;
                const traced = picture.marks.traced?.boxes ?? [];
                return Array.from(item).filter((_, i) => kind[i] === 0 && traced[i] === 1);
            }"""
        )
    )


def selected(viewer: Any) -> list[str]:
    found = re.search(r"[#&]sel=([^&]*)", viewer.page.url)
    return found[1].split(".") if found else []


def at(viewer: Any, operator: int) -> tuple[float, float]:
    """The middle of an operator's box, on the page."""
    x, y = viewer.place("operator", operator)
    canvas = viewer.frame().locator(".surface canvas").bounding_box()
    return canvas["x"] + x, canvas["y"] + y


def test_traces_show_inputs_outputs_and_what_is_near(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_v2_int8.tflite")).drawn()
    trace = viewer.frame().get_by_role("toolbar", name="Trace")
    viewer.click("operator", 10)
    trace.get_by_role("button", name="Inputs").click()
    viewer.until(lambda: traced(viewer) == set(range(11)), "the operators before the tenth")
    assert "10 operators · inputs of CONV_2D #10" in trace.inner_text()
    viewer.frame().locator(".surface").focus()
    viewer.page.keyboard.press("u")
    viewer.until(lambda: min(traced(viewer)) == 10 and max(traced(viewer)) == 24, "the operators behind it")
    viewer.page.keyboard.press("n")
    viewer.until(lambda: {9, 10, 11} <= traced(viewer) and len(traced(viewer)) < 9, "what is near")
    near = traced(viewer)
    viewer.page.keyboard.press("]")
    viewer.until(lambda: traced(viewer) > near, "a little more")
    viewer.page.keyboard.press("[")
    viewer.until(lambda: traced(viewer) == near, "and less again")
    viewer.page.keyboard.press("Escape")
    viewer.until(lambda: traced(viewer) == set() and selected(viewer) == ["o10"], "no trace; the selection stays")


def operators(viewer) -> set[int]:
    """The operators in the scene."""
    return {item for kind, item in viewer.boxes() if kind in (0, 5)}


def scene_height(viewer) -> float:
    return float(viewer.frame().evaluate("() => document.querySelector('.surface canvas').graph.scene.height"))


def test_paths_between_two(viewer, new_viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_v2_int8.tflite")).drawn()
    trace = viewer.frame().get_by_role("toolbar", name="Trace")
    viewer.click("operator", 7)
    viewer.until(lambda: trace.count() == 1, "what can be traced")
    assert trace.get_by_role("button", name="Paths").count() == 0
    viewer.click("operator", 11, modifiers=["Control"])
    trace.get_by_role("button", name="Paths").click()
    viewer.until(lambda: traced(viewer) == {7, 8, 9, 10, 11}, "the two branches between them")
    height = scene_height(viewer)
    viewer.frame().get_by_role("button", name="Hide rest").click()
    viewer.until(lambda: "trace=!paths" in viewer.page.url.replace("%21", "!"), "the trace in the URL")
    viewer.until(lambda: operators(viewer) == {7, 8, 9, 10, 11}, "nothing else laid out")
    viewer.until(lambda: scene_height(viewer) < height / 2, "no gaps where it was")
    other = new_viewer().open(viewer.page.url).drawn()
    other.until(lambda: traced(other) == operators(other) == {7, 8, 9, 10, 11}, "the same from the link")
    viewer.frame().locator(".surface").focus()
    viewer.page.keyboard.press("h")
    viewer.until(lambda: scene_height(viewer) == height, "all of it again")
    viewer.until(lambda: traced(viewer) == {7, 8, 9, 10, 11}, "with the trace")
    viewer.page.keyboard.press("h")
    viewer.until(lambda: operators(viewer) == {7, 8, 9, 10, 11}, "only these again")
    viewer.page.keyboard.press("Escape")
    viewer.until(lambda: scene_height(viewer) == height, "all of it when the trace ends")


def test_a_trace_ends_where_it_has_nothing(viewer, serve, models: Path):
    viewer.open(serve(models / "multi_signature.tflite")).drawn()
    viewer.click("operator", 0)
    viewer.frame().locator(".surface").focus()
    viewer.page.keyboard.press("p")
    assert "trace=" not in viewer.page.url, "paths need two ends"
    viewer.page.keyboard.press("i")
    viewer.until(lambda: "trace=inputs" in viewer.page.url, "a trace")
    viewer.frame().get_by_label("Signature or subgraph").select_option(label="roundtrip (roundtrip)")
    viewer.until(lambda: {item for kind, item in viewer.boxes() if kind == 0} == {2, 3}, "the other subgraph")
    viewer.frame().get_by_role("button", name="End the trace").click()
    viewer.until(lambda: "trace=" not in viewer.page.url, "no trace")


def test_boxes_are_selected_one_by_one_or_in_a_rectangle(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_v2_int8.tflite")).drawn()
    viewer.click("operator", 3)
    viewer.click("operator", 5, modifiers=["Control"])
    viewer.until(lambda: selected(viewer) == ["o3", "o5"], "two")
    viewer.click("operator", 3, modifiers=["Shift"])
    viewer.until(lambda: selected(viewer) == ["o5"], "one taken out")
    (left, top), (right, bottom) = at(viewer, 9), at(viewer, 10)
    mouse, keyboard = viewer.page.mouse, viewer.page.keyboard
    before = window(viewer)
    keyboard.down("Shift")
    mouse.move(left - 10, top - 8)
    mouse.down()
    mouse.move(right + 10, bottom + 8, steps=4)
    mouse.up()
    keyboard.up("Shift")
    viewer.until(lambda: selected(viewer) == ["o5", "o9", "o10"], "those in the rectangle as well")
    assert window(viewer) == before, "the picture did not move"
    viewer.expect_details("3 selected")


def short_line(viewer: Any, least: int) -> tuple[float, float, list[int]]:
    """The middle of a line from one rank to the next that carries so many tensors at least, not an input; and these."""
    x, y, tensors = viewer.frame().evaluate(
        """(least) => {
            const { graph } = document.querySelector('.surface canvas');
            const { boxes, lines } = graph.scene;
            const { x, y } = graph.window;
            const carried = (i) => lines.tensors.values.slice(lines.tensors.offsets[i], lines.tensors.offsets[i + 1]);
            const line = lines.from.findIndex((from, i) => {
              const isShort = lines.offsets[i + 1] - lines.offsets[i] === 4;
              return isShort && boxes.kind[from] !== 3 && carried(i).length >= least;
            });
            const [x0, y0, x1, y1] = lines.points.slice(lines.offsets[line]);
            return [((x0 + x1) / 2 - x) * graph.zoom, ((y0 + y1) / 2 - y) * graph.zoom, Array.from(carried(line))];
        }""",
        least,
    )
    return x, y, tensors


def test_lines_are_hovered_and_clicked(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_v2_int8.tflite")).drawn()
    x, y, (tensor,) = short_line(viewer, 1)
    canvas = viewer.frame().locator(".surface canvas")
    canvas.hover(position={"x": x + 1, "y": y})
    name = open_model(models / "mnet_v2_int8.tflite").tensors.name[tensor]
    card = viewer.frame().get_by_role("tooltip")
    viewer.until(lambda: card.count() == 1 and name in card.inner_text(), "the card of the tensor")
    for word in ("int8", "made by", "read by"):
        assert word in card.inner_text()
    canvas.click(position={"x": x, "y": y})
    viewer.until(lambda: selected(viewer) == [f"t{tensor}"], "the tensor selected")


def test_a_line_between_groups_tells_of_all_that_it_carries(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8_numericverify.tflite")).drawn()
    x, y, tensors = short_line(viewer, 2)
    assert len(tensors) == 7
    viewer.frame().locator(".surface canvas").hover(position={"x": x + 1, "y": y})
    card = viewer.frame().get_by_role("tooltip")
    viewer.until(lambda: card.count() == 1, "a card")
    assert card.locator("b").inner_text().startswith("7 tensors · ")
    names = open_model(models / "mnet_int8_numericverify.tflite").tensors.name
    shown = card.locator("dt").all_inner_texts()
    assert [name in names[tensor] for name, tensor in zip(shown, tensors, strict=True)] == [True] * 7
    assert all("1×8×8" in text or "1×4×4" in text for text in card.locator("dd").all_inner_texts())


def test_the_hover_card_tells_all_of_an_operator(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_int8.tflite")).drawn()
    x, y = viewer.place("operator", 10)
    viewer.frame().locator(".surface canvas").hover(position={"x": x, "y": y})
    card = viewer.frame().get_by_role("tooltip")
    viewer.until(lambda: card.count() == 1, "a card")
    for word in ("CONV_2D #10", "block3_project", "in main › mnet", "filter", "24×1×1×72", "stored", "output"):
        assert word in card.inner_text()


def test_the_map_shows_where_one_is_and_leads_there(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_v2_int8.tflite")).drawn()
    here = viewer.frame().locator(".minimap")
    assert here.count() == 0, "all is in view"
    viewer.frame().locator(".surface").focus()
    for _ in range(5):
        viewer.page.keyboard.press("+")
    viewer.until(lambda: here.count() == 1, "a map once not all is in view")
    box = viewer.frame().locator(".map").bounding_box()
    mouse = viewer.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.9, steps=3)
    mouse.up()
    world = viewer.frame().evaluate("() => document.querySelector('.surface canvas').graph.scene.height")
    part = window(viewer)
    assert part["y"] + part["height"] / 2 == pytest.approx(0.9 * world, rel=0.05)
    viewer.page.keyboard.press("v")
    viewer.until(lambda: viewer.frame().locator(".map").count() == 0, "the map folded")


def test_keys_zoom_about_the_pointer_and_fit(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_v2_int8.tflite")).drawn()
    before = zoom(viewer)
    x, y = at(viewer, 10)
    viewer.page.mouse.move(x, y)
    viewer.page.keyboard.press("+")
    viewer.until(lambda: zoom(viewer) > before, "larger")
    now = at(viewer, 10)
    assert now == (pytest.approx(x, abs=1), pytest.approx(y, abs=1)), "what is under the pointer stays there"
    viewer.click("operator", 10)
    viewer.page.keyboard.press("s")
    viewer.until(lambda: zoom(viewer) == pytest.approx(2), "the selection as large as sensible")
    viewer.page.keyboard.press("0")
    viewer.until(lambda: zoom(viewer) == pytest.approx(1), "actual size")
    viewer.page.keyboard.press("f")
    viewer.until(lambda: zoom(viewer) == pytest.approx(before), "all of it")


def fingers(viewer: Any) -> Callable[..., None]:
    """Puts fingers on the screen, moves them or, without places, takes them off."""
    session = viewer.page.context.new_cdp_session(viewer.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    return touch


def test_fingers_pan_zoom_and_select(new_viewer, serve, models: Path):
    viewer = new_viewer(has_touch=True).open(serve(models / "mnet_v2_int8.tflite")).drawn()
    touch = fingers(viewer)
    x, y = at(viewer, 10)
    touch("touchStart", (x, y))
    touch("touchEnd")
    viewer.until(lambda: selected(viewer) == ["o10"], "a tap selects")
    before = zoom(viewer)
    touch("touchStart", (x - 40, y), (x + 40, y))
    for reach in (60, 90, 120):
        touch("touchMove", (x - reach, y), (x + reach, y))
    touch("touchEnd")
    viewer.until(lambda: zoom(viewer) == pytest.approx(3 * before, rel=0.05), "two fingers zoom")
    now = at(viewer, 10)
    assert now == (pytest.approx(x, abs=3), pytest.approx(y, abs=3)), "about their middle"
    left = window(viewer)["x"]
    touch("touchStart", (x, y))
    for step in (30, 60, 100):
        touch("touchMove", (x - step, y))
    touch("touchEnd")
    viewer.until(lambda: (window(viewer)["x"] - left) * zoom(viewer) == pytest.approx(100, abs=1), "one finger pans")
    assert selected(viewer) == ["o10"]


def test_a_pinch_on_a_trackpad_zooms_and_two_fingers_pan(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_v2_int8.tflite")).drawn()
    before, part = zoom(viewer), window(viewer)
    viewer.page.mouse.move(*at(viewer, 10))
    viewer.page.mouse.wheel(6, 9)
    viewer.until(lambda: window(viewer)["x"] != part["x"], "the picture moved")
    assert zoom(viewer) == before
    viewer.page.keyboard.down("Control")
    viewer.page.mouse.wheel(0, -20)
    viewer.page.keyboard.up("Control")
    viewer.until(lambda: zoom(viewer) == pytest.approx(before * 2.718281828**0.2, rel=0.01), "a pinch zooms")


def test_the_canvas_is_as_fine_as_the_screen(new_viewer, serve, models: Path):
    viewer = new_viewer(device_scale_factor=1.5).open(serve(models / "mnet_int8.tflite")).drawn()
    fineness = """() => {
        const canvas = document.querySelector('.surface canvas');
        return canvas.width / canvas.clientWidth;
    }"""
    assert viewer.frame().evaluate(fineness) == pytest.approx(1.5, rel=0.002)
    session = viewer.page.context.new_cdp_session(viewer.page)
    session.send(
        "Emulation.setDeviceMetricsOverride",
        {"width": 1400, "height": 900, "deviceScaleFactor": 2, "mobile": False},
    )
    viewer.until(
        lambda: viewer.frame().evaluate(fineness) == pytest.approx(2, rel=0.002), "as fine as the other screen"
    )


def test_motion_is_left_out_where_people_prefer_that(new_viewer, serve, models: Path):
    viewer = new_viewer(reduced_motion="reduce").open(serve(models / "mnet_int8.tflite")).drawn()
    viewer.frame().evaluate("() => document.querySelector('.surface canvas').graph.zoomBy(2, false)")
    first = zoom(viewer)
    viewer.page.wait_for_timeout(200)
    assert zoom(viewer) == first


def test_what_is_opened_entered_and_found_is_in_the_history(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_v2_int8.tflite")).drawn()
    first = sorted(viewer.boxes())
    group = next(item for kind, item in viewer.boxes() if kind == 2)
    viewer.click("group", group, count=2)
    viewer.until(lambda: (1, group) in viewer.boxes(), "the group closed")
    place = viewer.place("group", group)
    viewer.page.go_back()
    viewer.until(lambda: sorted(viewer.boxes()) == first, "open again")
    viewer.page.go_forward()
    viewer.until(lambda: (1, group) in viewer.boxes(), "closed again")
    back = viewer.place("group", group)
    assert back == (pytest.approx(place[0], abs=2), pytest.approx(place[1], abs=2)), "and where it was"
    viewer.page.keyboard.press("/")
    viewer.page.keyboard.type("hswish")
    viewer.until(lambda: viewer.frame().get_by_role("option").count() > 0, "a result")
    viewer.page.keyboard.press("Enter")
    viewer.expect_details("HARD_SWISH")
    viewer.page.go_back()
    viewer.until(lambda: (1, group) in viewer.boxes(), "what was shown before the search")
    viewer.until(lambda: "sel=o" not in viewer.page.url, "and selected")


def test_breadcrumbs_lead_from_the_subgraph_to_what_is_selected(viewer, serve, models: Path):
    viewer.open(serve(models / "mnet_v2_int8.tflite")).drawn()
    viewer.click("operator", 10)
    crumbs = viewer.frame().get_by_role("navigation", name="Place in the graph")
    viewer.until(lambda: "CONV_2D #10" in crumbs.inner_text(), "the way to the selection")
    crumbs.get_by_role("button", name="mnet").click()
    viewer.until(lambda: selected(viewer)[0].startswith("g"), "the group selected")


def saved(viewer: Any, kind: str, folder: Path) -> Path:
    """The file that the menu saves."""
    menu = viewer.frame().locator("details.menu")
    if menu.get_attribute("open") is None:
        menu.locator("summary").click()
    with viewer.page.expect_download() as download:
        menu.get_by_role("button", name=f"Save {kind}").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_the_whole_graph_is_saved_whatever_is_on_the_screen(viewer, serve, models: Path, tmp_path: Path):
    viewer.open(serve(models / "mnet_v2_int8.tflite")).drawn()
    viewer.frame().locator(".surface").focus()
    for _ in range(6):
        viewer.page.keyboard.press("+")
    svg = saved(viewer, "SVG", tmp_path)
    assert svg.name == "mnet_v2_int8.tflite_main.svg"
    root = ET.parse(svg).getroot()
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert sum(text == "CONV_2D" for text in texts) == 10
    assert {"ADD", "SOFTMAX", "int8 1×32×32×3", "RELU6"} <= set(texts)
    png = saved(viewer, "PNG", tmp_path).read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    assert width == pytest.approx(2 * float(root.attrib["width"]), abs=2)
    assert height == pytest.approx(2 * float(root.attrib["height"]), abs=2)


def test_a_picture_too_large_for_a_canvas_is_made_smaller_and_says_so(viewer, serve, large_model, tmp_path: Path):
    viewer.open(serve(large_model) + "#flat=1").drawn()
    png = saved(viewer, "PNG", tmp_path).read_bytes()
    width, height = struct.unpack(">II", png[16:24])
    assert max(width, height) <= 16_384
    assert width * height <= 2**26
    viewer.until(lambda: "too large" in viewer.frame().locator("details.menu [role=status]").inner_text(), "a note")


def test_pictures_are_saved_under_tensorboards_policy(viewer, tensorboard, models: Path, tmp_path: Path):
    log_model(tmp_path / "logs", models / "mnet_int8.tflite")
    viewer.open(f"{tensorboard(tmp_path / 'logs')}#tflite")
    viewer.until(lambda: viewer.frame() is not viewer.page.main_frame, "the plugin's frame")
    viewer.drawn()
    assert "CONV_2D" in saved(viewer, "SVG", tmp_path).read_text("utf-8")
    assert saved(viewer, "PNG", tmp_path).read_bytes().startswith(b"\x89PNG")


def test_pictures_are_saved_from_a_report_on_disk(viewer, models: Path, tmp_path: Path):
    report = tmp_path / "report.html"
    report.write_text(static_report(open_model(models / "mnet_int8.tflite")), "utf-8")
    viewer.open(report.as_uri()).drawn()
    assert "CONV_2D" in saved(viewer, "SVG", tmp_path).read_text("utf-8")
    assert saved(viewer, "PNG", tmp_path).read_bytes().startswith(b"\x89PNG")
