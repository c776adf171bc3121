"""Writes tests/analysis/metadata.bin with tflite-support's own classes: every table and field that is read, once."""

from __future__ import annotations

import importlib.util
import types
import zipfile
from pathlib import Path
from typing import Any

import flatbuffers

_CLASSES = "tensorflow_lite_support/metadata/metadata_schema_py_generated.py"


def classes(wheel: Path, folder: Path) -> types.ModuleType:
    """The generated classes in a wheel of tflite-support; they need flatbuffers and nothing else."""
    file = folder / "metadata_schema_py_generated.py"
    file.write_bytes(zipfile.ZipFile(wheel).read(_CLASSES))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(m: Any) -> bytes:
    """The metadata of a model with two inputs and three outputs."""

    def made(kind: str, **fields: Any) -> Any:
        table = getattr(m, f"{kind}T")()
        for name, value in fields.items():
            assert hasattr(table, name), name
            setattr(table, name, value)
        return table

    def unit(kind: str, **fields: Any) -> Any:
        return made("ProcessUnit", optionsType=getattr(m.ProcessUnitOptions, kind), options=made(kind, **fields))

    def content(kind: str, **fields: Any) -> Any:
        value = getattr(m.ContentProperties, kind)
        return made("Content", contentPropertiesType=value, contentProperties=made(kind, **fields))

    def file(name: str, kind: str, **fields: Any) -> Any:
        return made("AssociatedFile", name=name, type=getattr(m.AssociatedFileType, kind), **fields)

    size = made("ImageSize", width=224, height=192)
    image = made(
        "TensorMetadata", name="photo", description="a picture",
        content=content("ImageProperties", colorSpace=m.ColorSpaceType.RGB, defaultSize=size),
        processUnits=[unit("NormalizationOptions", mean=[127.5, 127.5, 100.0], std=[127.5, 127.5, 120.0])],
        stats=made("Stats", min=[-1.0], max=[1.0]), dimensionNames=["batch", "row", "column", "color"],
    )  # fmt: skip
    sound = made(
        "TensorMetadata", name="sound", content=content("AudioProperties", sampleRate=16000, channels=1),
        processUnits=[
            unit("BertTokenizerOptions", vocabFile=[file("vocab.txt", "VOCABULARY")]),
            unit("RegexTokenizerOptions", delimRegexPattern="[^\\w]+", vocabFile=[file("vocab.txt", "VOCABULARY")]),
        ],
    )  # fmt: skip
    scores = made(
        "TensorMetadata", name="scores", content=content("FeatureProperties"),
        processUnits=[
            unit("ScoreCalibrationOptions", scoreTransformation=m.ScoreTransformationType.LOG, defaultScore=0.25),
            unit("ScoreThresholdingOptions", globalScoreThreshold=0.5),
        ],
        associatedFiles=[
            file("labels.txt", "TENSOR_AXIS_LABELS", description="what it may be", locale="en"),
            file("calibration.csv", "TENSOR_AXIS_SCORE_CALIBRATION"),
        ],
    )  # fmt: skip
    boxes = made(
        "TensorMetadata", name="boxes",
        content=content(
            "BoundingBoxProperties", index=[1, 0, 3, 2], type=m.BoundingBoxType.CENTER,
            coordinateType=m.CoordinateType.PIXEL,
        ),
    )  # fmt: skip
    pieces = [file("pieces.model", "UNKNOWN")]
    graph = made(
        "SubGraphMetadata", name="main", inputTensorMetadata=[image, sound],
        outputTensorMetadata=[scores, boxes, made("TensorMetadata", name="rest")],
        inputProcessUnits=[unit("SentencePieceTokenizerOptions", sentencePieceModel=pieces, vocabFile=[])],
        associatedFiles=[file("graph.txt", "DESCRIPTIONS")],
    )  # fmt: skip
    model = made(
        "ModelMetadata", name="Everything", description="has it all", version="v7", author="somebody",
        license="Apache-2.0", minParserVersion="1.3.0", subgraphMetadata=[graph],
        associatedFiles=[file("readme.txt", "DESCRIPTIONS")],
    )  # fmt: skip
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"M001")
    return bytes(builder.Output())
