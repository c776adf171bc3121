"""ATrace as text: systrace's files, ``atrace`` on the device, and ``traceconv systrace`` of a Perfetto trace."""

from __future__ import annotations

import re

from ..errors import TraceError
from .capture import Capture
from .sections import Sections

_MARK = re.compile(
    r"^\s*(?P<task>.+)-(?P<thread>\d+)\s+(?:\([\s\d-]+\)\s+)?\[\d+\]\s+(?:\S+\s+)?(?P<time>\d{1,9}\.\d{1,9}): "
    r"(?:tracing_mark_write|print|\w+: print): (?P<what>[BE])(?:\|(?P<process>\d*))?(?:\|(?P<name>.*))?$"
)
_BEGIN = re.compile(r": [BE]\|\d+(?:\||$)")


def match(head: bytes) -> bool:
    """Whether a file may be such a trace."""
    return (
        b"tracing_mark_write: " in head
        or b"# tracer: nop" in head
        or re.search(rb"\w: print: [BE]\|", head) is not None
    )


def read(data: bytes, name: str) -> Capture:
    """Reads the trace; lines of other tracers are skipped.

    Raises:
        TraceError: with the line, when a mark cannot be read, or when there are no marks of the runtime.
    """
    sections = Sections(name)
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        found = _MARK.match(line) if len(line) < 4096 else None
        if found is None:
            if _BEGIN.search(line) and "@" in line:
                raise TraceError(name, "a trace mark without task, processor or time", f"line {number}")
            continue
        seconds, _, fraction = found["time"].partition(".")
        time_ns = int(seconds) * 10**9 + int(fraction.ljust(9, "0"))
        if found["what"] == "B":
            sections.begin(found["thread"], found["name"] or "", time_ns, f"line {number}")
        else:
            sections.end(found["thread"], time_ns)
    return sections.capture("systrace")
