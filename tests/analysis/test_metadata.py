"""What a file says about itself: written by tflite-support, read here, and damaged on purpose."""

from __future__ import annotations

import copy
import io
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis import containers
from tb_tflite_plugin.analysis.containers import appended_file, open_model
from tb_tflite_plugin.analysis.errors import ModelError
from tb_tflite_plugin.analysis.metadata import metadata
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.analysis.report import Report

HERE = Path(__file__).parent
WRITTEN = (HERE / "metadata.bin").read_bytes()
LABELS = b"cat\ndog\nowl\n"


@pytest.fixture
def with_metadata(handmade: Any) -> Callable[..., Model]:
    """A model with two inputs and three outputs, of which the first has three scores."""

    def make(entry: bytes = WRITTEN, files: dict[str, bytes] | None = None, outputs: int = 3) -> Model:
        model = copy.deepcopy(handmade)
        shapes = [[1, 224, 192, 3], [1, 16000], [1, 3], [1, 4, 4], [1]]
        tensors = [model.tensor(shape) for shape in shapes]
        model.graph.inputs, model.graph.outputs = tensors[:2], tensors[2 : 2 + outputs]
        model.op("OwnOp", tensors[:2], tensors[2:])
        buffer = model.buffer(entry)
        model.model.metadata = [tfl.MetadataT(name="TFLITE_METADATA", buffer=buffer)]
        return open_model(model.pack() + (zipped(files) if files else b""))

    return make


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def by_name(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in rows}


def test_every_table_that_is_written_is_read(with_metadata: Callable[..., Model]) -> None:
    summary = metadata(with_metadata()).summary
    assert summary["present"]
    assert {name: summary[name] for name in ("name", "description", "version", "author", "license")} == {
        "name": "Everything", "description": "has it all", "version": "v7", "author": "somebody",
        "license": "Apache-2.0",
    }  # fmt: skip
    tensors = by_name(summary["tensors"])
    assert {name: (row["role"], row["tensor"], row["content"]) for name, row in tensors.items()} == {
        "photo": ("input", 0, "image RGB 224×192"),
        "sound": ("input", 1, "audio 16000 Hz, 1 channels"),
        "scores": ("output", 2, "feature"),
        "boxes": ("output", 3, "bounding box CENTER PIXEL"),
        "rest": ("output", 4, None),
    }
    photo = tensors["photo"]
    assert (photo["mean"], photo["std"]) == ([127.5, 127.5, 100.0], [127.5, 127.5, 120.0])
    assert (photo["min"], photo["max"], photo["units"]) == ([-1.0], [1.0], [])
    assert tensors["scores"]["units"] == [
        {"unit": "ScoreCalibrationOptions", "score_transformation": "LOG", "default_score": 0.25},
        {"unit": "ScoreThresholdingOptions", "global_score_threshold": 0.5},
    ]
    assert tensors["sound"]["units"] == [
        {"unit": "BertTokenizerOptions", "vocab_file": ["vocab.txt"]},
        {"unit": "RegexTokenizerOptions", "vocab_file": ["vocab.txt"], "delim_regex_pattern": "[^\\w]+"},
    ]
    assert summary["process_units"] == [
        {"subgraph": 0, "role": "input", "unit": "SentencePieceTokenizerOptions",
         "sentencePiece_model": ["pieces.model"], "vocab_file": []},
    ]  # fmt: skip


def test_the_file_is_what_tflite_support_writes(
    load: Callable[[Path], ModuleType], archive: Callable[[str], Path], tmp_path: Path
) -> None:
    writer = load(HERE / "metadata_writer.py")
    assert writer.write(writer.classes(archive("tflite-support==0.4.4"), tmp_path)) == WRITTEN


def test_files_are_those_of_the_zip_and_those_that_are_missing(with_metadata: Callable[..., Model]) -> None:
    model = with_metadata(files={"extra.bin": b"x" * 7, "labels.txt": LABELS})
    report = metadata(model)
    files = by_name(report.summary["files"])
    assert [(name, row["place"]) for name, row in files.items()] == [
        ("extra.bin", 0), ("labels.txt", 1), ("readme.txt", None), ("graph.txt", None), ("calibration.csv", None),
    ]  # fmt: skip
    labels = files["labels.txt"]
    assert (labels["type"], labels["locale"], labels["tensor"]) == ("TENSOR_AXIS_LABELS", "en", 2)
    assert (labels["size_bytes"], labels["lines"], labels["first_lines"]) == (12, 3, ["cat", "dog", "owl"])
    assert not files["extra.bin"]["described"]
    assert codes(report) == ["metadata-file-missing"]
    assert "readme.txt, graph.txt, calibration.csv" in report.findings[0].message
    assert appended_file(model, 1, 100) == LABELS


def test_labels_that_fit_no_axis(with_metadata: Callable[..., Model]) -> None:
    report = metadata(with_metadata(files={"labels.txt": b"cat\ndog\n"}))
    (wrong,) = [finding for finding in report.findings if finding.code == "metadata-labels"]
    assert "2 labels" in wrong.message
    assert "1×3" in wrong.message
    assert wrong.operators == (0,)


