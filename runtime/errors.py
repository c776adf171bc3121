"""How running a model ends when it does not end in a result, and what a trace that cannot be read says."""

from __future__ import annotations


class RuntimeFailure(Exception):  # noqa: N818
    """A model could not be run; the text says why.

    Attributes:
        log: what the runtime printed, cut in the middle where it was long.
    """

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class RuntimeMissing(RuntimeFailure):
    """The runtime is not installed, or in a version that was not tested. Reading models does not need it."""


class RuntimeRefused(RuntimeFailure):
    """The runtime does not load, compile or run this model; the text has the runtime's own words."""


class RuntimeCrash(RuntimeFailure):
    """The child process ended in the middle of something: ``SIGSEGV in first inference``."""


class RuntimeTimeout(RuntimeFailure):
    """It took longer than allowed."""


class RuntimeLimit(RuntimeFailure):
    """It wanted more memory or threads than allowed."""


class RuntimeCancelled(RuntimeFailure):
    """Somebody asked to stop."""


class InputError(RuntimeFailure):
    """What was given for an input, a shape or a signature does not fit the model."""


class TraceError(Exception):
    """A trace that cannot be read, with the place where reading stopped.

    Attributes:
        file: the file as the user named it.
        reason: what is wrong.
        place: ``line 7``, ``byte 120`` or ``events.samples[3]``; empty where the fault is the file itself.
    """

    def __init__(self, file: str, reason: str, place: str = "") -> None:
        self.file = file
        self.reason = reason
        self.place = place
        super().__init__(": ".join(part for part in (file, place, reason) if part))
