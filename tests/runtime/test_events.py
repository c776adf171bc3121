"""The stream of events as a table: nesting, loops, partitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.runtime.errors import RuntimeFailure
from tb_tflite_plugin.runtime.events import Table, split
from tb_tflite_plugin.runtime.raw_events import RawEvents

REGISTER, SYNC = "LiteRT::Run[buffer registration]", "LiteRT::Run[Buffer sync]"
OP, ROW, RUNTIME, MARK = 2, 8, 1, 32


def stream(*rows: tuple[str, int, int, int, int, int]) -> RawEvents:
    """Events from tag, type, start, elapsed, node, subgraph."""
    tags = tuple(sorted({row[0] for row in rows}))
    numbers = np.array([row[1:] for row in rows], np.int64).reshape(-1, 5).T
    return RawEvents(tags, np.array([tags.index(row[0]) for row in rows], np.int64), *numbers)


def rows_of(table: Table) -> list[tuple[Any, ...]]:
    events = table.events()
    return [
        (events.tag[i], events.kind[i], int(events.parent[i]), int(events.partition[i]), float(events.calls[i]),
         events.samples[i].tolist())
        for i in range(len(events))
    ]  # fmt: skip


def test_operators_and_partitions_of_one_subgraph() -> None:
    table = Table()
    table.add(
        stream(
            (REGISTER, RUNTIME, 100, 3, 0, 0),
            ("Invoke", RUNTIME, 105, 20, 0, 0),
            ("Convert (NC)", ROW, 0, 2, 0, 0),
            ("Add (ND)", ROW, 0, 3, 1, 0),
            ("SOFTMAX", OP, 112, 4, 7, 0),
            ("Convert (NC)", ROW, 0, 1, 0, 0),
            ("Invoke", MARK, 0, 1 << 32, -1, 0),
            (SYNC, RUNTIME, 126, 2, 0, 0),
        )
    )
    assert rows_of(table) == [
        (REGISTER, "runtime", -1, -1, 1, [3000]),
        ("Invoke", "invoke", -1, -1, 1, [20_000]),
        ("Convert (NC)", "kernel", 1, 0, 1, [2000]),
        ("Add (ND)", "kernel", 1, 0, 1, [3000]),
        ("SOFTMAX", "operator", 1, -1, 1, [4000]),
        ("Convert (NC)", "kernel", 1, 1, 1, [1000]),
        (SYNC, "runtime", -1, -1, 1, [2000]),
    ]
    assert table.events().start.tolist() == [0, 5000, -1, -1, 12_000, -1, 26_000]
    assert [(p.subgraph, p.operators) for p in table.partitions()] == [(0, None), (0, None)]


def test_an_invocation_lies_in_what_the_interpreter_reports_around_it() -> None:
    table = Table()
    table.add(
        stream(
            (REGISTER, RUNTIME, 100, 3, 0, 0),
            ("invoke", RUNTIME, 105, 30, 0, 0),
            ("Invoke", RUNTIME, 107, 20, 0, 0),
            ("ADD", OP, 110, 4, 0, 0),
            (SYNC, RUNTIME, 136, 2, 0, 0),
        )
    )
    assert [(tag, parent) for tag, _, parent, *_ in rows_of(table)] == [
        (REGISTER, -1), ("invoke", -1), ("Invoke", 1), ("ADD", 2), (SYNC, -1),
    ]  # fmt: skip


def loop(times: int) -> RawEvents:
    """A WHILE whose condition is subgraph 1 and whose body, with an IF that calls subgraph 3, is subgraph 2."""
    rows: list[tuple[str, int, int, int, int, int]] = [
        (REGISTER, RUNTIME, 1, 0, 0, 0),
        ("Invoke", RUNTIME, 10, 10_000, 0, 0),
        ("Static Reshape (NC)", ROW, 0, 1, 0, 0),
        ("WHILE", OP, 12, 9000, 1, 0),
    ]
    now = 20
    for _ in range(times):
        rows += [("Invoke", RUNTIME, now, 5, 0, 1), ("LESS", OP, now + 1, 1, 0, 1)]
        rows += [
            ("Invoke", RUNTIME, now + 6, 30, 0, 2),
            ("ADD", OP, now + 7, 0, 0, 2),
            ("Multiply (ND)", ROW, 0, 2, 0, 2),
            ("IF", OP, now + 9, 20, 3, 2),
            ("Invoke", RUNTIME, now + 10, 10, 0, 3),
            ("ADD", OP, now + 11, 5, 0, 3),
            ("Multiply (ND)", ROW, 0, 1, 0, 2),
        ]
        now += 40
    rows.append(("STRIDED_SLICE", OP, 9500, 7, 2, 0))
    return stream(*rows)


LOOP = [(0, 1, [1, 2]), (2, 3, [3])]


def test_loops_are_sums_and_nest() -> None:
    table = Table(LOOP)
    table.add(loop(3))
    events = table.events()
    names = {i: (events.tag[i], int(events.subgraph[i])) for i in range(len(events))}
    parent = {names[i]: names.get(int(events.parent[i])) for i in range(len(events)) if events.kind[i] != "kernel"}
    assert parent["WHILE", 0] == ("Invoke", 0)
    assert parent["Invoke", 1] == parent["Invoke", 2] == ("WHILE", 0)
    assert parent["ADD", 2] == parent["IF", 2] == ("Invoke", 2)
    assert parent["Invoke", 3] == ("IF", 2)
    assert parent["ADD", 3] == ("Invoke", 3)
    assert parent["STRIDED_SLICE", 0] == ("Invoke", 0)
    calls = {names[i]: float(events.calls[i]) for i in range(len(events)) if events.kind[i] != "kernel"}
    assert (calls["WHILE", 0], calls["ADD", 3], calls["LESS", 1]) == (1, 3, 3)
    times = {names[i]: events.samples[i].tolist() for i in range(len(events)) if events.kind[i] != "kernel"}
    assert times["IF", 2] == [60_000]
    # The IF between them parts the two rows of the body into two partitions.
    rows = [i for i in range(len(events)) if names[i] == ("Multiply (ND)", 2)]
    groups = [(int(events.partition[i]), events.samples[i].tolist()) for i in rows]
    assert [time for _, time in groups] == [[6000], [3000]]
    assert groups[0][0] != groups[1][0]
    assert (events.parent < np.arange(len(events))).all()


def test_inferences_that_differ_share_rows() -> None:
    table = Table(LOOP)
    for times in (3, 1, 0, 3):
        table.add(loop(times))
    events = table.events()
    less = events.tag.index("LESS")
    assert events.samples[less].tolist() == [3000, 1000, -1, 3000]
    assert events.samples[events.tag.index("WHILE")].tolist() == [9_000_000] * 4
    assert events.calls[less] == pytest.approx(7 / 4)


def test_a_subgraph_with_two_callers_has_rows_for_each() -> None:
    table = Table([(0, 0, [1]), (0, 1, [1])])
    table.add(
        stream(
            ("Invoke", RUNTIME, 1, 100, 0, 0),
            ("IF", OP, 2, 20, 0, 0),
            ("Invoke", RUNTIME, 3, 10, 0, 1),
            ("MUL", OP, 4, 5, 0, 1),
            ("IF", OP, 30, 20, 1, 0),
            ("Invoke", RUNTIME, 31, 10, 0, 1),
            ("MUL", OP, 32, 6, 0, 1),
        )
    )
    events = table.events()
    muls = [i for i, tag in enumerate(events.tag) if tag == "MUL"]
    assert [events.samples[i].tolist() for i in muls] == [[5000], [6000]]
    callers = [int(events.parent[events.parent[i]]) for i in muls]
    assert [int(events.node[i]) for i in callers] == [0, 1]


def test_a_call_that_ends_in_the_tick_of_its_operator() -> None:
    table = Table([(0, 0, [1])])
    table.add(
        stream(
            ("Invoke", RUNTIME, 1, 100, 0, 0),
            ("IF", OP, 5, 0, 0, 0),
            ("Invoke", RUNTIME, 5, 0, 0, 1),
            ("MUL", OP, 5, 0, 0, 1),
        )
    )
    assert table.events().parent.tolist() == [-1, 0, 1, 2]


def test_a_loop_goes_on_in_the_tick_of_its_last_operator() -> None:
    table = Table([(0, 0, [1, 2]), (1, 3, [4])])
    table.add(
        stream(
            (REGISTER, RUNTIME, 100, 3, 0, 0),
            ("Invoke", RUNTIME, 105, 30, 0, 0),
            ("WHILE", OP, 106, 28, 0, 0),
            ("Invoke", RUNTIME, 107, 5, 0, 1),
            ("IF", OP, 110, 2, 3, 1),
            ("Invoke", RUNTIME, 112, 20, 0, 2),
        )
    )
    assert [(tag, parent) for tag, _, parent, *_ in rows_of(table)][-2:] == [("IF", 3), ("Invoke", 2)]


def test_a_subgraph_is_allocated_in_the_allocation_of_the_one_that_its_caller_is_in() -> None:
    table = Table(LOOP)
    table.add(
        stream(
            ("Invoke", RUNTIME, 10, 900, 0, 0),
            ("WHILE", OP, 12, 800, 1, 0),
            ("AllocateTensors", RUNTIME, 20, 5, 0, 1),
            ("AllocateTensors", RUNTIME, 30, 50, 0, 2),
            ("AllocateTensors", RUNTIME, 31, 40, 0, 3),
            ("Invoke", RUNTIME, 100, 5, 0, 1),
            ("Invoke", RUNTIME, 110, 90, 0, 2),
            ("IF", OP, 120, 60, 3, 2),
            ("AllocateTensors", RUNTIME, 121, 9, 0, 3),
            ("Invoke", RUNTIME, 135, 20, 0, 3),
            ("Invoke", RUNTIME, 210, 5, 0, 1),
        )
    )
    events = table.events()
    names = [(events.tag[i], int(events.subgraph[i])) for i in range(len(events))]
    parents = [names[parent] if parent >= 0 else None for parent in events.parent.tolist()]
    assert list(zip(names, parents, strict=True)) == [
        (("Invoke", 0), None),
        (("WHILE", 0), ("Invoke", 0)),
        (("AllocateTensors", 1), ("WHILE", 0)),
        (("AllocateTensors", 2), ("WHILE", 0)),
        (("AllocateTensors", 3), ("AllocateTensors", 2)),
        (("Invoke", 1), ("WHILE", 0)),
        (("Invoke", 2), ("WHILE", 0)),
        (("IF", 2), ("Invoke", 2)),
        (("AllocateTensors", 3), ("IF", 2)),
        (("Invoke", 3), ("IF", 2)),
    ]


def test_split() -> None:
    one = (REGISTER, RUNTIME, 1, 0, 0, 0), ("Invoke", RUNTIME, 2, 5, 0, 0), (SYNC, RUNTIME, 8, 1, 0, 0)
    parts = split(stream(*one, *one, *one), 3)
    assert [len(part) for part in parts] == [3, 3, 3]
    assert [part.tags[part.tag[0]] for part in parts] == [REGISTER] * 3
    for count in (2, 4):
        with pytest.raises(RuntimeFailure, match=f"shows 3 inferences of {count}"):
            split(stream(*one, *one, *one), count)
    with pytest.raises(RuntimeFailure, match="shows 0 inferences"):
        split(stream(), 1)
