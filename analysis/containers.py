"""Opening models: plain files, ``.task`` bundles (zip files, nested ones too) and ``.litertlm`` containers.

A member is addressed as ``container!member``; nested ones as ``outer!inner!member``.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from . import schema
from .errors import ModelError
from .model import Model
from .ragged import Array
from .source import Source, os_errors
from .tables import FlatBuffer, Tables

Format = Literal["tflite", "zip", "litertlm", "unknown"]

_BLOCK = 1 << 20
_MAX_DEPTH = 4
# A zip's directory is read whole into objects ten times its size; the bundles seen have a few hundred bytes.
_MAX_DIRECTORY = 1 << 20
_MAX_ENTRIES = 4096
_ENCRYPTED = 1
# Where the end of a directory is looked for: its record of 22 bytes and a comment of up to 65,535.
_MAX_TAIL = 65_557
_MAX_UNPACKED = 4 << 30
_MAX_SECTIONS = 4096


@dataclass(frozen=True)
class Member:
    """A model inside a container.

    Attributes:
        path: its path there.
        offset, size: its bytes in the file.
        unpacked: its size once unpacked, None when it is stored as it is.
    """

    path: str
    offset: int
    size: int
    unpacked: int | None = None


def open_model(path: str | os.PathLike[str] | bytes) -> Model:
    """Reads a model into columns.

    Args:
        path: a ``.tflite`` file; ``container!member``; a container that holds exactly one model; or a model's bytes.

    Raises:
        ModelError: naming the file, and where in it reading stopped.
    """
    if isinstance(path, bytes):
        return Model(Source.from_bytes(path))
    return Model(open_source(path))


def open_source(path: str | os.PathLike[str]) -> Source:
    """The bytes of the one model that ``path`` names; see :func:`open_model`."""
    file, wanted = split(os.fspath(path))
    return pick(Source.open(file), wanted)


def pick(source: Source, wanted: str = "") -> Source:
    """The bytes of the model ``wanted`` of a container, or of the only model in ``source``.

    Raises:
        ModelError: when there is no such model, or none was named and there are several.
    """
    file = source.name
    kind = sniff(source.data)
    if kind == "tflite" and not wanted:
        return source
    found = [member for member in members(source) if wanted in ("", member.path)]
    if not found:
        reason = f"has no model {wanted}" if wanted else _NOT_A_MODEL if kind == "unknown" else "holds no model"
        raise ModelError(file, reason, offset=None if wanted else 0)
    if len(found) > 1 and not wanted:
        listed = ", ".join(f"{file}!{member.path}" for member in found[:8])
        raise ModelError(file, f"holds {len(found)} models; name one: {listed}")
    return open_member(source, found[0])


_NOT_A_MODEL = "not a TensorFlow Lite model (no TFL3 at byte 4), nor a .task or .litertlm container"


def split(name: str) -> tuple[str, str]:
    """Splits ``file!member`` at the first ``!`` behind which there is a file; a file that has one in its name wins."""
    at = name.find("!")
    # Not pathlib: its exists() raises for names that are too long.
    while at >= 0 and not os.path.exists(name):
        if os.path.isfile(name[:at]):
            return name[:at], name[at + 1 :]
        at = name.find("!", at + 1)
    return name, ""


def sniff(data: Array) -> Format:
    """What the first bytes say; reads at most 16 of them."""
    head = data[:16].tobytes()
    if head[4:8] == b"TFL3":
        return "tflite"
    if head[:8] == b"LITERTLM":
        return "litertlm"
    # Bundles written by MediaPipe start with a few zero bytes to align their members.
    return "zip" if head.lstrip(b"\0")[:4] == b"PK\3\4" else "unknown"


def members(source: Source) -> Iterator[Member]:
    """The models inside a container, in its order; nothing for a file that is none.

    Raises:
        ModelError: when the container is damaged.
    """
    kind = sniff(source.data)
    if kind == "litertlm":
        yield from _litertlm_models(source)
    elif kind == "zip":
        yield from _Zips(source).models(0, source.data.size)


def open_member(source: Source, member: Member) -> Source:
    """The bytes of a member: a stretch of the container, or unpacked into a temporary file that has no name."""
    if member.unpacked is None:
        return source.part(member.path, member.offset, member.size)
    source.check()
    name = f"{source.name}!{member.path}"
    written = 0
    with os_errors(name), tempfile.TemporaryFile(buffering=0) as file:
        for piece in _inflate(source.data[member.offset : member.offset + member.size]):
            written += len(piece)
            if written > member.unpacked:
                break
            file.write(piece)
        if written == member.unpacked:
            return Source.from_file(file, name)
    reason = f"does not unpack to the {member.unpacked} bytes announced"
    raise ModelError(name, reason, offset=member.offset, table="zip")


def _inflate(stored: Array) -> Iterator[bytes]:
    """Unpacks deflated bytes a mebibyte at a time; stops where they are damaged."""
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    with contextlib.suppress(zlib.error):
        for start in range(0, stored.size, _BLOCK):
            if unpack.eof:
                return
            chunk = stored[start : start + _BLOCK].tobytes()
            piece = unpack.decompress(chunk, _BLOCK)
            yield piece
            # A piece of full size may have left something over, in the input or inside zlib.
            while len(piece) == _BLOCK:
                piece = unpack.decompress(unpack.unconsumed_tail, _BLOCK)
                yield piece


def appended_files(model: Model) -> list[zipfile.ZipInfo]:
    """The files of a zip appended to a model, as TFLITE_METADATA's associated files are; empty when there is none."""
    model.source.check()
    if model.source.data[-_MAX_TAIL:].tobytes().rfind(b"PK\5\6") < 0:
        return []
    try:
        files = _open_zip(model.source, model.source.data, 0).infolist()
    except ModelError:
        return []
    return [info for info in files if not info.filename.endswith("/")]


