"""Chrome's JSON trace format: read when its events are the runtime's sections, written for Perfetto."""

from __future__ import annotations

from typing import Any

from ..errors import TraceError
from ..foreign_json import parse
from .capture import Capture
from .sections import Sections


def match(head: bytes) -> bool:
    """Whether a file may be such a trace."""
    start = head.lstrip()[:1]
    return (start == b"{" and b'"traceEvents"' in head) or (start == b"[" and b'"ph"' in head)


def read(data: bytes, name: str) -> Capture:
    """Reads the events named ``TAG@node/subgraph``: complete ones, and pairs of begin and end.

    Raises:
        TraceError: with the place, when it is not JSON, an event is malformed, or there are none of the runtime's.
    """
    content = parse(data, name)
    events = content.get("traceEvents") if isinstance(content, dict) else content
    if not isinstance(events, list):
        raise TraceError(name, "there is no list traceEvents")
    sections = Sections(name)
    for index, event in enumerate(events):
        place = f"event {index}"
        if not isinstance(event, dict):
            raise TraceError(name, "an event that is no object", place)
        if event.get("ph") in ("B", "E", "X"):
            _take(sections, event, name, place)
    return sections.capture("chrome-json")


def _take(sections: Sections, event: dict[str, Any], name: str, place: str) -> None:
    thread = f"{event.get('pid', '')}/{event.get('tid', '')}"[:100]
    time_ns = _time(event, "ts", name, place)
    label = event.get("name", "")
    if not isinstance(label, str):
        raise TraceError(name, "an event whose name is no text", place)
    if event["ph"] == "B":
        sections.begin(thread, label, time_ns, place)
    elif event["ph"] == "E":
        sections.end(thread, time_ns)
    else:
        sections.complete(thread, label, time_ns, _time(event, "dur", name, place) if "dur" in event else 0, place)


def _time(event: dict[str, Any], key: str, name: str, place: str) -> int:
    """Nanoseconds; the format counts in microseconds."""
    value = event.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e16:
        raise TraceError(name, f"{key} of an event is no time", place)
    return round(value * 1000)
