"""What libLiteRt.so declares, as data for ctypes: structures, calls with their arguments, numbers with their names.

After the headers litert/c/*.h of LiteRT at f674577 (2026-08).
"""

from __future__ import annotations

import ctypes as c
from typing import Any

# litert_common.h
STATUS = {
    1: "invalid argument", 2: "memory allocation failure", 3: "runtime failure", 4: "missing input tensor",
    5: "unsupported", 6: "not found", 7: "timeout expired", 8: "wrong version", 9: "unknown", 10: "already exists",
    100: "cancelled", 500: "file I/O", 501: "invalid flatbuffer", 502: "dynamic loading", 503: "serialization",
    504: "compilation", 1000: "index out of bounds", 1001: "invalid IR type", 1002: "invalid graph invariant",
    1003: "graph modification", 1500: "invalid tool configuration", 4000: "unsupported runtime version",
    4001: "unsupported compiler version", 4002: "incompatible byte code version", 5000: "no shape inference for an op",
    5001: "shape inference failed",
}  # fmt: skip
LIBRARY_DIR_OPTION, TEXT_VALUE = 22, 8  # LiteRtEnvOptionTag, LiteRtAnyType
MAX_RANK = 8
# litert_model_types.h: element types with a numpy type of the same layout, by their numbers.
ELEMENTS = {
    1: "float32", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 8: "complex64", 9: "int8", 10: "float16",
    11: "float64", 12: "complex128", 13: "uint64", 16: "uint32", 17: "uint16",
}  # fmt: skip


class Layout(c.Structure):
    """Rank, dimensions and strides of a tensor."""

    _fields_ = (
        ("rank", c.c_uint, 7),
        ("has_strides", c.c_uint, 1),
        ("dims", c.c_int32 * MAX_RANK),
        ("strides", c.c_uint32 * MAX_RANK),
    )

    @property
    def shape(self) -> tuple[int, ...]:
        """The dimensions; -1 is not known before running."""
        return tuple(self.dims[: self.rank])


class RankedType(c.Structure):
    """Element type and layout of a tensor."""

    _fields_ = (("element", c.c_int), ("layout", Layout))


class Memory(c.Structure):
    """Memory in use, as an event notes it."""

    _fields_ = (("total", c.c_size_t), ("in_use", c.c_size_t), ("private", c.c_size_t))


class Event(c.Structure):
    """An event of the profiler."""

    _fields_ = (
        ("tag", c.c_uint64),  # a pointer, which numpy takes as a number
        ("type", c.c_int),
        ("start_us", c.c_uint64),
        ("elapsed_us", c.c_uint64),
        ("memory_begin", Memory),
        ("memory_end", Memory),
        ("metadata1", c.c_uint64),
        ("metadata2", c.c_uint64),
        ("source", c.c_int),
    )


EVENT_COLUMNS = {
    "type": "type",
    "start_us": "start_us",
    "elapsed_us": "elapsed_us",
    "node": "metadata1",
    "subgraph": "metadata2",
}


class Value(c.Union):
    """What an option holds."""

    _fields_ = (("integer", c.c_int64), ("real", c.c_double), ("text", c.c_char_p), ("pointer", c.c_void_p))


class AnyValue(c.Structure):
    """The same with its type."""

    _fields_ = (("type", c.c_int), ("value", Value))


class EnvOption(c.Structure):
    """An option of an environment."""

    _fields_ = (("tag", c.c_int), ("value", AnyValue))


# On the 64-bit machines that there are wheels for.
assert [c.sizeof(struct) for struct in (Layout, RankedType, Event, EnvOption)] == [68, 72, 104, 24]

_P, _PP, _SIZE, _SIZE_P = c.c_void_p, c.POINTER(c.c_void_p), c.c_size_t, c.POINTER(c.c_size_t)
_TEXT_P = c.POINTER(c.c_char_p)
CALLS: dict[str, tuple[Any, ...]] = {
    "CreateEnvironment": (c.c_int, c.POINTER(EnvOption), _PP),
    "CreateModelFromFile": (_P, c.c_char_p, _PP),
    "GetNumModelSignatures": (_P, _SIZE_P),
    "GetModelSignature": (_P, _SIZE, _PP),
    "GetSignatureKey": (_P, _TEXT_P),
    "GetNumSignatureInputs": (_P, _SIZE_P),
    "GetNumSignatureOutputs": (_P, _SIZE_P),
    "GetSignatureInputName": (_P, _SIZE, _TEXT_P),
    "GetSignatureOutputName": (_P, _SIZE, _TEXT_P),
    "GetSignatureInputTensorByIndex": (_P, _SIZE, _PP),
    "GetSignatureOutputTensorByIndex": (_P, _SIZE, _PP),
    "GetRankedTensorType": (_P, c.POINTER(RankedType)),
    "CreateOptions": (_PP,),
    "SetOptionsHardwareAccelerators": (_P, c.c_int),
    "CreateOpaqueOptions": (c.c_char_p, _P, _P, _PP),
    "AddOpaqueOptions": (_P, _P),
    "CreateCompiledModel": (_P, _P, _P, _PP),
    "CompiledModelGetProfiler": (_P, _PP),
    "CompiledModelResizeInputTensorNonStrict": (_P, _SIZE, _SIZE, c.POINTER(c.c_int), _SIZE),
    "GetCompiledModelInputTensorLayout": (_P, _SIZE, _SIZE, c.POINTER(Layout)),
    "GetCompiledModelOutputTensorLayouts": (_P, _SIZE, _SIZE, c.POINTER(Layout), c.c_bool),
    "GetCompiledModelInputBufferRequirements": (_P, _SIZE, _SIZE, _PP),
    "GetCompiledModelOutputBufferRequirements": (_P, _SIZE, _SIZE, _PP),
    "CreateManagedTensorBufferFromRequirements": (_P, c.POINTER(RankedType), _P, _PP),
    "GetTensorBufferPackedSize": (_P, _SIZE_P),
    "LockTensorBuffer": (_P, _PP, c.c_int),
    "UnlockTensorBuffer": (_P,),
    "RunCompiledModel": (_P, _SIZE, _SIZE, _PP, _SIZE, _PP),
    "StartProfiler": (_P,),
    "StopProfiler": (_P,),
    "ResetProfiler": (_P,),
    "GetNumProfilerEvents": (_P, c.POINTER(c.c_int)),
    "GetProfilerEvents": (_P, c.c_int, c.POINTER(Event)),
}  # fmt: skip
DESTROYED = ("Environment", "Model", "Options", "CompiledModel", "TensorBuffer")
