"""What a server answers instead of a model."""

from __future__ import annotations


class UnknownModel(LookupError):  # noqa: N818
    """No model has this id."""


class NotReady(Exception):  # noqa: N818
    """The answer takes longer than a request should: ask again soon. The text says what is being done."""


class UsageError(Exception):
    """The user asked for something that is not there; the text says what to ask for instead."""
