"""The two protobuf messages of benchmark_model, written by the modules that come with the runtime."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tb_tflite_plugin.analysis import schema
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime import traces
from tb_tflite_plugin.runtime.errors import TraceError
from tb_tflite_plugin.runtime.trace import Trace
from tb_tflite_plugin.runtime.traces import protobuf
from tb_tflite_plugin.runtime.traces.bind import bind

profiling = pytest.importorskip("ai_edge_litert.profiling_info_pb2")
details = pytest.importorskip("ai_edge_litert.model_runtime_info_pb2")


def loaded(message: Any, model: Model) -> Trace:
    return bind(traces.read_bytes(message.SerializeToString(), "profile.pb"), model, "profile.pb")


def op_profile(target: Any, tag: str, name: str, order: int, microseconds: list[int], calls: int = 1) -> None:
    """Fills an OpProfileData as ProfileSummaryProtoFormatter does: avg is cut to a whole number."""
    target.node_type, target.name, target.run_order, target.times_called = tag, name, order, calls
    stat = target.inference_microseconds
    stat.first, stat.last, stat.sum, stat.count = (
        microseconds[0],
        microseconds[-1],
        sum(microseconds),
        len(microseconds),
    )
    stat.min, stat.max, stat.avg = min(microseconds), max(microseconds), sum(microseconds) // len(microseconds)
    stat.stddev = float(np.std(microseconds))


@pytest.fixture
def profile(mnet: Model) -> Any:
    message = profiling.BenchmarkProfilingData()
    initial = message.init_profile.subgraph_profiles.add(subgraph_index=0)
    op_profile(initial.per_op_profiles.add(), "AllocateTensors", "AllocateTensors/0", 0, [1356])
    regular = message.runtime_profile.subgraph_profiles.add(subgraph_index=0, subgraph_name="main")
    for node, op in reversed(list(enumerate(mnet.operators.ops))):
        op_profile(regular.per_op_profiles.add(), op, f"[out]:{node}", node, [10 + node, 11 + node])
    inner = message.runtime_profile.delegate_profiles.add(delegate_name="")
    op_profile(inner.per_op_profiles.add(), "DelegateOpInvoke", "Delegate/conv:3", 0, [5])
    return message


def test_profiling_data(profile: Any, mnet: Model) -> None:
    trace = loaded(profile, mnet)
    assert trace.source["format"] == "benchmark-proto"
    assert list(trace.events.tag) == [*mnet.operators.ops, "conv"]
    assert trace.events.operators.tolist() == [*([node] for node in range(20)), []]
    # The mean comes from the sum: avg has lost the half.
    np.testing.assert_allclose(trace.events.given["mean"][:20], 10_500 + np.arange(20) * 1000)
    assert trace.events.given["count"].tolist() == [2] * 20 + [1]
    assert trace.events.kind[-1] == "kernel"
    assert trace.source["initialization"] == [["AllocateTensors", 1356.0]]


def test_runtime_details_have_partitions(mnet: Model) -> None:
    message = details.ModelRuntimeDetails(model_name="mnet")
    graph = message.subgraphs.add(subgraph_id=0, name="main", subgraph_type=1)
    codes = schema.enum_values("BuiltinOperator")
    for node, op in enumerate(mnet.operators.ops):
        added = graph.nodes.add(id=node, name=op, type=str(codes[op]), inputs=[-1, 3], outputs=[4])
        if node < 19:
            added.delegated_to_node_id = 20
    node = graph.nodes.add(id=20, name="TfLiteXNNPackDelegate", type="TfLiteXNNPackDelegate")
    node.delegate_node_details.delegate_name = "TfLiteXNNPackDelegate"
    node.delegate_node_details.tflite_node_ids_replaced.extend(range(19))
    op_profile(node.op_profile_data, "TfLiteXNNPackDelegate", "[x]:20", 0, [300])
    op_profile(graph.nodes[19].op_profile_data, "SOFTMAX", "[y]:19", 1, [4])
    graph.execution_plan.extend([20, 19])
    inner = message.subgraphs.add(subgraph_id=1, subgraph_type=2)  # a delegate's own graph
    inner.nodes.add(id=0, name="conv", type="conv")

    trace = loaded(message, mnet)
    (partition,) = trace.partitions
    assert (partition.node, partition.delegate, partition.operators) == (20, "TfLiteXNNPackDelegate", tuple(range(19)))
    assert trace.events.tag == ("TfLiteXNNPackDelegate", "SOFTMAX")
    assert trace.events.kind == ("delegate", "operator")
    assert trace.events.operators.tolist() == [[], [19]]  # the time of 19 operators together is none's
    assert trace.events.partition.tolist() == [0, -1]
    assert [finding.code for finding in trace.findings] == ["trace-model-assumed"]


def test_runtime_details_of_another_model(mnet: Model, gru: Model) -> None:
    message = details.ModelRuntimeDetails()
    graph = message.subgraphs.add(subgraph_id=0)
    graph.nodes.add(id=0, name="CONV_2D", type=str(schema.enum_values("BuiltinOperator")["CONV_2D"]))
    assert loaded(message, mnet).findings[0].code == "trace-model-assumed"
    with pytest.raises(TraceError, match="is of another model"):
        loaded(message, gru)


def test_nodes_that_are_not_there(mnet: Model) -> None:
    message = details.ModelRuntimeDetails()
    graph = message.subgraphs.add(subgraph_id=0)
    graph.nodes.add(id=0, type="3")
    graph.execution_plan.append(7)
    with pytest.raises(TraceError, match=r"byte 0: nodes are named that are not there"):
        loaded(message, mnet)


def test_where_a_message_is_cut_off(profile: Any) -> None:
    data = profile.SerializeToString()
    with pytest.raises(TraceError, match=r"profile.pb: byte \d+: a field reaches past the end"):
        traces.read_bytes(data[:-3], "profile.pb")


EVERYTHING: protobuf.Message = {
    1: protobuf.Field("first", "int"), 2: protobuf.Field("last", "int"), 4: protobuf.Field("stddev", "float"),
    5: protobuf.Field("variance", "float"), 8: protobuf.Field("sum", "int"),
}  # fmt: skip


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**40), st.floats(width=32, allow_nan=False))
def test_numbers_are_read_as_the_library_writes_them(first: int, total: int, deviation: float) -> None:
    message = profiling.OpProfilingStat(first=first, sum=total, stddev=deviation)
    found = protobuf.read(message.SerializeToString(), EVERYTHING)
    assert found == {"first": first, "sum": total, "stddev": deviation}


@given(st.lists(st.integers(-1, 2**31 - 1)), st.text(), st.booleans())
def test_lists_and_texts_are_read_as_the_library_writes_them(ids: list[int], name: str, known: bool) -> None:
    message = details.Node(inputs=ids, name=name, delegated_to_node_id=4)
    fields: protobuf.Message = {2: protobuf.Field("name", "text"), 9: protobuf.Field("to", "int")}
    if known:
        fields[4] = protobuf.Field("inputs", "int", many=True)
    found = protobuf.read(message.SerializeToString(), fields)
    assert found == {"name": name, "to": 4} | ({"inputs": ids} if known else {})


@pytest.mark.parametrize(
    ("data", "offset"),
    [(b"\x08", 1), (b"\x08" + b"\xff" * 11, 1), (b"\x0a\x05ab", 0), (b"\x0b", 0), (b"\x00\x01", 0), (b"\x15\x00", 0)],
    ids=["no number", "long number", "text cut off", "group", "field 0", "float cut off"],
)
def test_faults_have_a_place(data: bytes, offset: int) -> None:
    with pytest.raises(protobuf.ProtoError) as error:
        protobuf.read(data, EVERYTHING)
    assert error.value.offset == offset


def test_a_field_of_another_kind() -> None:
    with pytest.raises(protobuf.ProtoError, match="first is not of the kind"):
        protobuf.read(b"\x0a\x00", EVERYTHING)
    assert protobuf.read(b"\x25" + struct.pack("<f", 0.5), EVERYTHING) == {"stddev": 0.5}
