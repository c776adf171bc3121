"""What the file says about itself: the ``metadata`` report. Its figures are defined in docs/metadata.md.

Nothing of TFLITE_METADATA is needed to run a model, so damage in it is a finding and no error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..containers import appended_file, appended_files
from ..errors import ModelError
from ..model import Model
from ..report import Column, Finding, Kind, Report
from .decode import ENTRY, Described, decode

# Label files are read up to this size, so many of them, and so many labels are shown.
_MOST_LABEL_BYTES = 1 << 20
_MOST_LABEL_FILES = 16
_SHOWN_LABELS = 8
_SHOWN_TEXT = 64
_LABELS = ("TENSOR_AXIS_LABELS", "TENSOR_VALUE_LABELS")


def metadata(model: Model) -> Report:
    """One row per tensor that the metadata describes: name, content, normalisation, range, files."""
    findings: list[Finding] = []
    try:
        described = decode(model)
    except ModelError as error:
        described = None
        message = f"{ENTRY} cannot be read: {error.reason} (byte {error.offset}); write it anew with tflite-support"
        findings.append(Finding("warning", "metadata-damaged", message))
    present = any(entry.name == ENTRY for entry in model.metadata)
    described = described or Described()
    for row in described.tensors:
        row["tensor"] = _tensor_of(model, row)
    files = _files(model, described)
    findings += [*_count_findings(model, described), *_value_findings(described), *_file_findings(model, files)]
    entries = [
        {"name": e.name, "size_bytes": int(model.buffers.size[e.buffer]), "text": _short_text(model, e.buffer)}
        for e in model.metadata
    ]
    summary = {
        "present": present, **described.model, "tensors": described.tensors, "process_units": described.units,
        "files": files, "entries": entries,
    }  # fmt: skip
    return Report("metadata", summary, _columns(described.tensors), tuple(findings))


def _tensor_of(model: Model, row: dict[str, Any]) -> int | None:
    """The global id of a described tensor: the metadata lists them in the order of the subgraph's own."""
    graphs = model.subgraphs
    if row["subgraph"] >= len(graphs):
        return None
    tensors = (graphs.inputs if row["role"] == "input" else graphs.outputs)[row["subgraph"]]
    return int(tensors[row["place"]]) if row["place"] < len(tensors) and tensors[row["place"]] >= 0 else None


def _files(model: Model, described: Described) -> list[dict[str, Any]]:
    """The appended files, then those that are named and not there. ``place`` is their number for downloading."""
    named: dict[str, tuple[dict[str, Any], int | None]] = {}
    for record, owner in described.files:
        named.setdefault(record["name"], (record, owner))
    packed = appended_files(model)
    present = {info.filename: (place, info.file_size) for place, info in reversed(list(enumerate(packed)))}
    rows, labels = [], 0
    for name in dict.fromkeys([*(info.filename for info in packed), *named]):
        place, size = present.get(name, (None, None))
        record, owner = named.get(name, ({}, None))
        row = {
            "name": name, "place": place, "size_bytes": size, "described": bool(record),
            "type": record.get("type"), "description": record.get("description", ""),
            "locale": record.get("locale", ""),
            "tensor": None if owner is None else described.tensors[owner]["tensor"], "lines": None, "first_lines": [],
        }  # fmt: skip
        if row["type"] in _LABELS and place is not None and labels < _MOST_LABEL_FILES:
            labels += 1
            row |= _labels(model, place)
        rows.append(row)
    return rows


def _labels(model: Model, place: int) -> dict[str, Any]:
    try:
        text = appended_file(model, place, _MOST_LABEL_BYTES).decode("utf-8", "replace")
    except ModelError as error:
        return {"unreadable": error.reason}
    lines = text.rstrip("\r\n").splitlines() if text.strip() else []
    return {"lines": len(lines), "first_lines": [line[:_SHOWN_TEXT] for line in lines[:_SHOWN_LABELS]]}


def _count_findings(model: Model, described: Described) -> Iterator[Finding]:
    graphs = model.subgraphs
    for graph, role, count in described.counts:
        column = graphs.inputs if role == "input" else graphs.outputs
        real = len(column[graph]) if graph < len(graphs) else 0
        if count and count != real:
            message = f"{ENTRY} describes {count} {role}s of subgraph {graph}, which has {real}: generated code fails"
            yield Finding("warning", "metadata-tensors", message)


def _value_findings(described: Described) -> Iterator[Finding]:
    for row in described.tensors:
        deviations = np.array(row["std"], np.float64)
        if len(deviations) and not (np.isfinite(deviations) & (deviations > 0)).all():
            message = f"normalisation of {row['role']} {row['place']} ({row['name']}) divides by {row['std'][:4]}"
            yield Finding("warning", "metadata-normalization", message)


def _file_findings(model: Model, files: list[dict[str, Any]]) -> Iterator[Finding]:
    missing = [row["name"] for row in files if row["place"] is None]
    if missing:
        message = f"{ENTRY} names files that are not appended to the model: {', '.join(missing[:8])}"
        yield Finding("warning", "metadata-file-missing", message)
    for row in files:
        if "unreadable" in row:
            yield Finding("warning", "metadata-file-damaged", f"{row['name']}: {row['unreadable']}")
        if row["type"] != "TENSOR_AXIS_LABELS" or row["lines"] is None or row["tensor"] is None:
            continue
        shape = model.tensors.shape[row["tensor"]].tolist()
        is_binary = row["lines"] == 2 and int(model.tensors.elements[row["tensor"]]) == 1  # one score, and its opposite
        if shape and row["lines"] not in shape and not is_binary:
            producer = int(model.producer[row["tensor"]])
            message = (
                f"{row['name']} has {row['lines']} labels, and no axis of its tensor of shape "
                f"{'×'.join(map(str, shape))} is as long: they are wrong, or the outputs are described in another order"
            )
            yield Finding("warning", "metadata-labels", message, (producer,) if producer >= 0 else ())


def _short_text(model: Model, buffer: int) -> str | None:
    """An entry that is a short text, such as a version; None for what is not."""
    if model.buffers.size[buffer] > _SHOWN_TEXT:
        return None
    text = model.buffer_data(buffer).tobytes().rstrip(b"\0").decode("latin-1")
    return text if text and text.isascii() and text.isprintable() else None


def _columns(tensors: list[dict[str, Any]]) -> tuple[Column, ...]:
    def column(name: str, kind: Kind, doc: str) -> Column:
        values = [row[name] if row[name] not in ("", []) else None for row in tensors]
        return Column(name, values, "1", kind, "declared", doc)

    return (
        column("subgraph", "category", "subgraph"),
        column("role", "category", "input or output"),
        column("tensor", "text", "global id of the tensor; missing where the subgraph has no such input or output"),
        column("name", "text", "name in the metadata"),
        column("description", "text", "what it is"),
        column("content", "category", "what kind of thing it is"),
        column("mean", "text", "is taken off before it is fed, by channel or for all"),
        column("std", "text", "what the rest is divided by"),
        column("min", "text", "least value"),
        column("max", "text", "largest value"),
        column("files", "text", "files that belong to it"),
    )
