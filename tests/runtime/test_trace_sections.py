"""System traces: ATrace as text and Chrome JSON, with the runtime's sections TAG@node/subgraph."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import pytest
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime import traces
from tb_tflite_plugin.runtime.errors import TraceError
from tb_tflite_plugin.runtime.trace import Trace
from tb_tflite_plugin.runtime.traces.bind import bind

Mark = tuple[float, str, str]  # microseconds, B or E, name


def inference(model: Model, start: float, scale: float = 1.0) -> list[Mark]:
    """The marks of one inference of a loop model: operator k of a subgraph takes k + 1 µs, the loop runs twice."""
    loop = model.operators.ops.index("WHILE")
    clock = start
    marks: list[Mark] = []

    def run(subgraph: int) -> None:
        nonlocal clock
        marks.append((clock, "B", f"Invoke@0/{subgraph}"))
        first, stop = model.subgraphs.operator_offsets[subgraph : subgraph + 2].tolist()
        for operator in range(first, stop):
            marks.append((clock, "B", f"{model.operators.ops[operator]}@{operator - first}/{subgraph}"))
            if operator == loop:
                for _ in range(2):
                    run(1)
                    run(2)
            else:
                clock += (operator - first + 1) * scale
            marks.append((clock, "E", ""))
        marks.append((clock, "E", ""))

    run(0)
    return marks


def systrace(marks: Iterable[Mark], style: str = "systrace") -> str:
    """As Android's tracer prints them, among lines of others."""
    lines = ["# tracer: nop", "#           TASK-PID    CPU#  ||||    TIMESTAMP  FUNCTION"]
    for time, kind, name in marks:
        stamp = f"{12345 + time / 1e6:.6f}"
        mark = f"B|1234|{name}" if kind == "B" else "E|1234"
        if style == "systrace":
            lines.append(f" benchmark_model-1240  ( 1234) [003] ...1 {stamp}: tracing_mark_write: {mark}")
            lines.append(f"          <idle>-0     (-----) [001] d..2 {stamp}: sched_switch: prev_comm=x")
        else:
            lines.append(f"          Binder-1240 [003] .... {stamp}: print: {mark}")
    return "\n".join(lines) + "\n"


def loaded(text: str, model: Model) -> Trace:
    return bind(traces.read_bytes(text.encode(), "trace"), model, "trace")


def test_inferences_are_told_apart(gru: Model) -> None:
    marks = [mark for run in range(4) for mark in inference(gru, run * 10_000.0, 3.0 if run == 0 else 1.0)]
    trace = loaded(systrace(marks), gru)
    expected = 1 + 3 + 2 * (sum(range(1, 20)) + 1)  # the body has 19 operators, the condition one
    assert trace.profiled.samples.tolist() == [expected * 1000] * 3
    assert trace.startup["first_inference_ns"] == 3 * expected * 1000
    assert sorted(map(tuple, trace.events.operators.tolist())) == [(operator,) for operator in range(23)]
    row = {operators[0]: row for row, operators in enumerate(trace.events.operators.tolist())}
    loop = row[gru.operators.ops.index("WHILE")]
    in_body = [row[operator] for operator in range(23) if gru.operators.subgraph[operator] > 0]
    assert trace.events.parent[in_body].tolist() == [loop] * 20
    assert trace.events.calls[in_body].tolist() == [2] * 20
    # Samples are whole inferences: both turns of the loop together.
    assert trace.events.samples[row[3]].tolist() == [2000] * 3
    assert trace.events.samples[loop].tolist() == [(expected - 4) * 1000] * 3


@pytest.mark.parametrize("style", ["systrace", "traceconv"])
def test_starts_are_kept(mnet: Model, style: str) -> None:
    marks: list[Mark] = [(5.0, "B", "Invoke@0/0")]
    for node, op in enumerate(mnet.operators.ops):
        marks += [(10.0 * node + 10, "B", f"{op}@{node}/0"), (10.0 * node + 15, "E", "")]
    trace = loaded(systrace([*marks, (300.0, "E", "")], style), mnet)
    assert trace.events.start.tolist() == [10_000 * node + 5000 for node in range(20)]
    assert trace.events.samples[:, 0].tolist() == [5000] * 20
    assert trace.profiled.samples.tolist() == [295_000]


