"""The one error that bad input ends in."""

from __future__ import annotations


class ModelError(Exception):
    """A model file that cannot be read, with the place where reading stopped.

    Attributes:
        file: the file as the user named it (``bundle.task!member`` inside a container).
        offset: byte offset in that file, None where the fault is the file itself (missing, a directory, …).
        table: the FlatBuffers table or container part that was being read, None likewise.
        reason: what is wrong.
    """

    def __init__(self, file: str, reason: str, *, offset: int | None = None, table: str | None = None) -> None:
        self.file = file
        self.reason = reason
        self.offset = offset
        self.table = table
        place = "" if offset is None else f"byte {offset}: "
        what = "" if table is None else f"{table}: "
        super().__init__(f"{file}: {place}{what}{reason}")
