"""The C structures of TensorFlow Lite that a delegate meets, and a delegate of our own that only looks.

Layouts: ``tflite/core/c/common.h`` of LiteRT f674577, unchanged in ai-edge-litert 2.3. They are checked before they are
believed, but a wrong one may crash the process all the same: only for use in a child process.
"""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable
from typing import Any, cast

from .errors import RuntimeFailure

_MOST = 10_000_000  # elements of a list that are believed
_ALLOW_DYNAMIC_TENSORS = 1  # kTfLiteDelegateFlagsAllowDynamicTensors: otherwise models with such are refused
_OK = 0


class _IntArray(c.Structure):
    _fields_ = (("size", c.c_int), ("data", c.c_int * 0))


_Ints = c.POINTER(_IntArray)


class _Node(c.Structure):
    _fields_ = (
        ("inputs", _Ints),
        ("outputs", _Ints),
        ("intermediates", _Ints),
        ("temporaries", _Ints),
        ("user_data", c.c_void_p),
        ("builtin_data", c.c_void_p),
        ("custom_initial_data", c.c_void_p),
        ("custom_initial_data_size", c.c_int),
        ("delegate", c.c_void_p),
        ("might_have_side_effect", c.c_bool),
    )


class _Registration(c.Structure):
    _fields_ = (
        *((name, c.c_void_p) for name in ("init", "free", "prepare", "invoke", "profiling_string")),
        ("builtin_code", c.c_int32),
        ("custom_name", c.c_char_p),
        ("version", c.c_int),
        ("registration_external", c.c_void_p),
        ("async_kernel", c.c_void_p),
        ("inplace_operator", c.c_uint64),
    )


class _DelegateParams(c.Structure):
    _fields_ = (("delegate", c.c_void_p), ("replaced", _Ints), ("inputs", _Ints), ("outputs", _Ints))


class _OpaqueDelegateParams(c.Structure):
    _fields_ = (
        ("delegate", c.c_void_p),
        ("delegate_data", c.c_void_p),
        ("replaced", _Ints),
        ("inputs", _Ints),
        ("outputs", _Ints),
    )


class _Tensor(c.Structure):
    _fields_ = (
        ("type", c.c_int),
        ("data", c.c_void_p),
        ("dims", c.c_void_p),
        ("scale", c.c_float),
        ("zero_point", c.c_int32),
        ("allocation_type", c.c_int),
        ("bytes", c.c_size_t),
        ("allocation", c.c_void_p),
        ("name", c.c_void_p),
        ("delegate", c.c_void_p),
        ("buffer_handle", c.c_int),
        ("data_is_stale", c.c_bool),
        ("is_variable", c.c_bool),
        ("quantization_type", c.c_int),
        ("quantization_params", c.c_void_p),
        ("sparsity", c.c_void_p),
        ("dims_signature", c.c_void_p),
    )


class _Context(c.Structure):
    pass


_ContextPointer = c.POINTER(_Context)
_GetPlan = c.CFUNCTYPE(c.c_int, _ContextPointer, c.POINTER(_Ints))
_GetNode = c.CFUNCTYPE(
    c.c_int, _ContextPointer, c.c_int, c.POINTER(c.POINTER(_Node)), c.POINTER(c.POINTER(_Registration))
)
# The beginning of TfLiteContext: what comes after is not needed.
_Context._fields_ = (
    ("tensors_size", c.c_size_t),
    ("get_execution_plan", _GetPlan),
    ("tensors", c.c_void_p),
    ("impl", c.c_void_p),
    ("resize_tensor", c.c_void_p),
    ("report_error", c.c_void_p),
    ("add_tensors", c.c_void_p),
    ("get_node_and_registration", _GetNode),
)
_Prepare = c.CFUNCTYPE(c.c_int, _ContextPointer, c.c_void_p)


