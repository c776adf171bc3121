"""FlatBuffers that are not what they should be: every one ends in an error that names the place, or opens."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis import schema
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.errors import ModelError
from tb_tflite_plugin.analysis.tables import FlatBuffer, Tables

COUNTS = [2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1, 1 << 24]


def refused(data: bytes) -> ModelError:
    with pytest.raises(ModelError) as caught:
        open_model(bytes(data))
    error = caught.value
    assert error.file == "model"
    assert error.table in schema._load()["tables"]
    assert error.offset is not None
    assert 0 <= error.offset <= len(data)
    assert str(error) == f"model: byte {error.offset}: {error.table}: {error.reason}"
    return error


def put(raw: Any, place: int, value: int) -> None:
    struct.pack_into("<I", raw.data, place, value)


def test_an_honest_layout_opens(raw: Any, read_everything: Callable[..., list[ModelError]]) -> None:
    places = raw.model({"operator": 3, "tensor": 2}, operator={1: None, 2: None}, tensor={0: None, 3: None})
    operands = raw.vector(struct.pack("<2i", 0, 1), 2)
    for slot in (1, 2):
        raw.point(places[f"operator.{slot}"], operands)
    raw.point(places["tensor.0"], raw.vector(struct.pack("<2i", 4, 5), 2))
    raw.point(places["tensor.3"], raw.vector(b"name"))
    model = open_model(bytes(raw.data))
    assert model.operators.inputs.tolist() == [[0, 1]] * 3
    assert model.tensors.shape.tolist() == [[4, 5]] * 2
    assert model.tensors.name.tolist() == ["name", "name"]
    assert read_everything(model) == []


@pytest.mark.parametrize("offset", [0, 1, 4, 2**31, 2**32 - 1, 1 << 20])
def test_a_root_that_leads_nowhere_is_refused(raw: Any, offset: int) -> None:
    raw.model()
    put(raw, 0, offset)
    assert refused(raw.data).table == "Model"


@pytest.mark.parametrize("place", ["root.1", "root.2", "root.4", "graph.0", "graph.3"])
@pytest.mark.parametrize("offset", [0, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 8])
def test_vectors_that_lie_elsewhere_are_refused(raw: Any, place: str, offset: int) -> None:
    places = raw.model()
    put(raw, places[place], offset)
    assert refused(raw.data).table in ("Model", "SubGraph")


@pytest.mark.parametrize("kind", ["code", "graph", "buffer", "tensor", "operator"])
@pytest.mark.parametrize("offset", [0, 1, 2**31, 2**32 - 1])
def test_tables_that_lie_elsewhere_are_refused(raw: Any, kind: str, offset: int) -> None:
    places = raw.model()
    owner = {"code": "root.1", "graph": "root.2", "buffer": "root.4", "tensor": "graph.0", "operator": "graph.3"}[kind]
    vector = places[owner] + struct.unpack_from("<I", raw.data, places[owner])[0]
    put(raw, vector + 4, offset)
    refused(raw.data)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize(
    "field", ["operator.1", "operator.2", "tensor.0", "tensor.3", "graph.1", "graph.4", "code.1", "buffer.0"]
)
def test_vectors_longer_than_the_file_are_refused(raw: Any, field: str, count: int) -> None:
    kind, slot = field.split(".")
    places = raw.model(**{kind: {int(slot): None}})
    raw.point(places[field], raw.vector(bytes(64), count))
    error = refused(raw.data)
    assert error.reason == f"a vector of {count} runs past the end"


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("place", ["root.1", "root.2", "root.4", "graph.0", "graph.3"])
def test_vectors_of_tables_longer_than_the_file_are_refused(raw: Any, place: str, count: int) -> None:
    places = raw.model()
    put(raw, places[place] + struct.unpack_from("<I", raw.data, places[place])[0], count)
    assert refused(raw.data).reason == f"a vector of {count} runs past the end"


def table_behind(raw: Any, owner: int) -> int:
    """The first table of the vector that the offset at ``owner`` leads to."""
    vector = owner + struct.unpack_from("<I", raw.data, owner)[0]
    return int(vector + 4 + struct.unpack_from("<I", raw.data, vector + 4)[0])


def vtable_of(raw: Any, table: int) -> int:
    return int(table - struct.unpack_from("<i", raw.data, table)[0])


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 65_535])
def test_damaged_vtables_are_refused(raw: Any, size: int) -> None:
    places = raw.model()
    struct.pack_into("<H", raw.data, vtable_of(raw, table_behind(raw, places["graph.0"])), size)
    assert refused(raw.data).table == "Tensor"


@pytest.mark.parametrize("distance", [2**31 - 1, -(2**31), 1, -1, 0])
def test_vtables_that_lie_elsewhere_are_refused(raw: Any, distance: int) -> None:
    places = raw.model()
    struct.pack_into("<i", raw.data, table_behind(raw, places["graph.3"]), distance)
    assert refused(raw.data).table == "Operator"


@pytest.mark.parametrize("size", [0, 3, 65_535])
def test_tables_that_run_past_the_end_are_refused(raw: Any, size: int) -> None:
    places = raw.model()
    struct.pack_into("<H", raw.data, vtable_of(raw, table_behind(raw, places["graph.3"])) + 2, size)
    assert refused(raw.data).reason == "runs past the end"


@pytest.mark.parametrize("place", [1, 3, 200, 65_535])
def test_fields_outside_their_table_are_refused(raw: Any, place: int) -> None:
    places = raw.model(tensor={2: struct.pack("<I", 0)})
    struct.pack_into("<H", raw.data, vtable_of(raw, table_behind(raw, places["graph.0"])) + 8, place)
    assert refused(raw.data).reason == "field 2 lies outside its table"


def test_cycles_are_refused(raw: Any) -> None:
    """Offsets are never negative: a cycle leads to its own place, or once around the 32 bits of an offset."""
    places = raw.model()
    put(raw, places["graph.0"], 0)
    assert refused(raw.data).reason == "an offset leads nowhere"
    put(raw, places["graph.0"], 2**32 - places["graph.0"] + places["root.2"])
    assert refused(raw.data).reason == "an offset leads nowhere"


def test_a_union_member_of_another_kind_is_read_as_what_it_says(
    raw: Any, read_everything: Callable[..., list[ModelError]]
) -> None:
    """Every options type over the same bytes: nothing but an error or values comes of it."""
    for union, slots in (("BuiltinOptions", (3, 4)), ("BuiltinOptions2", (11, 12))):
        for value in range(len(schema.union_members(union)) + 1):
            layout = type(raw)()
            places = layout.model(operator={slots[0]: bytes([value]), slots[1]: None})
            table, fields = layout.table({0: b"\xff\xff\xff\xff", 1: None, 2: b"\1", 3: None, 5: bytes(8)})
            layout.point(places[f"operator.{slots[1]}"], table)
            layout.point(fields[1], layout.vector(b"\xff" * 40, 10))
            for error in read_everything(open_model(bytes(layout.data))):
                assert error.table is not None


def test_thousands_of_tables_that_share_a_long_vector_are_refused(raw: Any) -> None:
    places = raw.model({"tensor": 5000}, tensor={0: None, 3: None})
    raw.point(places["tensor.0"], raw.vector(bytes(4 * 20_000), 20_000))
    raw.point(places["tensor.3"], raw.vector(b"x"))
    assert "at most 2097152 are read" in refused(raw.data).reason
    places = (raw := type(raw)()).model({"tensor": 5000}, tensor={3: None})
    raw.point(places["tensor.3"], raw.vector(b"x" * 100_000))
    assert refused(raw.data).reason == "its parts together are longer than the file: they overlap"


def test_equal_parts_may_be_shared_as_writers_do(raw: Any, read_everything: Callable[..., list[ModelError]]) -> None:
    places = raw.model({"tensor": 50_000}, tensor={0: None, 3: None})
    raw.point(places["tensor.0"], raw.vector(struct.pack("<4i", 1, 1, 1, 1), 4))
    raw.point(places["tensor.3"], raw.vector(b"name/of/some/length"))
    model = open_model(bytes(raw.data))
    assert len(model.tensors) == 50_000
    assert read_everything(model) == []


@pytest.mark.parametrize("kind", ["code", "graph"])
def test_more_of_a_kind_than_any_model_has_are_refused(raw: Any, kind: str) -> None:
    raw.model({kind: 10_001})
    assert "10001 entries in" in refused(raw.data).reason


def test_reading_again_and_again_uses_up_nothing(raw: Any) -> None:
    data = np.frombuffer(bytes(64) + bytes(range(64)), np.uint8)
    buffer = FlatBuffer(data, "file")
    for _ in range(1000):
        buffer.values("<u4", np.arange(64), "Model")
    fresh = buffer.with_fresh_budget()
    fresh.charge(16 << 20, 0, "Model")
    assert buffer._budget == data.size + (16 << 20)


def test_values_are_read_at_any_alignment() -> None:
    data = np.frombuffer(bytes(range(32)), np.uint8)
    found = FlatBuffer(data, "file").values("<u4", np.array([0, 1, 2, 3, 28]), "Model")
    assert found.tolist() == [struct.unpack_from("<I", data, at)[0] for at in (0, 1, 2, 3, 28)]
    with pytest.raises(ModelError, match="file: byte 29: Model: runs past the end"):
        FlatBuffer(data, "file").values("<u4", np.array([0, 29]), "Model")


def test_offsets_in_errors_count_from_the_start_of_the_file() -> None:
    buffer = FlatBuffer(np.zeros(16, np.uint8), "file", base=1000)
    with pytest.raises(ModelError) as caught:
        buffer.values("<u8", np.array([9]), "Model")
    assert caught.value.offset == 1009


def test_defaults_stand_for_absent_fields(raw: Any) -> None:
    raw.model({"code": 2})
    model = open_model(bytes(raw.data))
    assert model.codes.version.tolist() == [1, 1]
    tables = Tables(model.flatbuffer, "Operator", model.operators.tables.positions)
    assert tables.scalar("debug_metadata_index").tolist() == [-1]
    assert tables.present("debug_metadata_index").tolist() == [False]


def test_a_name_of_20_megabytes_is_read_in_pieces(raw: Any) -> None:
    places = raw.model({"tensor": 3}, tensor={3: None})
    raw.point(places["tensor.3"], raw.vector(b"0123456789" * 400_000))
    names = open_model(bytes(raw.data)).tensors.name
    assert [len(name) for name in names] == [4_000_000] * 3
    assert names[2][-10:] == "0123456789"
