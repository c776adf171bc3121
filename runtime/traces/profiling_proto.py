"""``BenchmarkProfilingData``: what benchmark_model writes with ``--op_profiling_output_mode=proto``."""

from __future__ import annotations

from typing import Any

from ..errors import TraceError
from . import protobuf
from .capture import MOST_US, Capture, Row, Times
from .protobuf import Field, Message
from .tables import row_of, with_cycles

_STAT: Message = {
    1: Field("first", "int"), 3: Field("avg", "int"), 4: Field("stddev", "float"), 6: Field("min", "int"),
    7: Field("max", "int"), 8: Field("sum", "int"), 9: Field("count", "int"),
}  # fmt: skip
OP_PROFILE: Message = {
    1: Field("node_type", "text"),
    2: Field("times", _STAT),
    4: Field("times_called", "int"),
    5: Field("name", "text"),
    6: Field("run_order", "int"),
}
_SUBGRAPH: Message = {1: Field("name", "text"), 2: Field("index", "int"), 3: Field("ops", OP_PROFILE, many=True)}
_DELEGATE: Message = {1: Field("name", "text"), 2: Field("ops", OP_PROFILE, many=True)}
_PROFILE: Message = {1: Field("subgraphs", _SUBGRAPH, many=True), 2: Field("delegates", _DELEGATE, many=True)}
_FILE: Message = {1: Field("model_name", "text"), 2: Field("initial", _PROFILE), 3: Field("regular", _PROFILE)}


def match(head: bytes) -> bool:
    """Whether a file may be such a message: its first profile starts with a list of subgraphs or delegates."""
    start = protobuf.first_message(head, (2, 3))
    return start is not None and head[start : start + 1] in (b"\x0a", b"\x12")


def read(data: bytes, name: str) -> Capture:
    """Reads the message.

    Raises:
        TraceError: with the byte where it is not such a message.
    """
    try:
        message = protobuf.read(data, _FILE)
    except protobuf.ProtoError as error:
        raise TraceError(name, str(error), f"byte {error.offset}") from None
    rows = _rows(message.get("regular", {}), name)
    initial = _rows(message.get("initial", {}), name)
    if not rows and not initial:
        raise TraceError(name, "holds no profile (cut off?)")
    environment = {"model": message["model_name"]} if message.get("model_name") else {}
    return Capture("benchmark-proto", tuple(with_cycles(rows)), tuple(initial), environment=environment)


def _rows(profile: dict[str, Any], name: str) -> list[Row]:
    lists = [(graph.get("index", 0), False, graph["ops"]) for graph in profile.get("subgraphs", [])]
    lists += [(0, True, delegate["ops"]) for delegate in profile.get("delegates", [])]
    rows = []
    for subgraph, delegate, ops in lists:
        for op in sorted(ops, key=lambda op: op.get("run_order", 0)):
            place = f"byte {op['_at']}"
            times = times_of(op)
            if times is None:
                raise TraceError(name, "an operator without times", place)
            row_name = op.get("name", "")
            calls = float(op.get("times_called", 0))
            if not 0 <= calls < 1 << 53 or not 0 <= subgraph < 1 << 31:
                raise TraceError(name, "a count or a subgraph that there cannot be", place)
            rows.append(row_of(op.get("node_type", ""), row_name, times, calls, None if delegate else subgraph, place))
    return rows


def times_of(op: dict[str, Any]) -> Times | None:
    """The times of an ``OpProfileData``, None where it has none."""
    stat = op.get("times", {})
    count = stat.get("count", 0)
    if not 0 < count < 1 << 53 or not 0 <= stat.get("sum", -1) < MOST_US:
        return None
    # avg is cut to whole microseconds, the sum is not.
    times = {
        key: float(stat[key]) if 0 <= stat.get(key, -1) < MOST_US else None for key in ("first", "min", "max", "stddev")
    }
    return Times(stat["sum"] / count, count, times["first"], times["min"], times["max"], times["stddev"])