class _Delegate(c.Structure):
    _fields_ = (
        ("data", c.c_void_p),
        ("prepare", _Prepare),
        ("copy_from_buffer_handle", c.c_void_p),
        ("copy_to_buffer_handle", c.c_void_p),
        ("free_buffer_handle", c.c_void_p),
        ("flags", c.c_int64),
        ("opaque_delegate_builder", c.c_void_p),
    )


class Spy:
    """A delegate that takes nothing: when the runtime lets it prepare a subgraph, it notes what the others have taken.

    Args:
        with_memory: whether to note where the tensors are: ``memory`` of a graph lists index, kind of allocation
            (TfLiteAllocationType), address and bytes of all that are somewhere.

    Attributes:
        address: the ``TfLiteDelegate*`` to give to the runtime. This object must outlive the runtime's use of it.
    """

    def __init__(self, *, with_memory: bool = False) -> None:
        self._with_memory = with_memory
        self._graphs: dict[int, dict[str, Any]] = {}
        self._failure: Exception | None = None
        self._delegate = _Delegate(prepare=_Prepare(self._prepare), flags=_ALLOW_DYNAMIC_TENSORS)
        self.address = c.addressof(self._delegate)

    def results(self) -> list[dict[str, Any]]:
        """What the subgraphs look like, in the order in which the runtime first prepares them: that of the model.

        Raises:
            RuntimeFailure: when they could not, or the spy was never called.
        """
        if self._failure is not None:
            raise RuntimeFailure(f"the runtime's structures are not those known here: {self._failure}")
        if not self._graphs:
            raise RuntimeFailure("the runtime did not let the spy look at the graph")
        return list(self._graphs.values())

    def _prepare(self, context: Any, _delegate: Any) -> int:
        try:
            # A subgraph has one context; branches of IF are prepared once for themselves and again for each caller.
            graph = _look(context)
            if self._with_memory:
                graph["memory"] = _memory(context)
            self._graphs[c.addressof(context.contents)] = graph
        except Exception as error:  # nothing may be raised into C
            self._failure = error
        return _OK


def _look(context: Any) -> dict[str, Any]:
    plan = _Ints()
    if context.contents.get_execution_plan(context, c.byref(plan)) != _OK:
        raise ValueError("there is no execution plan")
    return {"tensors": int(context.contents.tensors_size), "nodes": [_node(context, node) for node in _list(plan)]}


def _memory(context: Any) -> list[list[int]]:
    size = int(context.contents.tensors_size)
    if not size or size > _MOST:
        return []
    tensors = (_Tensor * size).from_address(context.contents.tensors)
    return [
        [index, tensor.allocation_type, tensor.data, tensor.bytes]
        for index, tensor in enumerate(tensors)
        if tensor.data
    ]


def _node(context: Any, index: int) -> dict[str, Any]:
    node, registration = c.POINTER(_Node)(), c.POINTER(_Registration)()
    get = cast(Callable[..., int], context.contents.get_node_and_registration)
    if get(context, index, c.byref(node), c.byref(registration)) != _OK:
        raise ValueError(f"there is no node {index}")
    found: dict[str, Any] = {
        "node": index,
        "code": int(registration.contents.builtin_code),
        "name": (registration.contents.custom_name or b"").decode("utf-8", "replace"),
        "inputs": _list(node.contents.inputs),
        "outputs": _list(node.contents.outputs),
    }
    if node.contents.delegate:
        opaque = bool(_Delegate.from_address(node.contents.delegate).opaque_delegate_builder)
        kind = _OpaqueDelegateParams if opaque else _DelegateParams
        params = kind.from_address(node.contents.builtin_data)
        found["replaced"] = _list(params.replaced)
    return found


def _list(pointer: Any) -> list[int]:
    if not pointer:
        return []
    size = pointer.contents.size
    if not 0 <= size <= _MOST:
        raise ValueError(f"a list of {size} numbers")
    return list((c.c_int * size).from_address(c.addressof(pointer.contents) + _IntArray.data.offset))
