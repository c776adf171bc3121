"""Hostile files cost bounded memory: at most twice their size and 64 MiB beyond the interpreter, and no long time."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flatbuffers import flexbuffers
from tb_tflite_plugin.analysis import schema

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")

MIB = 1 << 20
# Opens the file, then reads of it what the first page of the viewer shows, then the details of its first operator and
# tensor. Prints how each step ended and the peak of memory until then, beyond what it was before opening.
CHILD = """
import sys
from pathlib import Path
import numpy as np
from tb_tflite_plugin.analysis import details, overview
from tb_tflite_plugin.analysis.containers import ModelError, open_model

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024

def step(name, read):
    try:
        result, end = read(), "read"
    except ModelError as error:
        result, end = None, error.reason
    print(name, peak() - before, end, sep="|")
    return result

def warm_up(model):
    overview.inspect(model), details.operator_details(model, np.arange(1)), details.tensor_details(model, 0)

warm_up(open_model(sys.argv[1]))
before = peak()
model = step("open", lambda: open_model(sys.argv[2]))
if model is not None:
    step("inspect", lambda: overview.inspect(model))
    step("links", lambda: (model.consumers, model.producer, model.operators.intermediates))
    step("operator", lambda: details.operator_details(model, np.arange(min(1, len(model.operators)))))
    step("tensor", lambda: len(model.tensors) and details.tensor_details(model, 0))
