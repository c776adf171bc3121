"""What the GPU accelerator of LiteRT takes, read by an accelerator of our own that is applied after it.

Works with every Vulkan driver that the accelerator accepts, a software one included: the operators that it takes do not
depend on the driver, limits of a device may.
"""

from __future__ import annotations

import ctypes as c
import os
import re
from importlib.util import find_spec
from typing import Any

from . import litert
from .errors import RuntimeFailure, RuntimeMissing, RuntimeRefused
from .spy import printed
from .tflite_c import Spy
from .worker import Progress

DELEGATE = "LITERT_"  # LITERT_WEBGPU and its siblings
_UNSUPPORTED = re.compile(
    r"operations are not supported by GPU delegate:\s*\n(.*?)(?=^[^\n]*operations will run on|\Z)",
    re.DOTALL | re.MULTILINE,
)
_REASON = re.compile(r"^([A-Z][A-Z0-9_]*): (.+)$", re.MULTILINE)
# What Dawn, which checks every call to the GPU, does not let through; the model is compiled all the same.
_INVALID = re.compile(r"Validation error: ([^\n]+)")
_ADAPTER = re.compile(r"Selected adapter: ([^\n]+)")
_NO_ADAPTER = (
    "No adapters found",
    "Failed to find adapter",
    "Failed to request adapter",
    "failed to create environment",
)
_P, _PP = c.c_void_p, c.POINTER(c.c_void_p)


def spy_compiled_model(progress: Progress, path: str) -> dict[str, Any]:
    """Child function: compiles a model for GPU and CPU and looks at the graph.

    Returns:
        ``graphs`` as :class:`.tflite_c.Spy` finds them, ``version``, ``adapter``, ``reasons``: pairs of an operator
        type and why one of that type was left, as far as it says, and ``invalid``: what the GPU's checks refused.

    Raises:
        RuntimeMissing: where there is no driver that the accelerator accepts.
        RuntimeRefused: where it refuses the model.
    """
    version = litert.require_tested()
    os.environ.setdefault("XDG_RUNTIME_DIR", os.getcwd())  # the accelerator wants a directory that it may write to
    spy = Spy()
    progress("compilation for the GPU", 0, 0)
    with printed() as text:
        failure = compile_spied(path, spy, litert.Options(kernels="gpu"))
    log = "".join(text)
    require_driver(log)
    if failure is not None:
        words = "; ".join(litert.reasons(log)[:6])
        raise RuntimeRefused(f"{failure}{': ' if words else ''}{words}")
    adapter = _ADAPTER.search(log)
    return {
        "graphs": spy.results(),
        "version": version,
        "adapter": adapter[1].strip()[:200] if adapter else "",
        "reasons": [list(pair) for pair in dict.fromkeys(reasons(log))],
        "invalid": list(dict.fromkeys(line[:300] for line in _INVALID.findall(log))),
    }


def require_driver(log: str) -> None:
    """Raises RuntimeMissing when the runtime has printed that there is no driver that the accelerator accepts."""
    if any(mark in log for mark in _NO_ADAPTER):
        raise RuntimeMissing(
            "there is no GPU here that LiteRT's accelerator accepts: it needs a Vulkan driver (a software one will do: "
            "VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json, from Chromium)"
        )


def reasons(log: str) -> list[tuple[str, str]]:
    """Operator types and why the delegate does not take one of them, from what it printed."""
    return [(op, reason.strip()) for block in _UNSUPPORTED.findall(log) for op, reason in _REASON.findall(block)]


def compile_spied(path: str, spy: Spy, options: litert.Options) -> RuntimeFailure | None:
    """Compiles a model under the eyes of a spy; the refusal, or None.

    The objects are left alone afterwards, since taking them down in the wrong order crashes.
    """
    try:
        environment = litert.Environment()
        _KEPT.append(register_spy(environment, spy))
        model = litert.Model(environment, path)
        compiled = litert.CompiledModel(environment, model, options)
    except RuntimeRefused as error:
        return error
    _KEPT.extend([environment, model, compiled])
    return None


_KEPT: list[Any] = []
_Name = c.CFUNCTYPE(c.c_int, _P, c.POINTER(c.c_char_p))
_Version = c.CFUNCTYPE(c.c_int, _P, c.POINTER(c.c_int * 3))
_Hardware = c.CFUNCTYPE(c.c_int, _P, c.POINTER(c.c_int))
_Responsible = c.CFUNCTYPE(c.c_int, _P, c.POINTER(c.c_bool))
_Create = c.CFUNCTYPE(c.c_int, _P, _P, _P, _P, _P)
_Delete = c.CFUNCTYPE(None, _P)


def register_spy(environment: litert.Environment, spy: Spy) -> list[Any]:
    """Registers the spy as an accelerator, the last to be applied; what is returned must be kept.

    litert/c/internal/litert_accelerator_registration.h. An accelerator that is not responsible for compilation is
    applied whatever hardware was asked for.
    """
    library = _library()

    def name(_accelerator: Any, out: Any) -> int:
        out[0] = b"spy"
        return 0

    def version(_accelerator: Any, out: Any) -> int:
        out[0][:] = (1, 0, 0)
        return 0

    def hardware(_accelerator: Any, out: Any) -> int:
        out[0] = 1
        return 0

    def responsible(_accelerator: Any, out: Any) -> int:
        out[0] = False
        return 0

    def create(*arguments: Any) -> int:
        return int(library.LiteRtWrapDelegate(_P(spy.address), nothing, _P(arguments[-1])))

    nothing = _Delete(lambda _delegate: None)
    functions = {
        "LiteRtSetAcceleratorGetName": _Name(name),
        "LiteRtSetAcceleratorGetVersion": _Version(version),
        "LiteRtSetAcceleratorGetHardwareSupport": _Hardware(hardware),
        "LiteRtSetDelegateFunction": _Create(create),
        "LiteRtSetIsAcceleratorDelegateResponsibleForJitCompilation": _Responsible(responsible),
    }
    accelerator = _P()
    statuses = [library.LiteRtCreateAccelerator(c.byref(accelerator))]
    statuses += [getattr(library, call)(accelerator, function) for call, function in functions.items()]
    statuses.append(library.LiteRtRegisterAccelerator(environment.pointer, accelerator, None, None))
    if any(statuses):
        raise RuntimeFailure(f"the runtime does not take an accelerator of ours (statuses {statuses})")
    return [spy, nothing, functions]


def _library() -> c.CDLL:
    spec = find_spec("ai_edge_litert")
    if spec is None or spec.origin is None:
        raise RuntimeMissing("the runtime is not installed")
    try:
        return c.CDLL(os.path.join(os.path.dirname(spec.origin), "libLiteRt.so"))
    except OSError as error:
        raise RuntimeMissing(f"the runtime cannot be loaded: {error}") from None