def test_sections_of_others_keep_the_ends_apart(mnet: Model) -> None:
    marks = [
        (0.0, "B", "Choreographer#doFrame"), (1.0, "B", "Invoke@0/0"), (2.0, "B", "TfLiteXNNPackDelegate@20/0"),
        (3.0, "B", "conv kernel@0/0"), (4.0, "B", "memcpy"), (5.0, "E", ""), (6.0, "E", ""), (7.0, "E", ""),
        (8.0, "E", ""), (9.0, "E", ""), (10.0, "E", ""),
    ]  # fmt: skip
    trace = loaded(systrace([(20.0, "E", ""), *((t + 30, k, n) for t, k, n in marks)]), mnet)
    assert trace.events.tag == ("TfLiteXNNPackDelegate", "conv kernel")
    assert trace.events.kind == ("delegate", "kernel")
    assert trace.events.parent.tolist() == [-1, 0]
    assert trace.events.samples.tolist() == [[5000], [3000]]
    assert any("2 sections have no beginning or no end" in finding.message for finding in trace.findings)


def test_without_invoke_runs_are_not_told_apart(mnet: Model) -> None:
    marks = [(0.0, "B", "CONV_2D@0/0"), (5.0, "E", ""), (10.0, "B", "CONV_2D@0/0"), (17.0, "E", "")]
    trace = loaded(systrace(marks), mnet)
    assert np.isnan(trace.events.calls).all()
    assert trace.events.given["mean"].tolist() == [6000]  # of a call: how many an inference has is not known
    assert trace.profiled.typical() is None
    assert any("cannot be told apart" in finding.message for finding in trace.findings)


def chrome_events(marks: Iterable[Mark]) -> list[dict[str, object]]:
    return [{"ph": kind, "name": name, "ts": time, "pid": 1, "tid": 7} for time, kind, name in marks]


def test_chrome_pairs_and_complete_events_agree(gru: Model) -> None:
    marks = [mark for run in range(3) for mark in inference(gru, run * 10_000.0)]
    pairs = chrome_events(marks)
    complete, stack = [], []
    for time, kind, name in marks:
        if kind == "B":
            stack.append((time, name))
        else:
            start, name = stack.pop()
            complete.append({"ph": "X", "name": name, "ts": start, "dur": time - start, "pid": 1, "tid": 7})
    texts = [json.dumps(pairs), json.dumps({"traceEvents": complete, "displayTimeUnit": "ns"}), systrace(marks)]
    found = [loaded(text, gru) for text in texts]
    assert [trace.source["format"] for trace in found] == ["chrome-json", "chrome-json", "systrace"]
    for other in found[1:]:
        assert sorted(zip(other.events.operators.tolist(), other.events.samples.tolist(), strict=True)) == sorted(
            zip(found[0].events.operators.tolist(), found[0].events.samples.tolist(), strict=True)
        )
        assert other.profiled.samples.tolist() == found[0].profiled.samples.tolist()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("# tracer: nop\n", "no section named TAG@node/subgraph"),
        ("# tracer: nop\nx: B|1|CONV_2D@0/0\n", "line 2: a trace mark without task, processor or time"),
        ('[{"ph": "X"', "line 1, column 12: not JSON"),
        ('[{"ph": "X", "name": "a@0/0", "ts": "soon"}]', "event 0: ts of an event is no time"),
        ('[{"ph": "X", "name": "a@0/0", "ts": 1, "dur": -4}]', "event 0: dur of an event is no time"),
        ('[{"ph": "B", "name": 4, "ts": 1}]', "event 0: an event whose name is no text"),
        ('["ph"]', "event 0: an event that is no object"),
        ('{"traceEvents": 4}', "there is no list traceEvents"),
        (
            '[{"ph": "B", "name": "a@0/0", "ts": 5}, {"ph": "E", "ts": 4}]',
            "event 0: a section that ends before it begins",
        ),
        ("[" * 100_000 + '"ph"', "JSON beyond what is read"),
    ],
    ids=["empty", "mark", "json", "ts", "dur", "name", "event", "list", "backwards", "deep"],
)
def test_faults_have_a_place(text: str, reason: str) -> None:
    with pytest.raises(TraceError) as error:
        traces.read_bytes(text.encode(), "trace")
    assert reason in str(error.value)
    assert str(error.value).startswith("trace: ")