"""

Measure = Callable[[Any], dict[str, str]]


@pytest.fixture
def measure(child: Callable[..., str], write: Callable[..., Path], models: Path) -> Measure:
    """Reads a file in a process of its own; how each step ended. No step may take more memory than is allowed."""

    def run(raw: Any) -> dict[str, str]:
        path = write(bytes(raw.data), "hostile.tflite")
        allowed = 2 * path.stat().st_size + 64 * MIB
        ends = {}
        for line in child(CHILD, models / "tiny_mlp.tflite", path).splitlines():
            name, peak, end = line.split("|", 2)
            assert int(peak) <= allowed, f"{name}: {int(peak) / MIB:.0f} MiB for {path.stat().st_size / MIB:.1f} MiB"
            ends[name] = end
        return ends

    return run


def padded(raw: Any, size: int) -> Any:
    raw.data += bytes(size)
    return raw


@pytest.mark.parametrize("padding", [0, 20 * MIB])
@pytest.mark.parametrize("kind", ["tensor", "operator", "buffer"])
def test_nothing_but_empty_tables_opens_within_bounds(raw: Any, measure: Measure, kind: str, padding: int) -> None:
    """They take four bytes each in the file, and ten times that as columns."""
    raw.model({kind: 200_000 if not padding else 490_000})
    assert measure(padded(raw, padding))["open"] == "read"


def test_empty_tables_of_every_kind_open_within_bounds(raw: Any, measure: Measure) -> None:
    raw.model({"tensor": 250_000, "operator": 250_000, "buffer": 60_000, "code": 10_000, "graph": 1})
    assert measure(padded(raw, 20 * MIB))["open"] == "read"


@pytest.mark.parametrize("kind", ["tensor", "operator", "buffer"])
def test_twenty_megabytes_of_empty_tables_are_refused(raw: Any, measure: Measure, kind: str) -> None:
    raw.model({kind: 5_000_000})
    assert "5000000 entries in" in measure(raw)["open"]


def test_tables_in_one_vector_that_all_kinds_share_are_refused(raw: Any, measure: Measure) -> None:
    places = raw.model()
    vector = raw.tables(400_000)
    for place in ("root.4", "graph.0", "graph.3"):
        raw.point(places[place], vector)
    raw.point_all(vector, raw.table({})[0])
    assert "they overlap" in measure(raw)["open"]


@pytest.mark.parametrize("count", [2_000_000, 2_097_152, 5_000_000])
def test_one_huge_operand_vector_is_bounded(raw: Any, measure: Measure, count: int) -> None:
    places = raw.model(operator={1: None, 2: None, 8: None})
    vector = raw.vector(bytes(4 * count), count)
    for slot in (1, 2, 8):
        raw.point(places[f"operator.{slot}"], vector)
    ends = measure(padded(raw, 8 * MIB))
    assert ends["open"] == ("read" if count <= 2_097_152 else "5000000 entries in inputs; at most 2097152 are read")


@pytest.mark.parametrize("slot", [0, 3, 7], ids=["shapes", "names", "shape signatures"])
def test_twenty_megabytes_of_a_few_overlapping_vectors_are_refused(raw: Any, measure: Measure, slot: int) -> None:
    """Every tensor's list begins a little later in the same bytes, and goes on to their end."""
    count, width, size = 8, 1 if slot == 3 else 4, 20 * MIB
    places = raw.model({"tensor": count})
    vector = places["graph.0"] + struct.unpack_from("<I", raw.data, places["graph.0"])[0]
    fields = []
    for row in range(count):
        table, of_table = raw.table({slot: None})
        raw.point(vector + 4 + 4 * row, table)
        fields.append(of_table[slot])
    region = len(raw.data)
    padded(raw, size)
    for row, field in enumerate(fields):
        start = region + 1000 * row
        raw.point(field, start)
        struct.pack_into("<I", raw.data, start, (region + size - start - 4) // width)
    ends = measure(raw)
    refusal = {0: "open", 3: "open", 7: "tensor"}[slot]
    assert "at most 2097152 are read" in ends[refusal] or "they overlap" in ends[refusal]


def test_two_million_operands_of_many_operators_stay_within_bounds(raw: Any, measure: Measure) -> None:
    places = raw.model({"operator": 400_000}, operator={1: None, 2: None})
    vector = raw.vector(bytes(4 * 5), 5)
    raw.point(places["operator.1"], vector)
    raw.point(places["operator.2"], raw.vector(bytes(4), 1))
    measure(padded(raw, 20 * MIB))


@pytest.mark.parametrize("content", [b"a", "é\U0001f600".encode(), b"\xff"], ids=["ascii", "utf8", "no utf8"])
def test_a_long_name_that_a_thousand_tensors_share_opens_within_bounds(
    raw: Any, measure: Measure, content: bytes
) -> None:
    places = raw.model({"tensor": 1000}, tensor={3: None})
    raw.point(places["tensor.3"], raw.vector(content * (36_000 // len(content))))
    assert measure(padded(raw, 20 * MIB))["open"] == "read"


@pytest.mark.parametrize("content", [b"a", "\U0001f600".encode(), b"\xff"], ids=["ascii", "utf8", "no utf8"])
def test_one_custom_code_of_ten_megabytes_stays_within_bounds(raw: Any, measure: Measure, content: bytes) -> None:
    places = raw.model(code={1: None})
    raw.point(places["code.1"], raw.vector(content * (10 * MIB // len(content))))
    measure(raw)


@pytest.mark.parametrize("padding", [0, 20 * MIB])
def test_quantization_that_all_tensors_share_stays_within_bounds(raw: Any, measure: Measure, padding: int) -> None:
    places = raw.model({"tensor": 200_000}, tensor={4: None})
    table, fields = raw.table(dict.fromkeys(range(4)))
    raw.point(places["tensor.4"], table)
    vector = raw.vector(bytes(8), 1)
    for place in fields.values():
        raw.point(place, vector)
    measure(padded(raw, padding))


def test_inputs_of_a_subgraph_are_limited(raw: Any, measure: Measure) -> None:
    places = raw.model(graph={1: None, 2: None})
    vector = raw.vector(bytes(4 * 32_768), 32_768)
    raw.point(places["graph.1"], vector)
    raw.point(places["graph.2"], vector)
    assert measure(raw)["inspect"] == "read"
    places = (raw := type(raw)()).model(graph={1: None})
    raw.point(places["graph.1"], raw.vector(bytes(4 * 5_000_000), 5_000_000))
    assert measure(raw)["open"] == "5000000 entries in inputs; at most 32768 are read"


@pytest.mark.parametrize(
    ("count", "end"), [(60_000, "read"), (400_000, "more than 65536 operators run other subgraphs")]
)
def test_operators_that_run_subgraphs_are_limited(raw: Any, measure: Measure, count: int, end: str) -> None:
    option = schema.union_members("BuiltinOptions").index("WhileOptions")
    places = raw.model({"operator": count}, operator={3: bytes([option]), 4: None})
    raw.point(places["operator.4"], raw.table({0: bytes(4), 1: bytes(4)})[0])
    end = measure(padded(raw, 20 * MIB))["inspect"]
    assert end == ("read" if count == 60_000 else "more than 65536 operators run other subgraphs")


def test_options_of_one_huge_vector_are_refused(raw: Any, measure: Measure) -> None:
    option = schema.union_members("BuiltinOptions").index("ReshapeOptions")
    places = raw.model(operator={3: bytes([option]), 4: None})
    table, fields = raw.table({0: None})
    raw.point(places["operator.4"], table)
    raw.point(fields[0], raw.vector(bytes(4 * 5_000_000), 5_000_000))
    assert measure(raw)["operator"] == "5000000 entries in new_shape; at most 1048576 are read"


def test_composite_attributes_of_twenty_megabytes_are_only_counted(raw: Any, measure: Measure) -> None:
    option = schema.union_members("BuiltinOptions2").index("StableHLOCompositeOptions")
    places = raw.model(operator={11: bytes([option]), 12: None})
    table, fields = raw.table({2: None})
    raw.point(places["operator.12"], table)
    raw.point(fields[2], raw.vector(bytes(20 * MIB)))
    assert measure(raw)["operator"] == "read"


@pytest.mark.parametrize("value", [list(range(30_000)), [[0]] * 8000, ["x" * 60_000] * 1000, [None] * 30_000])
def test_custom_options_that_unfold_stay_within_bounds(raw: Any, measure: Measure, value: Any) -> None:
    places = raw.model({"operator": 1000}, operator={5: None})
    builder = flexbuffers.Builder(share_strings=True)
    builder.Add(value)
    raw.point(places["operator.5"], raw.vector(bytes(builder.Finish())))
    assert measure(raw)["operator"] == "read"


def test_signatures_and_external_buffers_are_limited(raw: Any, measure: Measure) -> None:
    table, fields = raw.table({2: None, 4: None, 7: None, 9: None})
    struct.pack_into("<I", raw.data, 0, table)
    for slot in (2, 4):
        raw.point(fields[slot], raw.tables(0))
    for slot, count in ((7, 10_001), (9, 32_769)):
        vector = raw.tables(count)
        raw.point(fields[slot], vector)
        raw.point_all(vector, raw.table({})[0])
    assert "entries in" in measure(raw)["inspect"]
