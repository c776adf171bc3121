"""TFLITE_METADATA, a FlatBuffer of its own in a buffer of the model, as plain values.

Written by tflite-support; the tables are those of its metadata_schema.fbs (0.4.4, schema version 1.5.0). Names of
dimensions, groups of tensors and custom entries are not read.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import schema
from ..model import Model
from ..ragged import Array, Ragged
from ..tables import FlatBuffer, Tables

ENTRY = "TFLITE_METADATA"
MODEL_FIELDS = ("name", "description", "version", "author", "license", "min_parser_version")
# Rows of one kind, and values of one kind of vector, that are read at most.
_MOST_ROWS = 4096
_MOST_VALUES = 1 << 16


@dataclass
class Described:
    """What the metadata says.

    Attributes:
        model: name, description, version, author, license and min_parser_version.
        tensors: one record per described tensor: subgraph, role (``input``, ``output``), place among these, name,
            description, content, mean, std, min, max, units (other process units by name), files.
        files: the records of the named files, each with the described tensor it belongs to (a place in ``tensors``)
            or None.
        units: process units of whole subgraphs.
        counts: (subgraph, role, number of described tensors).
    """

    model: dict[str, str] = field(default_factory=lambda: dict.fromkeys(MODEL_FIELDS, ""))
    tensors: list[dict[str, Any]] = field(default_factory=list)
    files: list[tuple[dict[str, Any], int | None]] = field(default_factory=list)
    units: list[dict[str, Any]] = field(default_factory=list)
    counts: list[tuple[int, str, int]] = field(default_factory=list)


def decode(model: Model) -> Described | None:
    """What the model's entry says, None where there is no entry.

    Raises:
        ModelError: when it is damaged, or of another kind.
    """
    buffer = next((entry.buffer for entry in model.metadata if entry.name == ENTRY), None)
    if buffer is None:
        return None
    data = model.buffer_data(buffer)
    base = model.source.base + int(model.buffers.start[buffer])
    flat = FlatBuffer(data, model.name, base, model.source.check)
    if data[4:8].tobytes() != b"M001":
        raise flat.error("not what tflite-support writes: bytes 4 to 8 are not M001", 0, ENTRY)
    root = flat.root("ModelMetadata")
    graphs = root.vector("subgraph_metadata", _MOST_ROWS)[1]
    found = Described({name: root.strings(name)[0] for name in MODEL_FIELDS})
    for tables in (root, graphs):
        found.files += [(file, None) for files in _files(tables, "associated_files") for file in files]
    for role in ("input", "output"):
        _add_tensors(found, graphs, role)
        for graph, units in enumerate(_units(graphs, f"{role}_process_units")):
            found.units += [{"subgraph": graph, "role": role, **unit} for unit in units]
    return found


def _add_tensors(found: Described, graphs: Tables, role: str) -> None:
    edges, tables = graphs.vector(f"{role}_tensor_metadata", _MOST_ROWS)
    counts = np.diff(edges)
    found.counts += [(graph, role, count) for graph, count in enumerate(counts.tolist())]
    owners = np.repeat(np.arange(len(graphs)), counts)
    places = (np.arange(len(tables)) - edges[:-1][owners]).tolist()
    low, high = _stats(tables)
    columns = zip(
        owners.tolist(), places, tables.strings("name").tolist(), tables.strings("description").tolist(),
        _contents(tables), _units(tables, "process_units"), low, high, _files(tables, "associated_files"), strict=True,
    )  # fmt: skip
    for graph, place, name, description, content, units, least, most, files in columns:
        found.files += [(file, len(found.tensors)) for file in files]
        normal: dict[str, Any] = next((unit for unit in units if unit["unit"] == "NormalizationOptions"), {})
        found.tensors.append(
            {
                "subgraph": graph, "role": role, "place": place, "name": name, "description": description,
                "content": content, "mean": normal.get("mean", []), "std": normal.get("std", []),
                "min": least, "max": most, "units": [unit for unit in units if unit is not normal],
                "files": [file["name"] for file in files],
            }
        )  # fmt: skip


def _files(tables: Tables, name: str) -> list[list[dict[str, Any]]]:
    """The files that each table names."""
    edges, files = tables.vector(name, _MOST_ROWS)
    return _split(files.records(), edges.tolist()) if len(files) else [[] for _ in range(len(tables))]


def _split(rows: list[Any], edges: list[int]) -> list[list[Any]]:
    return [rows[start:stop] for start, stop in itertools.pairwise(edges)]


def _stats(tables: Tables) -> tuple[list[list[float]], list[list[float]]]:
    """Least and largest values of every tensor, by channel; empty where it does not say."""
    there, stats = tables.table("stats")
    low, high = (_spread(there, stats.ragged(name, _MOST_VALUES), len(tables)) for name in ("min", "max"))
    return low, high


def _spread(there: Array, column: Ragged, count: int) -> list[list[float]]:
    rows: list[list[float]] = [[] for _ in range(count)]
    for row, values in zip(there.tolist(), column.tolist(), strict=True):
        rows[row] = values
    return rows


def _contents(tables: Tables) -> list[str | None]:
    """What each tensor is, in words: ``image RGB``, ``audio 16000 Hz``, ``bounding box CENTER``, ``feature``."""
    words: list[str | None] = [None] * len(tables)
    there, contents = tables.table("content")
    members = schema.union_members("ContentProperties")
    types = contents.scalar("content_properties_type")
    for value in np.unique(types[(types > 0) & (types < len(members))]).tolist():
        rows = np.flatnonzero(types == value)
        inside, properties = contents.take(rows).table("content_properties", members[value])
        for row, record in zip(there[rows[inside]].tolist(), _records(properties), strict=True):
            words[row] = _content_words(members[value], record)
    return words


def _records(tables: Tables) -> list[dict[str, Any]]:
    """The scalars of content tables; the size of an image beside them."""
    if tables.name != "ImageProperties":
        return tables.records()
    colors = schema.enum_names("ColorSpaceType")
    records: list[dict[str, Any]] = [{"color": colors.get(v, "")} for v in tables.scalar("color_space").tolist()]
    there, sizes = tables.table("default_size")
    for row, size in zip(there.tolist(), sizes.records(), strict=True):
        records[row] |= size
    return records


def _content_words(member: str, record: dict[str, Any]) -> str:
    if member == "ImageProperties":
        size = f" {record['width']}×{record['height']}" if record.get("width") else ""
        color = record["color"] if record["color"] != "UNKNOWN" else ""
        return f"image {color}{size}".strip()
    if member == "AudioProperties":
        return f"audio {record['sample_rate']} Hz, {record['channels']} channels"
    if member == "BoundingBoxProperties":
        return f"bounding box {record['type']} {record['coordinate_type']}"
    return "feature"


def _units(tables: Tables, name: str) -> list[list[dict[str, Any]]]:
    """The process units of each table: the options table's name and its scalars."""
    edges, units = tables.vector(name, _MOST_ROWS)
    members = schema.union_members("ProcessUnitOptions")
    found: list[dict[str, Any]] = [{"unit": "unknown"} for _ in range(len(units))]
    types = units.scalar("options_type") if len(units) else np.zeros(0, np.uint8)
    for value in np.unique(types[(types > 0) & (types < len(members))]).tolist():
        rows = np.flatnonzero(types == value)
        inside, options = units.take(rows).table("options", members[value])
        for row, record in zip(rows[inside].tolist(), _unit_records(options), strict=True):
            found[row] = {"unit": members[value], **record}
    return _split(found, edges.tolist()) if len(found) else [[] for _ in range(len(tables))]


def _unit_records(options: Tables) -> list[dict[str, Any]]:
    """The scalars and vectors of options; of the files that tokenizers name, the names."""
    files = {name: spec for name, spec in schema.fields(options.name).items() if spec.element.startswith("table:")}
    if not files:
        return options.records()
    columns: dict[str, list[Any]] = {
        name: [[file["name"] for file in row] for row in _files(options, name)] for name in files
    }
    if "delim_regex_pattern" in schema.fields(options.name):
        columns["delim_regex_pattern"] = options.strings("delim_regex_pattern").tolist()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