def appended_file(model: Model, place: int, most: int) -> bytes:
    """The bytes of one of :func:`appended_files`, by its place among them.

    Raises:
        ModelError: when it is larger than ``most`` bytes, packed in a way that is not read here, or damaged.
    """
    info = appended_files(model)[place]
    name = f"{model.name}!{info.filename}"
    if info.file_size > most:
        raise ModelError(name, f"{info.file_size} bytes; at most {most} are unpacked")
    if info.flag_bits & _ENCRYPTED or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ModelError(name, "encrypted, or packed in a way that is not read here")
    pieces = []
    try:
        # zipfile gives no more than the size announced, whatever else the packed bytes hold, and checks the sum.
        with _open_zip(model.source, model.source.data, 0).open(info) as file:
            while piece := file.read(_MAX_DIRECTORY // 2):
                pieces.append(piece)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError) as error:
        raise ModelError(name, f"damaged: {error}", offset=max(info.header_offset, 0), table="zip") from None
    return b"".join(pieces)


class _Zips:
    """A zip file and the ones stored in it, read with one budget of entries: they may overlap, and so multiply."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._entries_left = _MAX_ENTRIES

    def models(self, base: int, size: int, prefix: str = "", depth: int = 1) -> Iterator[Member]:
        """The models in the zip at ``base`` of the source, in its order."""
        data = self._source.data[base : base + size]
        entries = _open_zip(self._source, data, base).infolist()
        self._entries_left -= 1 + len(entries)
        if self._entries_left < 0:
            raise ModelError(self._source.name, f"more than {_MAX_ENTRIES} entries", offset=base, table="zip")
        for info in entries:
            foreign = info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            if foreign or info.flag_bits & _ENCRYPTED or info.filename.endswith("/"):
                continue
            member, kind = self._member(info, data, base, prefix)
            if kind == "tflite" and info.file_size <= _MAX_UNPACKED:
                yield member
            elif kind == "zip" and member.unpacked is None and depth < _MAX_DEPTH:
                yield from self.models(member.offset, member.size, member.path + "!", depth + 1)

    def _member(self, info: zipfile.ZipInfo, data: Array, base: int, prefix: str) -> tuple[Member, Format]:
        stored = info.compress_type == zipfile.ZIP_STORED
        size = info.file_size if stored else info.compress_size
        header = data[max(info.header_offset, 0) :][:30].tobytes()
        names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        start = info.header_offset + 30 + names
        if info.header_offset < 0 or header[:4] != b"PK\3\4" or start + size > data.size:
            reason = f"{info.filename!r} is not where the directory says"
            raise ModelError(self._source.name, reason, offset=base + min(max(start, 0), data.size), table="zip")
        head = data[start : start + min(size, 4096)]
        first = head[:16].tobytes() if stored else next(_inflate(head), b"")[:16]
        member = Member(prefix + info.filename, base + start, size, None if stored else info.file_size)
        return member, sniff(np.frombuffer(first, np.uint8))


def _open_zip(source: Source, data: Array, base: int) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(_Window(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise ModelError(source.name, f"damaged: {error}", offset=base, table="zip") from None


def _litertlm_models(source: Source) -> Iterator[Member]:
    """The models of a LiteRT-LM file (schema/core/litertlm_read.cc of LiteRT-LM 767d74f)."""
    data = source.data
    end = int.from_bytes(data[24:32].tobytes(), "little")
    if not 32 < end <= data.size:
        offset = min(24, data.size)
        raise ModelError(source.name, f"its header ends at byte {end}", offset=offset, table="LiteRTLMMetaData")
    header = FlatBuffer(data[32:end], source.name, 32, source.check)
    metadata = header.root("LiteRTLMMetaData").table("section_metadata")[1]
    sections = metadata.vector("objects", _MAX_SECTIONS)[1]
    names = _section_names(sections)
    is_model = sections.scalar("data_type") == schema.enum_values("AnySectionDataType")["TFLiteModel"]
    begins, ends = sections.scalar("begin_offset").tolist(), sections.scalar("end_offset").tolist()
    for row in np.flatnonzero(is_model).tolist():
        begin, finish = begins[row], ends[row]
        if not begin <= finish <= data.size:
            reason = f"section {row} is said to lie from byte {begin} to {finish}"
            raise header.error(reason, int(sections.positions[row]), "SectionObject")
        named = names.get(row)
        path = named if named and list(names.values()).count(named) == 1 else f"section_{row}"
        if sniff(data[begin : min(finish, begin + 16)]) == "tflite":
            yield Member(path, begin, finish - begin)


def _section_names(sections: Tables) -> dict[int, str]:
    """What a section's items say it is: ``model_type`` is ``tf_lite_prefill_decode``, ``tf_lite_embedder``, …"""
    edges, items = sections.vector("items", _MAX_SECTIONS)
    is_text = items.scalar("value_type") == schema.union_members("VData").index("StringValue")
    is_name = np.array([key == "model_type" for key in items.strings("key").tolist()], bool)
    rows = np.flatnonzero(is_text & is_name)
    there, values = items.take(rows).table("value", "StringValue")
    owners = np.searchsorted(edges, rows[there], "right") - 1
    return dict(zip(owners.tolist(), values.strings("value").tolist(), strict=True))


class _Window(io.RawIOBase):
    """A seekable file over a view of a mapping, so that zipfile copies only what it reads."""

    def __init__(self, data: Array) -> None:
        self._data = data
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._data.size}[whence]
        if start + offset < 0:
            raise OSError("seek before the start")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        # zipfile reads the directory whole, however large it is said to be.
        if size > _MAX_DIRECTORY:
            raise ValueError(f"a directory of {size} bytes; at most {_MAX_DIRECTORY} are read")
        return super().read(size) or b""

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._data[self._at : self._at + len(buffer)]
        buffer[: piece.size] = piece.tobytes()
        self._at += piece.size
        return int(piece.size)
