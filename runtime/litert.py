"""The C API of libLiteRt.so, which the package ai-edge-litert brings: what is needed to run a model and to time it.

Every call is checked: a status other than 0 becomes a RuntimeRefused with the name of the call and of the status. What
the runtime itself has to say about it goes to stderr; :func:`reasons` finds it there. Handles are context managers, to
be left in the reverse order of entering: the library crashes when an environment goes before what was made with it.

Declarations are in ``litert_c.py``; checked with the versions in ``TESTED``.
"""

from __future__ import annotations

import ctypes as c
import functools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from ..analysis.ragged import Array
from .errors import RuntimeMissing, RuntimeRefused
from .litert_c import (
    CALLS,
    DESTROYED,
    ELEMENTS,
    EVENT_COLUMNS,
    LIBRARY_DIR_OPTION,
    STATUS,
    TEXT_VALUE,
    AnyValue,
    EnvOption,
    Event,
    Layout,
    RankedType,
    Value,
)
from .raw_events import RawEvents

PACKAGE = "ai-edge-litert"
TESTED = ((2, 3), (2, 4))  # from, and below
_INSTALL = "pip install 'ai-edge-litert>=2.3,<2.4'"

_CPU, _GPU = 1, 2
KERNELS = {"xnnpack": "delegate", "builtin": "builtin", "reference": "reference", "gpu": "delegate"}
_P = c.c_void_p


def installed_version() -> str | None:
    """The version of the runtime that is installed, None where there is none."""
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return None


def require_tested() -> str:
    """The installed version.

    Raises:
        RuntimeMissing: where none is installed, or one that was not tested.
    """
    version = installed_version()
    if version is None or find_spec("ai_edge_litert") is None:
        raise RuntimeMissing(f"running models needs {PACKAGE}, which is not installed: {_INSTALL}")
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if not TESTED[0] <= numbers < TESTED[1]:
        raise RuntimeMissing(f"{PACKAGE} {version} was not tested with this program: {_INSTALL}")
    return version


@functools.cache
def _library() -> c.CDLL:
    """The library with all calls declared. Only in a child process: it is native code that reads the model."""
    version = require_tested()
    try:
        library = c.CDLL(os.path.join(_folder(), "libLiteRt.so"))
        for name, types in CALLS.items():
            function = getattr(library, f"LiteRt{name}")
            function.argtypes, function.restype, function.errcheck = types, c.c_int, functools.partial(_check, name)
        for name in DESTROYED:
            function = getattr(library, f"LiteRtDestroy{name}")
            function.argtypes, function.restype = (_P,), None
    except (OSError, AttributeError) as error:
        raise RuntimeMissing(f"{PACKAGE} {version} cannot be used: {error}") from None
    return library


def _folder() -> str:
    spec = find_spec("ai_edge_litert")
    assert spec is not None
    assert spec.origin is not None
    return os.path.dirname(spec.origin)


def _check(call: str, status: int, _function: Any, _arguments: Any) -> int:
    if status:
        raise RuntimeRefused(f"{call}: {STATUS.get(status, f'status {status}')}")
    return status


def _call(name: str, *arguments: Any) -> None:
    getattr(_library(), f"LiteRt{name}")(*arguments)


def _number(call: str, *arguments: Any) -> int:
    found = c.c_size_t()
    _call(call, *arguments, c.byref(found))
    return found.value


def _text(call: str, *arguments: Any) -> str:
    found = c.c_char_p()
    _call(call, *arguments, c.byref(found))
    return (found.value or b"").decode("utf-8", "replace")


def _pointer(call: str, *arguments: Any) -> c.c_void_p:
    found = _P()
    _call(call, *arguments, c.byref(found))
    return found


def reasons(log: str) -> list[str]:
    """What the runtime gave as reasons for refusing, from what it printed; every one once, the first first."""
    found = re.findall(r"^ERROR: (?:\[[\w./]+:\d+\] )?(.+)$", log, re.MULTILINE)
    return list(dict.fromkeys(line.strip()[:500] for line in found))


class _Handle:
    """An object of the library, destroyed on leaving."""

    kind = ""

    def __init__(self) -> None:
        self.pointer = _P()

    def __enter__(self) -> Any:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.pointer:
            getattr(_library(), f"LiteRtDestroy{self.kind}")(self.pointer)
            self.pointer = _P()


class Environment(_Handle):
    """What everything else is made with."""

    kind = "Environment"

    def __init__(self) -> None:
        super().__init__()
        option = EnvOption(LIBRARY_DIR_OPTION, AnyValue(TEXT_VALUE, Value(text=_folder().encode())))
        _call("CreateEnvironment", 1, c.byref(option), c.byref(self.pointer))