def test_two_labels_for_one_score_are_right(handmade: Any) -> None:
    model = handmade
    tensors = [model.tensor(shape) for shape in ([1, 4], [1, 4], [1, 1])]
    model.graph.inputs, model.graph.outputs = tensors[:2], tensors[2:]
    model.model.metadata = [tfl.MetadataT(name="TFLITE_METADATA", buffer=model.buffer(WRITTEN))]
    made = open_model(model.pack() + zipped({"labels.txt": b"left\nright\n"}))
    # The metadata describes three outputs, of which this model has one.
    assert codes(metadata(made)) == ["metadata-tensors", "metadata-file-missing"]


def test_more_tensors_than_there_are(with_metadata: Callable[..., Model]) -> None:
    report = metadata(with_metadata(outputs=2))
    assert "metadata-tensors" in codes(report)
    assert by_name(report.summary["tensors"])["rest"]["tensor"] is None


def test_a_deviation_of_nothing(with_metadata: Callable[..., Model]) -> None:
    zero = WRITTEN.replace(struct.pack("<f", 120.0), struct.pack("<f", 0.0))
    assert "metadata-normalization" in codes(metadata(with_metadata(zero)))


def test_models_without_metadata(model_path: Path) -> None:
    report = metadata(open_model(model_path))
    assert not report.summary["present"]
    assert report.summary["tensors"] == []
    assert report.findings == ()
    assert all(entry["size_bytes"] > 0 for entry in report.summary["entries"])


def test_short_entries_are_shown_as_text(models: Path) -> None:
    entries = metadata(open_model(models / "mnet_fp16.tflite")).summary["entries"]
    assert by_name(entries)["reduced_precision_support"]["text"] == "fp16accfp32"
    assert by_name(entries)["CONVERSION_METADATA"]["text"] is None


@pytest.mark.parametrize("entry", [b"", b"M001", b"\0" * 64, WRITTEN[:40], b"\x40\0\0\0XXXX" + bytes(90)])
def test_what_is_no_metadata_is_a_finding(with_metadata: Callable[..., Model], entry: bytes) -> None:
    report = metadata(with_metadata(entry))
    assert codes(report) == ["metadata-damaged"]
    assert report.summary["tensors"] == []


def test_damage_is_a_finding_wherever_it_is(with_metadata: Callable[..., Model]) -> None:
    model = with_metadata()
    start = int(model.buffers.start[model.metadata[0].buffer])
    whole = model.source.data.tobytes()
    damaged = 0
    generator = random.Random(5)
    for place in range(len(WRITTEN)):
        data = bytearray(whole)
        data[start + place] ^= 1 << generator.randrange(8)
        damaged += "metadata-damaged" in codes(metadata(open_model(bytes(data))))
    assert 100 < damaged < len(WRITTEN)


def test_a_text_that_is_said_to_be_longer_than_the_file(with_metadata: Callable[..., Model]) -> None:
    huge = WRITTEN.replace(struct.pack("<I", 10) + b"Everything", struct.pack("<I", 1 << 30) + b"Everything")
    assert huge != WRITTEN
    assert codes(metadata(with_metadata(huge))) == ["metadata-damaged"]


def test_files_are_unpacked_up_to_a_limit(with_metadata: Callable[..., Model]) -> None:
    model = with_metadata(files={"labels.txt": b"\n" * (2 << 20)})
    report = metadata(model)
    assert "metadata-file-damaged" in codes(report)
    with pytest.raises(ModelError, match="at most 1000"):
        appended_file(model, 0, 1000)
    assert len(appended_file(model, 0, 4 << 20)) == 2 << 20


def test_a_file_that_unpacks_to_more_than_it_says_gives_what_it_says(with_metadata: Callable[..., Model]) -> None:
    packed = bytearray(zipped({"bomb": b"\0" * (8 << 20)}))
    directory = packed.rindex(b"PK\1\2")
    struct.pack_into("<I", packed, directory + 24, 10)  # the size unpacked
    model = open_model(with_metadata().source.data.tobytes() + bytes(packed))
    with pytest.raises(ModelError, match="damaged"):  # ten bytes have another sum
        appended_file(model, 0, 100)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(with_metadata: Callable[..., Model], method: int) -> None:
    model = open_model(with_metadata().source.data.tobytes() + zipped({"labels.txt": LABELS}, method))
    with pytest.raises(ModelError, match="not read here"):
        appended_file(model, 0, 100)
    assert "metadata-file-damaged" in codes(metadata(model))


def test_a_damaged_file_names_itself(with_metadata: Callable[..., Model]) -> None:
    packed = bytearray(zipped({"labels.txt": LABELS}, zipfile.ZIP_STORED))
    packed[packed.index(LABELS)] ^= 1
    model = open_model(with_metadata().source.data.tobytes() + bytes(packed))
    with pytest.raises(ModelError, match=r"labels\.txt.*damaged"):
        appended_file(model, 0, 100)


def test_real_bundle(real_models: dict[str, Path]) -> None:
    bundle = real_models["gestures.task"]
    detector = open_model(f"{bundle}!hand_landmarker.task!hand_detector.tflite")
    report = metadata(detector)
    assert report.findings == ()
    assert by_name(report.summary["tensors"])["image"]["std"] == [255.0]
    assert by_name(report.summary["files"])["labels.txt"]["first_lines"] == ["palm"]
    # Here the labels of handedness are given to an output of 63 landmarks.
    landmarks = open_model(f"{bundle}!hand_landmarker.task!hand_landmarks_detector.tflite")
    assert codes(metadata(landmarks)) == ["metadata-labels"]
    assert len(containers.appended_files(landmarks)) == 1
