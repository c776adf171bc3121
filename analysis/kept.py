"""Results that several reports of a model share, kept as long as the model is."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Hashable
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from .model import Model

_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")


def kept(make: Callable[Concatenate[Model, _Given], _Found]) -> Callable[Concatenate[Model, _Given], _Found]:
    """A function of a model, and of what else is hashable, that is called once: nobody changes its result.

    A page asks for several reports at once: who comes second waits for the first instead of doing the same again.
    """
    results: WeakKeyDictionary[Model, tuple[threading.Lock, dict[Hashable, _Found]]] = WeakKeyDictionary()
    looking = threading.Lock()

    @functools.wraps(make)
    def found(model: Model, /, *given: _Given.args, **named: _Given.kwargs) -> _Found:
        key: tuple[Any, ...] = (given, tuple(sorted(named.items())))
        with looking:
            making, of_model = results.setdefault(model, (threading.Lock(), {}))
        with making:
            if key not in of_model:
                of_model[key] = make(model, *given, **named)
            return of_model[key]

    return found