class Tensor(NamedTuple):
    """An input or output as the model declares it."""

    name: str
    element: int
    layout: Layout

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """The numpy type of its elements; None for those that numpy has not."""
        return np.dtype(ELEMENTS[self.element]) if self.element in ELEMENTS else None


@dataclass(frozen=True)
class Signature:
    """An entry point."""

    index: int
    key: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class Model(_Handle):
    """A model in memory, not compiled yet."""

    kind = "Model"

    def __init__(self, environment: Environment, path: str) -> None:
        super().__init__()
        _call("CreateModelFromFile", environment.pointer, os.fsencode(path), c.byref(self.pointer))

    def signatures(self) -> list[Signature]:
        """The entry points; a model without any gets one from the runtime."""
        return [self._signature(row) for row in range(_number("GetNumModelSignatures", self.pointer))]

    def _signature(self, index: int) -> Signature:
        pointer = _pointer("GetModelSignature", self.pointer, index)
        ends = [
            tuple(self._tensor(pointer, kind, row) for row in range(_number(f"GetNumSignature{kind}s", pointer)))
            for kind in ("Input", "Output")
        ]
        return Signature(index, _text("GetSignatureKey", pointer), ends[0], ends[1])

    @staticmethod
    def _tensor(signature: c.c_void_p, kind: str, row: int) -> Tensor:
        found = RankedType()
        tensor = _pointer(f"GetSignature{kind}TensorByIndex", signature, row)
        _call("GetRankedTensorType", tensor, c.byref(found))
        return Tensor(_text(f"GetSignature{kind}Name", signature, row), found.element, found.layout)


@dataclass(frozen=True)
class Options:
    """How a model is compiled.

    Attributes:
        kernels: one of :data:`KERNELS`; ``gpu`` takes what it can and leaves the rest to XNNPACK.
        threads: for kernels on the CPU.
        profiling: whether operators can be timed; it costs a little even while nobody does.
        flags: of XNNPACK, TFLITE_XNNPACK_DELEGATE_FLAG_… in its xnnpack_delegate.h; its defaults when None.
    """

    kernels: str = "xnnpack"
    threads: int = 1
    profiling: bool = False
    flags: int | None = None


class _Options(_Handle):
    kind = "Options"

    def __init__(self, options: Options) -> None:
        super().__init__()
        _call("CreateOptions", c.byref(self.pointer))
        accelerators = _CPU | _GPU if options.kernels == "gpu" else _CPU
        _call("SetOptionsHardwareAccelerators", self.pointer, accelerators)
        self._names: list[bytes] = []
        if options.profiling:
            self._add("runtime_options_string", "enable_profiling = true\n")
        flags = "" if options.flags is None else f"flags = {options.flags}\n"
        self._add("xnnpack", f'kernel_mode = "{KERNELS[options.kernels]}"\nnum_threads = {options.threads}\n{flags}')

    def _add(self, name: str, payload: str) -> None:
        """Options of one part of the runtime, as TOML, which it frees with the C library's own free."""
        libc = c.CDLL(None)
        libc.strdup.restype, libc.strdup.argtypes = c.c_void_p, (c.c_char_p,)
        self._names.append(name.encode())  # the library keeps the pointer
        copy = _P(libc.strdup(payload.encode()))
        made = _pointer("CreateOpaqueOptions", self._names[-1], copy, c.cast(libc.free, _P))
        _call("AddOpaqueOptions", self.pointer, made)


