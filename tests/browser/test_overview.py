"""The Overview: what runs the model, what is wrong with it, what it says about itself."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import flatbuffers
from ai_edge_litert import schema_py_generated as tfl

DESCRIBED = Path(__file__).parents[1] / "analysis" / "metadata.bin"


def described(model: Path, target: Path) -> Path:
    """A model with the metadata of the tests, and labels."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("labels.txt", "cat\ndog\n<b>owl</b>\n")
    root = tfl.ModelT.InitFromObj(tfl.Model.GetRootAs(model.read_bytes()))
    root.buffers.append(tfl.BufferT(data=list(DESCRIBED.read_bytes())))
    root.metadata.append(tfl.MetadataT(name="TFLITE_METADATA", buffer=len(root.buffers) - 1))
    builder = flatbuffers.Builder(1024)
    builder.Finish(root.Pack(builder), b"TFL3")
    target.write_bytes(bytes(builder.Output()) + packed.getvalue())
    return target


def overview(viewer, *texts: str):
    shown = viewer.frame().locator(".overview")
    viewer.until(lambda: shown.count() and all(text in shown.inner_text() for text in texts), f"{texts}")
    viewer.until(lambda: "still at work" not in shown.inner_text(), "all analyses")
    return shown


def test_findings_lead_to_their_operators(viewer, serve, models: Path):
    viewer.open(serve(models / "ondevice_training.tflite") + "#tab=overview")
    shown = overview(viewer, "needs-tensorflow", "1 warning")
    assert "2.6.0 or later" in shown.inner_text()
    assert "ReluGrad" in shown.inner_text()
    shown.get_by_role("button", name="6 operators").click()
    viewer.drawn()
    viewer.expect_details("6 selected")


def test_variables_and_the_signatures_that_write_them(viewer, serve, models: Path):
    viewer.open(serve(models / "ondevice_training.tflite") + "#tab=overview")
    shown = overview(viewer, "kept between inferences", "d1/kernel")
    assert shown.get_by_text("Writes variables").count() == 2
    assert "CALL_ONCE #0" in shown.inner_text()
    shown.get_by_role("button", name="ASSIGN_VARIABLE #25").click()
    viewer.drawn()
    viewer.expect_details("ASSIGN_VARIABLE")


def test_metadata_labels_and_downloads(viewer, serve, models: Path, tmp_path: Path):
    viewer.open(serve(described(models / "tiny_mlp.tflite", tmp_path / "described.tflite")) + "#tab=overview")
    shown = overview(viewer, "metadata-tensors", "Everything")
    text = shown.inner_text()
    assert "(x − [127.5, 127.5, 100]) / [127.5, 127.5, 120]" in text
    assert "image RGB 224×192" in text
    assert "cat, dog, <b>owl</b>" in text
    assert shown.locator("b b, td b").count() == 0
    with viewer.page.expect_download() as download:
        shown.get_by_role("link", name="labels.txt").click()
    assert download.value.suggested_filename == "labels.txt"
    assert Path(download.value.path()).read_bytes() == b"cat\ndog\n<b>owl</b>\n"
