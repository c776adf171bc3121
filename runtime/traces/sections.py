"""Begun and ended sections of a system trace, as rows of a profile.

The runtime names its sections ``TAG@node/subgraph`` (``CONV_2D@12/0``), whatever kind of event it is; what an event is
follows from where it lies: the nodes of a subgraph lie directly in its ``Invoke``.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...analysis import schema
from ..errors import TraceError
from .capture import Capture, Row, RowKind, Times

_NAME = re.compile(r"^(.+)@(-?\d{1,9})/(-?\d{1,9})$")
_INVOKE = "Invoke"
_MOST = 2_000_000


@dataclass
class Section:
    """A section: nanoseconds on the file's clock, and after nesting the section around it.

    Whole numbers, so that ends that were equal in the file are equal here.
    """

    tag: str
    node: int
    subgraph: int
    thread: str
    start: int
    duration: int
    place: str
    order: int
    parent: Section | None = None

    def around(self) -> Iterator[Section]:
        """The sections around it, the nearest first."""
        section = self.parent
        while section is not None:
            yield section
            section = section.parent


class Sections:
    """Collects sections that begin and end on threads; sections of others only keep the ends apart."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._open: dict[str, list[Section | None]] = {}
        self._ended: list[Section] = []
        self._odd_ends = 0
        self._count = 0

    def begin(self, thread: str, name: str, time_ns: int, place: str) -> None:
        """A section begins."""
        self._open.setdefault(thread, []).append(self._section(thread, name, time_ns, 0, place))

    def end(self, thread: str, time_ns: int) -> None:
        """The innermost section of the thread ends."""
        stack = self._open.get(thread)
        if not stack:
            self._odd_ends += 1
            return
        section = stack.pop()
        if section is not None:
            if time_ns < section.start:
                raise TraceError(self._file, "a section that ends before it begins", section.place)
            section.duration = time_ns - section.start
            self._ended.append(section)

    def complete(self, thread: str, name: str, time_ns: int, duration_ns: int, place: str) -> None:
        """A section that was written as one event."""
        section = self._section(thread, name, time_ns, duration_ns, place)
        if section is not None:
            self._ended.append(section)

    def _section(self, thread: str, name: str, time_ns: int, duration_ns: int, place: str) -> Section | None:
        found = _NAME.match(name)
        if found is None:
            return None
        self._count += 1
        if self._count > _MOST:
            raise TraceError(self._file, f"more than {_MOST:,} sections of the runtime", place)
        return Section(found[1], int(found[2]), int(found[3]), thread, time_ns, duration_ns, place, self._count)

    def capture(self, format_name: str) -> Capture:
        """All sections as a profile.

        Raises:
            TraceError: when there are none of the runtime's.
        """
        if not self._ended:
            reason = "has no section named TAG@node/subgraph: was the runtime's tracing on (debug.tflite.trace)?"
            raise TraceError(self._file, reason)
        sections = _nested(self._ended)
        whole = [s for s in sections if s.tag == _INVOKE and not any(a.tag == _INVOKE for a in s.around())]
        warnings = []
        cut = self._odd_ends + sum(section is not None for stack in self._open.values() for section in stack)
        if cut:
            warnings.append(f"{cut} sections have no beginning or no end in this file and are left out")
        if not whole:
            warnings.append("there is no section Invoke around the operators: single inferences cannot be told apart")
        # The first inference allocates and packs weights: it is told apart where there are others.
        steady = whole[1:] if len(whole) > 1 else whole
        others = [s for s in sections if s.tag != _INVOKE]
        return Capture(
            format_name,
            _rows([s for s in others if not steady or s.start >= steady[0].start], steady),
            _rows([s for s in others if s.start < whole[0].start], []) if whole else (),
            _times(steady, steady) if steady else None,
            first_inference_us=whole[0].duration / 1000 if len(whole) > 1 else None,
            warnings=tuple(warnings),
        )


def _nested(sections: list[Section]) -> list[Section]:
    """The sections by thread and time, each with the one around it."""
    sections = sorted(sections, key=lambda s: (s.thread, s.start, -s.duration, s.order))
    stack: list[Section] = []
    for section in sections:
        while stack and (
            stack[-1].thread != section.thread
            or stack[-1].start + stack[-1].duration < section.start + section.duration
        ):
            stack.pop()
        section.parent = stack[-1] if stack else None
        stack.append(section)
    return sections


def _kind(section: Section) -> RowKind:
    parent = section.parent
    if section.tag.split("/")[0] in schema.enum_values("BuiltinOperator"):
        return "operator"
    if parent is None or parent.tag == _INVOKE:
        directly = parent is not None and parent.subgraph == section.subgraph
        return "operator" if directly and section.node >= 0 else "runtime"
    return "delegate"


def _rows(sections: list[Section], inferences: list[Section]) -> tuple[Row, ...]:
    groups: dict[tuple[RowKind, str, int, int, str, tuple[int, int] | None], list[Section]] = {}
    for section in sections:
        owner = next((around for around in section.around() if around.tag != _INVOKE), None)
        parent = None if owner is None else (owner.node, owner.subgraph)
        key = (_kind(section), section.tag, section.node, section.subgraph, section.thread, parent)
        groups.setdefault(key, []).append(section)
    return tuple(
        Row(
            kind,
            tag,
            None if kind == "runtime" else node,
            subgraph,
            _times(found, inferences),
            len(found) / len(inferences) if inferences else None,
            place=found[0].place,
            parent=parent,
            thread=thread,
        )
        for (kind, tag, node, subgraph, thread, parent), found in groups.items()
    )


def _times(sections: list[Section], inferences: list[Section]) -> Times:
    """The times of calls of one thing, and their sums over each inference."""
    calls = [section.duration / 1000 for section in sections]
    begins = [inference.start for inference in inferences]
    samples = [-1.0] * len(inferences)
    for section in sections if inferences else ():
        index = max(bisect.bisect_right(begins, section.start) - 1, 0)
        samples[index] = max(samples[index], 0.0) + section.duration / 1000
    return Times(
        sum(calls) / len(calls),
        len(calls),
        calls[0],
        min(calls),
        max(calls),
        samples=tuple(samples),
        start=(min(section.start for section in sections) - begins[0]) / 1000 if begins else None,
    )
