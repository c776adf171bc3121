"""``ModelRuntimeDetails``: the graph as the runtime runs it, with its delegate nodes.

benchmark_model writes it with ``--export_model_runtime_info``. There an operator's type is its number as text, and the
nodes that delegates made come after those of the model.
"""

from __future__ import annotations

from typing import Any

from ...analysis import schema
from ..errors import TraceError
from . import protobuf
from .capture import Capture, DelegateNode, Row
from .profiling_proto import OP_PROFILE, times_of
from .protobuf import Field, Message

_DELEGATED: Message = {1: Field("name", "text"), 2: Field("replaced", "int", many=True)}
_NODE: Message = {
    1: Field("id", "int"),
    2: Field("name", "text"),
    3: Field("type", "text"),
    8: Field("delegate", _DELEGATED),
    9: Field("delegated_to", "int"),
    10: Field("profile", OP_PROFILE),
}
_SUBGRAPH: Message = {
    1: Field("id", "int"),
    3: Field("nodes", _NODE, many=True),
    4: Field("plan", "int", many=True),
    5: Field("type", "int"),
    6: Field("name", "text"),
}
_FILE: Message = {1: Field("model_name", "text"), 2: Field("subgraphs", _SUBGRAPH, many=True)}
_DELEGATE_SUBGRAPH = 2  # RuntimeSubgraph.SubgraphType


def match(head: bytes) -> bool:
    """Whether a file may be such a message: its first subgraph starts with a number."""
    start = protobuf.first_message(head, (2,))
    return start is not None and head[start : start + 1] == b"\x08"


def read(data: bytes, name: str) -> Capture:
    """Reads the message.

    Raises:
        TraceError: with the byte where it is not such a message.
    """
    try:
        message = protobuf.read(data, _FILE)
    except protobuf.ProtoError as error:
        raise TraceError(name, str(error), f"byte {error.offset}") from None
    graphs = [graph for graph in message["subgraphs"] if graph.get("type") != _DELEGATE_SUBGRAPH]
    if not any(graph["nodes"] for graph in graphs):
        raise TraceError(name, "holds no graph (cut off?)")
    nodes: dict[tuple[int, int], str] = {}
    partitions: list[DelegateNode] = []
    rows: list[Row] = []
    for position, graph in enumerate(graphs):
        subgraph = graph.get("id", position)
        if not 0 <= subgraph < 1 << 31:
            raise TraceError(name, "a subgraph with an id that there cannot be", f"byte {graph['_at']}")
        planned = [_node(node, name) for node in graph["nodes"]]
        _check_plan(graph, planned, name)
        order = {node: place for place, node in enumerate(graph["plan"])}
        for node in sorted(planned, key=lambda node: order.get(node["id"], -1)):
            if "delegate" in node:
                found = node["delegate"]
                replaced = tuple(found["replaced"])
                partitions.append(DelegateNode(subgraph, node["id"], found.get("name", ""), replaced))
            else:
                nodes[subgraph, node["id"]] = _type_of(node)
            times = times_of(node.get("profile", {}))
            if times is not None:
                tag = node["profile"].get("node_type") or node.get("name", "")
                called = node["profile"].get("times_called", 0)
                calls = float(called) if 0 < called < 1 << 53 else None
                rows.append(Row("operator", tag, node["id"], subgraph, times, calls, place=f"byte {node['_at']}"))
    environment = {"model": message["model_name"]} if message.get("model_name") else {}
    return Capture("runtime-details", tuple(rows), environment=environment, partitions=tuple(partitions), nodes=nodes)


def _node(node: dict[str, Any], name: str) -> dict[str, Any]:
    if not 0 <= node.get("id", -1) < 1 << 31:
        raise TraceError(name, "a node without an id", f"byte {node['_at']}")
    return node


def _check_plan(graph: dict[str, Any], nodes: list[dict[str, Any]], name: str) -> None:
    known = {node["id"] for node in nodes}
    named = set(graph["plan"]).union(*(node["delegate"]["replaced"] for node in nodes if "delegate" in node))
    if not named <= known or len(known) < len(nodes):
        raise TraceError(name, "nodes are named that are not there, or twice", f"byte {graph['_at']}")


def _type_of(node: dict[str, Any]) -> str:
    """The operator type: a builtin's number as text, or the name of a custom operator."""
    text = str(node.get("type", "")).removeprefix("Delegate/")
    if text.isascii() and text.isdigit() and len(text) < 6:
        return schema.enum_names("BuiltinOperator").get(int(text), f"BUILTIN_{text}")
    return text
