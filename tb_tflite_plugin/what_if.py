"""What-ifs over HTTP: what a request may ask of a delegate, and the profiles that estimates are made from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

import numpy as np
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request

from .analysis.delegates import delegates
from .analysis.delegates.estimate import Measured
from .analysis.delegates.what_if import of_types
from .analysis.model import Model
from .errors import UsageError
from .run_store import Run, RunStore
from .runtime.delegate_times import measured

_MOST_TEXT = 20_000
_MOST_PROFILES = 8
_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")


def known(delegate: str) -> str:
    """The name of a delegate that can be foretold.

    Raises:
        NotFound: when there is none of this name.
    """
    if delegate not in delegates():
        raise NotFound(f"there is no delegate {delegate}")
    return delegate


def operators_of(request: Request, model: Model) -> tuple[int, ...]:
    """The operators that a request would have accepted: all of each ``type``, and ``operators``, as ``3,5-9``.

    Raises:
        UsageError: for what the model does not have, or what is no list of ids.
    """
    try:
        found = of_types(model, request.args.getlist("type"))
    except LookupError as error:
        raise UsageError(f"the model has no operator of the type {error}") from None
    text = request.args.get("operators", "")
    if len(text) > _MOST_TEXT:
        raise UsageError(f"operators must be a text of at most {_MOST_TEXT} characters")
    asked = np.zeros(len(model.operators), bool)
    for part in text.split(",") if text else ():
        match = _RANGE.fullmatch(part)
        if match is None:
            raise UsageError("operators must be ids and ranges of ids with commas between them, such as 3,5-9")
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last < len(asked):
            raise UsageError(f"operators {part}: the model has {len(asked)}")
        asked[first : last + 1] = True
    return tuple(sorted(found.union(np.flatnonzero(asked).tolist())))


def key_of(operators: Sequence[int]) -> str:
    """What a cache knows a choice of operators by, however many they are."""
    return hashlib.sha256(np.array(operators, np.int64).tobytes()).hexdigest()


def candidates(store: RunStore, model: Model, asked: Sequence[str]) -> list[Run]:
    """The profiles that times may come from, the newest first: those that are asked for, else all.

    Raises:
        UnknownRun: for an id that the model has no profile of.
        UsageError: for too many.
    """
    if len(asked) > _MOST_PROFILES:
        raise UsageError(f"times are estimated from at most {_MOST_PROFILES} profiles")
    if asked:
        return [store.of_kind("profile", model.sha256, id) for id in asked]
    runs = [run for run in store.of_model(model.sha256) if run.kind == "profile"]
    return runs[: -_MOST_PROFILES - 1 : -1]


def profiles(runs: Sequence[Run], model: Model, delegate: str) -> Iterator[Measured]:
    """What each profile says of a delegate.

    Raises:
        TraceError: when one of them cannot be read any more.
    """
    for run in runs:
        label = ", ".join(filter(None, (run.facts["label"], run.facts["created"])))
        yield measured(run.trace(model), model, delegate, label)
