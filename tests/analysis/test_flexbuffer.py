"""FlexBuffers are read as the flatbuffers package writes them, and hostile ones are refused."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from flatbuffers import flexbuffers
from tb_tflite_plugin.analysis.flexbuffer import FlexBufferError, decode

VALUES = [
    None, True, False, 0, 1, -1, 127, -128, 255, 256, -(2**31), 2**31, 2**63 - 1, -(2**63),
    0.0, 1.5, -2.25, 0.1, "", "text", "tëxt \U0001f600", b"", b"\0\xff", [], {}, [1, 2, 3], [1, "two", 3.5, None],
    {"a": 1, "b": [True, False], "c": {"d": "e", "f": b"g"}}, [[[[]]]], {"": {"": {}}}, ["x"] * 300,
    list(range(-200, 200)), {f"key{i}": i * 1000 for i in range(40)},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:30])
def test_what_dumps_writes_is_read_back(value: Any) -> None:
    found = decode(bytes(flexbuffers.Dumps(value)))
    assert found == value
    assert type(found) is type(value)


def test_random_values_are_read_back() -> None:
    dice = random.Random(7)
    for _ in range(300):
        value = random_value(dice, 4)
        assert decode(bytes(flexbuffers.Dumps(value))) == value


def test_vectors_of_one_type_are_read() -> None:
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Key("unsigned")
        builder.UInt(2**63 - 1)
        builder.Key("ints")
        builder.TypedVectorFromElements([1, -2, 300])
        builder.Key("floats")
        builder.TypedVectorFromElements([0.5, 1.5])
        builder.Key("pair")
        builder.FixedTypedVectorFromElements([3, 4])
        builder.Key("triple")
        builder.FixedTypedVectorFromElements([0.5, 0.25, 2.0])
        builder.Key("four")
        builder.FixedTypedVectorFromElements([1, 2, 3, 4])
        builder.Key("flags")
        with builder.TypedVector():
            builder.Bool(True)
            builder.Bool(False)
        builder.Key("keys")
        with builder.TypedVector():
            builder.Key("one")
            builder.Key("two")
        builder.Key("far")
        builder.IndirectInt(-5)
        builder.Key("far_unsigned")
        builder.IndirectUInt(2**40)
        builder.Key("far_float")
        builder.IndirectFloat(0.1)
    assert decode(bytes(builder.Finish())) == {
        "unsigned": 2**63 - 1,
        "ints": [1, -2, 300], "floats": [0.5, 1.5], "pair": [3, 4], "triple": [0.5, 0.25, 2.0], "four": [1, 2, 3, 4],
        "flags": [True, False], "keys": ["one", "two"], "far": -5, "far_unsigned": 2**40, "far_float": 0.1,
    }  # fmt: skip


def test_custom_options_of_the_models_are_read_as_the_package_reads_them(models: Path) -> None:
    compared = 0
    for path in sorted(models.glob("*.tflite")):
        for graph in tfl.ModelT.InitFromPackedBuf(path.read_bytes(), 0).subgraphs:
            for operator in graph.operators:
                if operator.customOptions is not None:
                    content = bytes(operator.customOptions)
                    try:
                        wanted = flexbuffers.Loads(content)
                    except UnicodeDecodeError:  # a Flex operator's: the second text is a serialized message
                        wanted = [flexbuffers.GetRoot(content).AsVector[0].Value, ANY]
                    assert decode(content) == wanted
                    compared += 1
    assert compared > 5


@pytest.mark.parametrize("content", [b"", b"\0", b"\0\0", b"\0\0\0", b"\0\0\x08", b"\xff" * 40, b"\1\4\3", b"\0\x2c\1"])
def test_what_is_no_flexbuffer_is_refused(content: bytes) -> None:
    with pytest.raises(FlexBufferError):
        decode(content)


def test_mutations_are_read_or_refused() -> None:
    dice = random.Random(11)
    base = [bytes(flexbuffers.Dumps(value)) for value in (VALUES[-6], VALUES[-1], VALUES[-7], random_value(dice, 5))]
    refused = 0
    for _ in range(4000):
        content = bytearray(dice.choice(base))
        for _ in range(dice.randint(1, 4)):
            content[dice.randrange(len(content))] = dice.choice((0, 1, 127, 128, 255, dice.randrange(256)))
        try:
            decode(bytes(content))
        except FlexBufferError:
            refused += 1
    assert refused > 100


def test_every_prefix_and_suffix_is_read_or_refused() -> None:
    content = bytes(flexbuffers.Dumps(VALUES[-6]))
    for cut in range(len(content)):
        for piece in (content[:cut], content[cut:]):
            try:
                decode(piece)
            except FlexBufferError:
                continue


@pytest.mark.parametrize("width", [50, 200])
def test_vectors_that_share_their_elements_are_refused(width: int) -> None:
    """The billion laughs: every level lists the one below many times."""
    levels = [vector_of_offsets([0] * width)]
    content = bytearray(levels[0][0])
    start = 2
    for _ in range(9):
        at = len(content) + 2
        body, _ = vector_of_offsets([at + 2 * i - start for i in range(width)])
        start = at
        content += body
    content += b"\0" * (len(content) % 2) + struct.pack("<HBB", len(content) - start, (10 << 2) | 1, 2)
    with pytest.raises(FlexBufferError, match="overlap"):
        decode(bytes(content))


def test_wide_vectors_within_wide_vectors_do_not_pile_up() -> None:
    """Each level has as many elements as there are bytes for, and the last of them leads one level down."""
    width, depth = 5000, 40
    content, starts = bytearray(), []
    for level in range(depth):
        content += struct.pack("<I", width)
        start = len(content)
        places = [0] * width
        if level:
            places[-1] = start + 4 * (width - 1) - starts[-1]
        content += struct.pack(f"<{width}I", *places) + bytes(width - 1) + bytes([(10 << 2) | 2 if level else 0])
        content += bytes(-len(content) % 4)
        starts.append(start)
    content += struct.pack("<IBB", len(content) - starts[-1], (10 << 2) | 2, 4)
    with pytest.raises(FlexBufferError, match="overlap"):
        decode(bytes(content))


def test_endless_nesting_is_refused() -> None:
    value: list[Any] = []
    for _ in range(200):
        value = [value]
    builder = flexbuffers.Builder()
    builder.Add(value)
    with pytest.raises(FlexBufferError, match="nested without end"):
        decode(bytes(builder.Finish()))


def test_texts_that_share_their_bytes_are_refused() -> None:
    builder = flexbuffers.Builder(share_strings=True)
    builder.VectorFromElements(["x" * 30_000] * 100)
    with pytest.raises(FlexBufferError, match="a text runs past the end"):
        decode(bytes(builder.Finish()))


def vector_of_offsets(places: list[int]) -> tuple[bytes, int]:
    """An untyped vector of 16-bit slots, all vectors themselves, or null where the place is 0."""
    kinds = bytes(((10 << 2) | 1) if place else 0 for place in places)
    body = struct.pack(f"<H{len(places)}H", len(places), *places) + kinds
    return body + b"\0" * (len(body) % 2), len(body)


def random_value(dice: random.Random, depth: int) -> Any:
    kind = dice.randrange(9 if depth else 7)
    if kind == 0:
        return None
    if kind == 1:
        return dice.random() < 0.5
    if kind in (2, 3):
        return dice.randrange(-(2 ** dice.choice((4, 7, 15, 31, 63))), 2 ** dice.choice((4, 7, 15, 31, 63)))
    if kind == 4:
        return float(np.float32(dice.gauss(0, 1000)))
    if kind == 5:
        return "".join(dice.choice("ab äß\U0001f600") for _ in range(dice.randrange(12)))
    if kind == 6:
        return dice.randbytes(dice.randrange(12))
    if kind == 7:
        return [random_value(dice, depth - 1) for _ in range(dice.randrange(6))]
    return {f"k{dice.randrange(50)}": random_value(dice, depth - 1) for _ in range(dice.randrange(6))}
