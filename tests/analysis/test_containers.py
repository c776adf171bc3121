"""Models inside other files: .task bundles, .litertlm containers, appended zip files."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from tb_tflite_plugin.analysis import containers, schema
from tb_tflite_plugin.analysis.containers import (
    Member,
    appended_files,
    members,
    open_member,
    open_model,
    open_source,
    sniff,
    split,
)
from tb_tflite_plugin.analysis.errors import ModelError
from tb_tflite_plugin.analysis.source import Source

Write = Callable[..., Path]
ErrorOf = Callable[[Callable[[], object]], Any]


@pytest.fixture
def tiny(models: Path) -> bytes:
    return (models / "tiny_mlp.tflite").read_bytes()


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", compression) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return archive.getvalue()


def listed(data: bytes) -> list[Member]:
    return list(members(Source.from_bytes(data)))


def refused(data: bytes) -> ModelError:
    with pytest.raises(ModelError) as caught:
        listed(data)
    assert caught.value.file == "model"
    assert caught.value.table is not None
    assert caught.value.offset is not None
    assert 0 <= caught.value.offset <= len(data)
    return caught.value


# Bundles.


@pytest.mark.parametrize("zeros", [0, 2, 3])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_models_in_a_bundle_are_listed_and_opened(
    write: Write, tiny: bytes, models: Path, zeros: int, compression: int
) -> None:
    other = (models / "while_if.tflite").read_bytes()
    files = {"README": b"text", "a.tflite": tiny, "folder/b.tflite": other, "short": b"x", "nothing": b""}
    path = write(bytes(zeros) + zipped(files, compression), "bundle.task")
    found = list(members(Source.open(path)))
    assert [member.path for member in found] == ["a.tflite", "folder/b.tflite"]
    unpacked = [len(tiny), len(other)] if compression else [None, None]
    assert [member.unpacked for member in found] == unpacked
    for name, data in (("a.tflite", tiny), ("folder/b.tflite", other)):
        source = open_source(f"{path}!{name}")
        assert source.data.tobytes() == data
        assert source.name == f"{path}!{name}"
        assert open_model(f"{path}!{name}").sha256 == open_model(data).sha256


def test_a_stored_member_shares_the_mapping_and_names_its_place(write: Write, tiny: bytes) -> None:
    path = write(bytes(2) + zipped({"a.tflite": tiny}), "bundle.task")
    source = open_source(f"{path}!a.tflite")
    assert source.base == path.read_bytes().find(tiny)


def test_a_bundle_with_one_model_opens_without_naming_it(write: Write, tiny: bytes) -> None:
    assert len(open_model(write(zipped({"x": b"", "a.tflite": tiny}))).operators) == 3


def test_a_bundle_with_several_models_asks_which(write: Write, tiny: bytes) -> None:
    path = write(zipped({"a": tiny, "b": tiny}), "bundle.task")
    with pytest.raises(ModelError, match=r"holds 2 models; name one: .*bundle\.task!a, .*bundle\.task!b"):
        open_model(path)


def test_a_member_that_is_not_there_is_an_error(write: Write, tiny: bytes) -> None:
    path = write(zipped({"a": tiny, "b": tiny}), "bundle.task")
    with pytest.raises(ModelError, match=r"bundle.task: has no model c"):
        open_model(f"{path}!c")
    model = write(tiny, "plain.tflite")
    with pytest.raises(ModelError, match=r"plain.tflite: has no model c"):
        open_model(f"{model}!c")


def test_a_zip_without_models_says_so(write: Write) -> None:
    with pytest.raises(ModelError, match="holds no model"):
        open_model(write(zipped({"a": b"b"})))


def test_bundles_nest_to_a_depth_and_no_further(write: Write, tiny: bytes) -> None:
    data, name = zipped({"m.tflite": tiny}), "m.tflite"
    for level in range(3):
        data, name = zipped({f"{level}.task": bytes(2) + data}), f"{level}.task!{name}"
    path = write(data, "outer.task")
    assert [member.path for member in listed(data)] == [name]
    assert open_source(f"{path}!{name}").data.tobytes() == tiny
    assert listed(zipped({"deeper.task": data})) == []


def test_encrypted_and_otherwise_packed_members_are_passed_over(tiny: bytes) -> None:
    data = bytearray(zipped({"a": tiny, "b": tiny}))
    directory = data.find(b"PK\1\2")
    data[directory + 8] |= 1
    assert [member.path for member in listed(bytes(data))] == ["b"]
    assert listed(zipped({"a": tiny}, zipfile.ZIP_BZIP2)) == []


def test_a_member_named_like_its_own_container_is_found(write: Write, tiny: bytes) -> None:
    path = write(zipped({"a!b.tflite": tiny}), "with!mark.task")
    assert open_source(f"{path}!a!b.tflite").data.tobytes() == tiny


@pytest.mark.parametrize("name", ["!.tflite", "a!b.tflite", "!a!", "x.task!inner.tflite"])
def test_a_file_with_the_mark_in_its_name_is_opened_as_it_is(
    write: Write, tiny: bytes, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = write(tiny, name)
    write(zipped({"inner.tflite": b""}), "x.task")
    assert split(str(path)) == (str(path), "")
    assert len(open_model(path).operators) == 3
    monkeypatch.chdir(path.parent)
    assert len(open_model(name).operators) == 3


def test_splitting_takes_the_first_mark_behind_a_file(
    write: Write, tiny: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tiny, "!a!.task")
    monkeypatch.chdir(path.parent)
    assert split("!a!.task!b!c") == ("!a!.task", "b!c")
    assert split("none!b") == ("none!b", "")
    assert split("plain") == ("plain", "")


@pytest.mark.parametrize("size", [(1 << 20) - 1, 1 << 20, (1 << 20) + 700, (3 << 20) + 12_345])
def test_deflated_members_unpack_whole_at_every_size(write: Write, size: int) -> None:
    data = b"\0\0\0\0TFL3" + bytes(size - 8)
    path = write(zipped({"zeros.tflite": data}, zipfile.ZIP_DEFLATED))
    source = Source.open(path)
    (member,) = members(source)
    assert open_member(source, member).data.tobytes() == data


@pytest.mark.parametrize("announced", [0, 100, 5_000_000])
def test_a_member_that_unpacks_to_another_size_than_announced_is_an_error(
    write: Write, tiny: bytes, announced: int
) -> None:
    data = bytearray(zipped({"a.tflite": tiny + bytes(3_000_000)}, zipfile.ZIP_DEFLATED))
    directory = data.find(b"PK\1\2")
    struct.pack_into("<I", data, directory + 24, announced)
    path = write(bytes(data), "bundle.task")
    with pytest.raises(ModelError, match=f"zip: does not unpack to the {announced} bytes announced") as caught:
        open_model(f"{path}!a.tflite")
    assert caught.value.file == f"{path}!a.tflite"
    assert caught.value.offset == 30 + len("a.tflite")


def test_a_member_whose_deflated_bytes_are_damaged_is_an_error(write: Write, models: Path) -> None:
    model = (models / "mnet_int8.tflite").read_bytes()
    data = bytearray(zipped({"a.tflite": model}, zipfile.ZIP_DEFLATED))
    middle = len(data) // 2
    data[middle : middle + 400] = b"\xff" * 400
    with pytest.raises(ModelError, match="does not unpack"):
        open_model(write(bytes(data)))


def test_listing_unpacks_only_the_first_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipped({"a.tflite": b"\0\0\0\0TFL3" + bytes(20_000_000)}, zipfile.ZIP_DEFLATED)
    unpacked = []
    inflate = containers._inflate
    monkeypatch.setattr(containers, "_inflate", lambda stored: (unpacked.append(len(p)) or p for p in inflate(stored)))
    (member,) = listed(archive)
    assert member.unpacked == 20_000_008
    assert unpacked == [1 << 20]


def test_a_directory_beyond_the_limit_is_refused() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        info = zipfile.ZipInfo("a")
        info.comment = b"c" * 60_000
        for number in range(20):
            info.filename = f"a{number}"
            file.writestr(info, b"")
    assert "a directory of 120" in refused(archive.getvalue()).reason
    assert "at most 1048576 are read" in refused(archive.getvalue()).reason


def test_a_directory_that_hides_its_size_is_refused() -> None:
    """A second end record lies inside the first: which of them counts must be one and the same."""
    record = bytearray(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 0xFFFFFFF0, 0, 0))
    record[4:8] = b"PK\5\6"
    refused(b"PK\3\4" + bytes(3_000_000) + record)


def test_entries_are_limited_over_all_nested_zips_together() -> None:
    """Overlapping directories: each of them lists the next one a hundred times."""
    inner = zipped({f"{number}": b"" for number in range(100)})
    for _ in range(2):
        archive = bytearray(b"PK\3\4" + bytes(26) + inner)
        start, entries = len(archive), b""
        for number in range(100):
            name = str(number).encode()
            sizes = (len(inner), len(inner), len(name))
            entries += struct.pack("<4s4B4H3L5H2L", b"PK\1\2", *bytes(8), 0, *sizes, *bytes(6)) + name
        archive += entries + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 100, 100, len(entries), start, 0)
        inner = bytes(archive)
    assert "more than 4096 entries" in refused(inner).reason


@pytest.mark.parametrize(("field", "value"), [(42, 0xFFFFFF00), (42, 5), (20, 0x7FFFFFFF), (16, 0xFFFFFFFF)])
def test_a_directory_that_leads_nowhere_is_refused(tiny: bytes, field: int, value: int) -> None:
    data = bytearray(zipped({"a": tiny}))
    base = data.find(b"PK\1\2") if field != 16 else data.find(b"PK\5\6")
    struct.pack_into("<I", data, base + field, value)
    if field == 20:
        struct.pack_into("<I", data, base + 24, value)
    refused(bytes(data))


def test_errors_in_a_nested_bundle_count_from_the_start_of_the_file(tiny: bytes) -> None:
    inner = bytearray(zipped({"a": tiny}))
    inner[0:4] = b"PK\3\4"
    directory = inner.find(b"PK\1\2")
    struct.pack_into("<I", inner, directory + 42, 7)
    outer = zipped({"pad": bytes(5000), "inner.task": bytes(inner)})
    assert refused(outer).offset > 5000


def test_a_zip_of_which_only_the_start_is_there_is_refused(tiny: bytes) -> None:
    data = zipped({"a": tiny})
    for cut in range(30, len(data), 97):
        assert "damaged" in refused(data[:cut]).reason


def test_mutated_bundles_are_read_or_refused(tiny: bytes, error_of: ErrorOf) -> None:
    dice = random.Random(3)
    small = tiny[:600]
    inner = zipped({"a": small, "b": small}, zipfile.ZIP_DEFLATED)
    data = bytes(2) + zipped({"x": b"text", "m.tflite": small, "inner.task": inner, "d/": b""})
    structure = [at for at in range(len(data) - 4) if data.rfind(b"PK", max(0, at - 50), at + 2) >= 0]
    numbers = (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, len(data))
    opened = 0
    for _ in range(1500):
        mutant = bytearray(data)
        for _ in range(dice.randint(1, 3)):
            at = dice.choice(structure)
            if dice.random() < 0.5:
                mutant[at] = dice.randrange(256)
            else:
                mutant[at : at + 4] = struct.pack("<I", dice.choice((*numbers, dice.getrandbits(32))))
        source = Source.from_bytes(bytes(mutant))
        error = error_of(lambda source=source: [open_member(source, member) for member in members(source)])
        assert error is None or error.file.startswith("model")
        opened += error is None
    assert 300 < opened < 1400


# Appended files.


def test_files_appended_to_a_model_are_listed(tiny: bytes) -> None:
    model = open_model(tiny + zipped({"labels.txt": b"a\nb\n", "empty": b""}))
    assert [(info.filename, info.file_size) for info in appended_files(model)] == [("labels.txt", 4), ("empty", 0)]


def test_what_only_looks_like_an_appended_zip_is_no_error(tiny: bytes) -> None:
    assert appended_files(open_model(tiny)) == []
    assert appended_files(open_model(tiny + b"PK\5\6" + b"\xff" * 30)) == []
    assert appended_files(open_model(tiny + zipped({"a": b"b"})[:-1])) == []


# LiteRT-LM.


def litertlm(sections: list[tuple[bytes, str, dict[str, str | int]]], **changes: int) -> bytes:
    """A container: content, type and items of every section. ``changes`` are put into the last one's table."""
    kinds, values = schema.enum_values("AnySectionDataType"), schema.union_members("VData")
    page = 4096
    begins, at = [], page
    for content, _, _ in sections:
        begins.append(at)
        at += -(-len(content) // page) * page
    builder = flatbuffers.Builder(1024)
    tables = []
    for begin, (content, kind, items) in zip(begins, sections, strict=True):
        pairs = [key_value(builder, key, value, values) for key, value in items.items()]
        vector = offsets(builder, pairs)
        place = {"begin": begin, "end": begin + len(content)} | (changes if content is sections[-1][0] else {})
        builder.StartObject(4)
        builder.PrependUOffsetTRelativeSlot(0, vector, 0)
        builder.PrependUint64Slot(1, place["begin"], 0)
        builder.PrependUint64Slot(2, place["end"], 0)
        builder.PrependInt8Slot(3, kinds[kind], 0)
        tables.append(builder.EndObject())
    vector = offsets(builder, tables)
    builder.StartObject(1)
    builder.PrependUOffsetTRelativeSlot(0, vector, 0)
    metadata = builder.EndObject()
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(1, metadata, 0)
    builder.Finish(builder.EndObject())
    header = bytes(builder.Output())
    data = bytearray(struct.pack("<8s4I", b"LITERTLM", 1, 3, 0, 0) + struct.pack("<Q", 32 + len(header)) + header)
    assert len(data) <= page
    for begin, (content, _, _) in zip(begins, sections, strict=True):
        data += bytes(begin - len(data)) + content
    return bytes(data)


def key_value(builder: flatbuffers.Builder, key: str, value: str | int, kinds: list[str]) -> int:
    key_at = builder.CreateString(key)
    text_at = builder.CreateString(value) if isinstance(value, str) else 0
    builder.StartObject(1)
    if isinstance(value, str):
        builder.PrependUOffsetTRelativeSlot(0, text_at, 0)
    else:
        builder.PrependInt32Slot(0, value, 0)
    table = builder.EndObject()
    builder.StartObject(3)
    builder.PrependUOffsetTRelativeSlot(0, key_at, 0)
    builder.PrependUint8Slot(1, kinds.index("StringValue" if isinstance(value, str) else "Int32"), 0)
    builder.PrependUOffsetTRelativeSlot(2, table, 0)
    return int(builder.EndObject())


def offsets(builder: flatbuffers.Builder, tables: list[int]) -> int:
    builder.StartVector(4, len(tables), 4)
    for table in reversed(tables):
        builder.PrependUOffsetTRelative(table)
    return int(builder.EndVector())


def test_sections_of_a_litertlm_file_are_named_by_their_model_type(write: Write, tiny: bytes, models: Path) -> None:
    other = (models / "while_if.tflite").read_bytes()
    data = litertlm(
        [
            (b"tokenizer", "SP_Tokenizer", {"model_type": "not a model"}),
            (tiny, "TFLiteModel", {"vocab": 5, "model_type": "tf_lite_embedder"}),
            (other, "TFLiteModel", {}),
            (tiny, "TFLiteModel", {"model_type": "twice"}),
            (other, "TFLiteModel", {"model_type": "twice"}),
            (b"no model at all", "TFLiteModel", {"model_type": "odd"}),
        ]
    )
    found = listed(data)
    assert [member.path for member in found] == ["tf_lite_embedder", "section_2", "section_3", "section_4"]
    path = write(data, "model.litertlm")
    assert open_source(f"{path}!tf_lite_embedder").data.tobytes() == tiny
    assert open_source(f"{path}!section_2").data.tobytes() == other
    assert len(open_model(f"{path}!section_4").subgraphs) == 5


def test_model_types_that_are_no_text_leave_the_number(tiny: bytes) -> None:
    assert [member.path for member in listed(litertlm([(tiny, "TFLiteModel", {"model_type": 7})]))] == ["section_0"]


@pytest.mark.parametrize(
    "changes", [{"end": 1 << 40}, {"begin": 1 << 40, "end": 1 << 41}, {"begin": 5000, "end": 4999}, {"end": 2**64 - 1}]
)
def test_sections_past_the_end_are_refused(tiny: bytes, changes: dict[str, int]) -> None:
    error = refused(litertlm([(tiny, "TFLiteModel", {}), (tiny + b"!", "TFLiteModel", {})], **changes))
    assert error.table == "SectionObject"
    assert "section 1 is said to lie from byte" in error.reason
    assert 32 <= error.offset < 4096


@pytest.mark.parametrize("end", [0, 32, 1 << 20, 2**64 - 1])
def test_a_header_that_ends_nowhere_is_refused(tiny: bytes, end: int) -> None:
    data = bytearray(litertlm([(tiny, "TFLiteModel", {})]))
    struct.pack_into("<Q", data, 24, end)
    assert refused(bytes(data)).table == "LiteRTLMMetaData"


def test_every_prefix_of_a_litertlm_file_is_read_or_refused(tiny: bytes) -> None:
    data = litertlm([(tiny, "TFLiteModel", {"model_type": "a"})])
    for cut in [*range(8, 400, 3), *range(400, len(data), 501)]:
        refused(data[:cut])


def test_mutated_litertlm_files_are_read_or_refused(tiny: bytes, error_of: ErrorOf) -> None:
    dice = random.Random(5)
    data = litertlm([(tiny, "TFLiteModel", {"model_type": "a", "n": 3}), (b"x", "NONE", {}), (tiny, "TFLiteModel", {})])
    header = int.from_bytes(data[24:32], "little")
    opened = 0
    for _ in range(1500):
        mutant = bytearray(data)
        at = dice.randrange(8, header - 4)
        if dice.random() < 0.5:
            mutant[at] = dice.randrange(256)
        else:
            value = dice.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(data), dice.getrandbits(32)))
            mutant[at : at + 4] = struct.pack("<I", value)
        error = error_of(lambda mutant=mutant: listed(bytes(mutant)))
        assert error is None or 0 <= error.offset <= len(data)
        opened += error is None
    assert 300 < opened < 1400


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x1c\0\0\0TFL3", "tflite"), (b"LITERTLM\1\0\0\0", "litertlm"), (b"PK\3\4", "zip"), (b"\0\0PK\3\4", "zip"),
        (b"", "unknown"), (b"PK", "unknown"), (bytes(16), "unknown"), (b"TFL3", "unknown"),
    ],
)  # fmt: skip
def test_the_first_bytes_tell_the_format(head: bytes, kind: str) -> None:
    assert sniff(np.frombuffer(head, np.uint8)) == kind


def test_a_real_bundle_lists_its_models(real_models: dict[str, Path]) -> None:
    found = list(members(Source.open(real_models["gestures.task"])))
    assert found
    for member in found:
        model: Any = open_model(f"{real_models['gestures.task']}!{member.path}")
        assert len(model.operators) > 0