class CompiledModel(_Handle):
    """A model with its delegates applied."""

    kind = "CompiledModel"

    def __init__(self, environment: Environment, model: Model, options: Options) -> None:
        super().__init__()
        self._environment = environment
        with _Options(options) as made:
            _call("CreateCompiledModel", environment.pointer, model.pointer, made.pointer, c.byref(self.pointer))

    def resize(self, signature: Signature, row: int, shape: Sequence[int]) -> None:
        """Gives an input another shape, whether the model says that it may change or not."""
        dims = (c.c_int * len(shape))(*shape)
        _call("CompiledModelResizeInputTensorNonStrict", self.pointer, signature.index, row, dims, len(shape))

    def allocate(self, signature: Signature) -> list[Layout]:
        """Allocates all tensors, which lets delegates prepare their kernels, and says the outputs' layouts."""
        count = len(signature.outputs)
        layouts = (Layout * max(count, 1))()
        _call("GetCompiledModelOutputTensorLayouts", self.pointer, signature.index, count, layouts, True)
        return list(layouts)[:count]

    def input_layout(self, signature: Signature, row: int) -> Layout:
        """The layout of an input, after resizing."""
        found = Layout()
        _call("GetCompiledModelInputTensorLayout", self.pointer, signature.index, row, c.byref(found))
        return found

    def buffer(self, signature: Signature, kind: str, row: int, layout: Layout) -> Buffer:
        """Memory for an input or output (``kind`` is Input or Output) of that layout."""
        requirements = _pointer(f"GetCompiledModel{kind}BufferRequirements", self.pointer, signature.index, row)
        tensor = (signature.inputs if kind == "Input" else signature.outputs)[row]
        return Buffer(self._environment, RankedType(tensor.element, layout), requirements)

    def run(self, signature: Signature, inputs: Buffers, outputs: Buffers) -> None:
        """One inference."""
        _call(
            "RunCompiledModel",
            self.pointer, signature.index, len(inputs), inputs.pointers, len(outputs), outputs.pointers,
        )  # fmt: skip

    def profiler(self) -> Profiler:
        """What times its operators, where it was compiled with ``profiling``."""
        return Profiler(_pointer("CompiledModelGetProfiler", self.pointer))


class Buffer(_Handle):
    """Memory of one input or output."""

    kind = "TensorBuffer"

    def __init__(self, environment: Environment, ranked: RankedType, requirements: c.c_void_p) -> None:
        super().__init__()
        _call(
            "CreateManagedTensorBufferFromRequirements",
            environment.pointer, c.byref(ranked), requirements, c.byref(self.pointer),
        )  # fmt: skip

    def write(self, data: bytes) -> None:
        """Fills it.

        Raises:
            ValueError: when its size is another.
        """
        size = _number("GetTensorBufferPackedSize", self.pointer)
        if size != len(data):
            raise ValueError(f"{len(data)} bytes for a buffer of {size}")
        c.memmove(self._lock(for_writing=True), data, size)
        _call("UnlockTensorBuffer", self.pointer)

    def read(self) -> bytes:
        """What is in it."""
        size = _number("GetTensorBufferPackedSize", self.pointer)
        data = c.string_at(self._lock(for_writing=False), size)
        _call("UnlockTensorBuffer", self.pointer)
        return data

    def _lock(self, *, for_writing: bool) -> c.c_void_p:
        memory = _P()
        _call("LockTensorBuffer", self.pointer, c.byref(memory), int(for_writing))
        return memory


class Buffers:
    """The buffers of all inputs or all outputs, as a call takes them."""

    def __init__(self, buffers: Sequence[Buffer]) -> None:
        self.buffers = list(buffers)
        self.pointers = (_P * max(len(buffers), 1))(*(buffer.pointer for buffer in buffers))

    def __len__(self) -> int:
        return len(self.buffers)


class Profiler:
    """Times the operators of one compiled model. Its buffer grows with every inference until events are taken."""

    def __init__(self, pointer: c.c_void_p) -> None:
        self._pointer = pointer

    def start(self) -> None:
        """Forgets what there is and starts."""
        _call("ResetProfiler", self._pointer)
        _call("StartProfiler", self._pointer)

    def stop(self) -> RawEvents:
        """Stops, and gives the events since the start."""
        count = c.c_int()
        _call("GetNumProfilerEvents", self._pointer, c.byref(count))
        events = (Event * max(count.value, 1))()
        if count.value:
            _call("GetProfilerEvents", self._pointer, count.value, events)
        _call("StopProfiler", self._pointer)
        rows = np.frombuffer(memoryview(events), np.dtype(Event))[: count.value]
        # Where a text lies says that it is the same only as long as nothing is freed: they are read at once.
        places, which = np.unique(rows["tag"], return_inverse=True)
        texts = [c.string_at(place).decode("utf-8", "replace") if place else "" for place in places.tolist()]
        tags = sorted(set(texts))
        columns = {name: rows[field].astype(np.int64) for name, field in EVENT_COLUMNS.items()}
        return RawEvents(tuple(tags), np.array([tags.index(text) for text in texts], np.int64)[which], **columns)


def array_of(tensor: Tensor, layout: Layout, data: bytes) -> Array:
    """An output as an array; bytes for element types that numpy has not."""
    if tensor.dtype is None:
        return np.frombuffer(data, np.uint8)
    return np.frombuffer(data, tensor.dtype).reshape(layout.shape)
