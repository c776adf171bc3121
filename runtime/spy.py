"""Child functions that let a delegate take its operators and read back which it took.

They run in the process of :mod:`.worker` only: private names and structures of the runtime are reached here.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import litert
from .errors import RuntimeFailure, RuntimeRefused
from .tflite_c import Spy
from .worker import Progress


def spy_interpreter(progress: Progress, path: str, library: str, options: dict[str, str]) -> dict[str, Any]:
    """Loads a model into the interpreter with a delegate and looks at the graph.

    Args:
        progress: told what is being done.
        path: the model.
        library: an external delegate, empty for the runtime's own (XNNPACK).
        options: what the external delegate is created with.

    Returns:
        ``graphs`` as :class:`.tflite_c.Spy` finds them, and ``version``.

    Raises:
        RuntimeRefused: when the delegate or the model is refused, with the runtime's words.
    """
    version = litert.require_tested()
    from ai_edge_litert.interpreter import Interpreter, OpResolverType, load_delegate

    chosen: dict[str, Any] = {}
    if library:
        progress(f"load of {os.path.basename(library)}", 0, 0)
        try:
            delegate = load_delegate(library, options)
        except (OSError, ValueError) as error:
            raise RuntimeRefused(_words(error)) from None
        # Without XNNPACK, which would take what this delegate leaves: its own share is asked for.
        plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        chosen = {"experimental_delegates": [delegate], "experimental_op_resolver_type": plain}
    progress("load of the model", 0, 0)
    spy = Spy()
    try:
        interpreter = Interpreter(path, **chosen)
        progress("allocation of tensors", 0, 0)
        interpreter.allocate_tensors()
        progress("read-back of the partition", 0, 0)
        interpreter._interpreter.ModifyGraphWithDelegate(spy.address)
    except (RuntimeError, ValueError) as error:
        raise RuntimeRefused(_words(error)) from None
    return {"graphs": spy.results(), "version": version}


def graphs_of(interpreter: Any) -> list[dict[str, Any]]:
    """The graph of an interpreter, whose tensors have to be allocated again afterwards.

    Raises:
        RuntimeFailure: when it cannot be read.
    """
    spy = Spy()
    interpreter._interpreter.ModifyGraphWithDelegate(spy.address)
    return spy.results()


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    """Turns what the interpreter raises about a model into a RuntimeRefused with its words."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        raise RuntimeRefused(_words(error)) from None


def load_plainly(progress: Progress, path: str) -> str:
    """Loads a model without any delegate; the version of the runtime that does.

    Raises:
        RuntimeRefused: when the runtime refuses it, with its words.
    """
    version = litert.require_tested()
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    progress("load of the model without a delegate", 0, 0)
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        Interpreter(path, experimental_op_resolver_type=plain).allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise RuntimeRefused(_words(error)) from None
    return version


@contextmanager
def printed() -> Iterator[list[str]]:
    """Collects what the runtime prints to stderr; it is printed all the same, afterwards."""
    text: list[str] = []
    with tempfile.TemporaryFile() as file:
        sys.stderr.flush()
        before = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield text
        finally:
            os.dup2(before, 2)
            os.close(before)
            file.seek(0)
            data = file.read(1 << 20)
            text.append(data.decode("utf-8", "replace"))
            os.write(2, data)


def _words(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        raise RuntimeFailure(f"{type(error).__name__} without a message")
    return " ".join(lines)
