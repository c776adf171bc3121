"""What-ifs: what changes, and what that may mean in time by profiles whose times are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.delegates import delegates
from tb_tflite_plugin.analysis.delegates.estimate import Measured, chosen, sentences
from tb_tflite_plugin.analysis.delegates.reports import fixes_of
from tb_tflite_plugin.analysis.delegates.rules import Claim, Delegate, Failure
from tb_tflite_plugin.analysis.delegates.simulation import place
from tb_tflite_plugin.analysis.delegates.what_if import WhatIf, ask, of_types
from tb_tflite_plugin.analysis.model import Model

MODELS = Path(__file__).parents[1] / "models"


def chain(handmade: Any, *ops: str) -> Model:
    """Operators in a row, one tensor of 16 bytes between each two."""
    at = handmade.tensor([4], "FLOAT32", b"")
    for op in ops:
        after = handmade.tensor([4], "FLOAT32", b"")
        handmade.op(op, [at], [after])
        at = after
    handmade.graph.outputs = [at]
    model: Model = handmade.open()
    return model


def takes(*types: str, most: int = 0) -> Delegate:
    """A delegate that takes these types."""

    def claim(view: Any, subgraph: int) -> Claim:
        nodes = list(view.nodes(subgraph))
        mine = {node.operator for node in nodes if node.op in types}
        others = {node.operator: [Failure("operator", node.op, "another")] for node in nodes if node.op not in types}
        return Claim(mine, others)

    return Delegate("toy", "Toy", "list", "a test", claim, most_partitions=most)


def measured(us: list[float], inside: str = "", *, total: float | None = None, **more: Any) -> Measured:
    """A profile; ``inside`` has an x for each operator that the delegate ran."""
    times = np.array(us, float)
    where = np.array([mark == "x" for mark in inside.ljust(len(us), ".")], bool)
    whole = float(np.nansum(times)) + 10 if total is None else total
    return Measured(**{"label": "here", "machine": ("cpu", 1), **more}, us=times, total_us=whole, inside=where)


OPS = ("ABS", "NEG", "ABS", "EXP", "EXP", "ABS")


@pytest.fixture
def model(handmade: Any) -> Model:
    return chain(handmade, *OPS)


def test_what_changes(model: Model) -> None:
    found = ask(model, takes("ABS"), of_types(model, ["NEG"]))
    answer = found.as_json()
    assert answer["before"] == {"delegated": 3, "partitions": 3, "crossing_bytes": 96, "crossing_tensors": 6}
    assert answer["after"] == {"delegated": 4, "partitions": 2, "crossing_bytes": 64, "crossing_tensors": 4}
    assert (answer["gained"], answer["lost"], answer["asked"], answer["accepted_now"]) == ([1], [], 1, 0)
    assert answer["sentence"] == "Toy would take 4 of 6 operators in 2 partitions instead of 3 in 3 partitions."
    assert answer["time"] is None
    cells = {column.name: column.cells() for column in found.report().columns}
    assert cells["partition"] == [0, 0, 0, None, None, 1]
    assert cells["change"] == ["stays in", "joins", "stays in", "stays out", "stays out", "stays in"]
    assert found.report().name == "what_if"


def test_limits_bring_others_along_and_drop_some(handmade: Any) -> None:
    model = chain(handmade, "ABS", "ABS", "ABS", "EXP", "ABS", "NEG", "ABS", "ABS")
    found = ask(model, takes("ABS", most=1), of_types(model, ["NEG"]))
    assert (found.fix.gained, found.fix.lost) == ((4, 5, 6, 7), (0, 1, 2))
    assert "ABS (3) would come along, which the limits on partitions keep out as it is" in found.sentence()
    assert "ABS (3) would drop out by these limits" in found.sentence()
    cells = {column.name: column.cells() for column in found.report().columns}
    assert cells["change"] == ["drops out"] * 3 + ["stays out"] + ["joins"] * 4
    # What drops out ran inside: what it takes outside is not known, so the bound takes it for nothing.
    base = measured([1, 1, 1, 50, 5, 20, 6, 7], "xxx", total=100)
    time = WhatIf(model, found.before, found.after, found.asked, [base]).estimate
    assert time is not None
    assert (time.moved_us, time.least_us, time.dropped) == (38, 59, 3)
    assert any("3 operators would fall out" in text for text in sentences(time))


def test_nothing_changes(model: Model) -> None:
    found = ask(model, takes("ABS"), [0])
    assert found.as_json()["accepted_now"] == 1
    assert found.sentence() == "Toy would take the same 3 of 6 operators."
    time = ask(model, takes("ABS"), [], [measured([1] * 6, "x.x..x")]).estimate
    assert time is not None
    assert (time.moved_us, time.least_us) == (0, 16)
    assert sentences(time) == ["None of the measured time (16 µs) would move."]


def test_a_bound_from_a_profile_with_the_delegate(model: Model) -> None:
    base = measured([1, 30, 2, 20, 10, 3], "x.x..x", total=100)
    time = ask(model, takes("ABS"), [1], [base]).estimate
    assert time is not None
    assert (time.inside_us, time.then_inside_us, time.moved_us, time.moved_share) == (6, 36, 30, 0.3)
    assert (time.least_us, time.expected_us, time.ratios, time.other) == (70, None, {}, None)
    assert sentences(time) == [
        "At most 30% of the measured time could move: 30 µs of 100 µs.",
        "An inference would then take 70 µs or more.",
        "How fast the delegate would run it was not measured.",
    ]


def test_a_bound_from_a_profile_without_it(model: Model) -> None:
    time = ask(model, takes("ABS"), [1], [measured([10, 30, 10, 20, 10, 10], total=100)]).estimate
    assert time is not None
    # The delegate could win as well what it takes as it is: that ran outside here too.
    assert (time.moved_us, time.least_us, time.with_delegate) == (30, 40, False)
    assert "30% of its time are in operators that are taken as it is, 60% would be then; 40 µs" in sentences(time)[1]


def test_speeds_by_type_are_measured_ones(model: Model) -> None:
    """EXP runs inside once and outside once; NEG never inside."""
    partly = replace(takes("ABS"), claim=lambda view, subgraph: Claim({0, 2, 3, 5}, {1: [], 4: []}))
    base = measured([5, 30, 5, 10, 40, 5], "x.xx.x", total=100)
    plain = measured([10, 30, 10, 40, 40, 10], label="plain")
    time = ask(model, partly, [1, 4], [plain, base]).estimate
    assert time is not None
    assert (time.label, time.other) == ("here", "plain")
    assert time.ratios == {"EXP": 0.25}
    assert time.expected_us == 100 - 40 * 0.75
    assert (time.moved_us, time.least_us, time.unknown) == (70, 30, ("NEG",))
    assert "About 70 µs" in sentences(time)[2]
    assert "EXP 25%); of NEG none was measured, it counts as it is." in sentences(time)[2]


def test_speeds_of_other_machines_or_too_short_for_the_clock_are_not_used(model: Model) -> None:
    partly = replace(takes("ABS"), claim=lambda view, subgraph: Claim({0, 2, 3, 5}, {1: [], 4: []}))
    times, plain = [5, 30, 5, 10, 40, 5], [10.0, 30, 10, 40, 40, 10]
    for base, other in (
        (measured(times, "x.xx.x"), measured(plain, machine=("cpu", 2))),
        (measured(times, "x.xx.x", step_us=2), measured(plain)),
    ):
        time = ask(model, partly, [4], [base, other]).estimate
        assert time is not None
        assert time.expected_us is None
        assert time.ratios == {}


def test_operators_without_a_time_leave_the_bound_true(model: Model) -> None:
    base = measured([1, np.nan, 2, 20, 10, 3], "x.x..x", total=100)
    time = ask(model, takes("ABS"), [1], [base]).estimate
    assert time is not None
    assert (time.untimed, time.moved_us, time.least_us) == (1, 64, 36)
    assert "1 of the operators that would move has no time in the profile" in sentences(time)[-1]


def test_which_profiles_are_used() -> None:
    nothing, plain, inside = measured([np.nan] * 6), measured([1] * 6), measured([1] * 6, "x")
    assert chosen([]) == (None, None)
    assert chosen([nothing]) == (None, None)
    assert chosen([nothing, plain]) == (plain, None)
    assert chosen([plain, inside]) == (inside, plain)
    assert chosen([inside, measured([1] * 6, machine=("other",))]) == (inside, None)


def test_what_to_fix_first_goes_by_time() -> None:
    model = open_model(MODELS / "opzoo_int8.tflite")
    untimed = fixes_of(model, "xnnpack")
    assert {fix["time"] for fix in untimed["fixes"]} == {None}
    placed = place(model, delegates()["xnnpack"])
    rejected = sorted(placed.failures)
    us = np.ones(len(model.operators))
    us[rejected[-1]] = 1000
    profile = measured(us.tolist(), "".join("x" if o in placed.taken else "." for o in range(len(us))))
    found = fixes_of(model, "xnnpack", [profile])["fixes"]
    assert rejected[-1] in found[0]["operators"]
    moved = [fix["time"]["moved_us"] for fix in found]
    assert moved == sorted(moved, reverse=True)
    assert all(fix["time"]["moved_us"] == us[list(fix["operators"])].sum() for fix in found)


def test_types_that_a_model_does_not_have(model: Model) -> None:
    assert of_types(model, ["EXP", "NEG"]) == {1, 3, 4}
    with pytest.raises(LookupError, match="CONV_2D"):
        of_types(model, ["EXP", "CONV_2D"])
