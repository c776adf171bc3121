"""The one-file report: the viewer and a model's data in a single HTML file that works offline and from disk."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re
from collections.abc import Sequence
from importlib import metadata, resources
from typing import Any

import numpy as np

from .analysis.delegates import delegates
from .analysis.delegates.reports import fixes_of
from .analysis.details import operator_details, tensor_details
from .analysis.model import Model
from .analysis.quantization.one_tensor import tensor_channels
from .analysis.reports import NAMES, analyse
from .jsontext import dumps
from .run_facts import facts_of, facts_of_errors
from .runtime.delegate_times import all_measured
from .runtime.error_file import ErrorFile
from .runtime.profile_report import report
from .runtime.trace import Trace
from .wire import encode_closeups, encode_graph, encode_report
from .wire_trace import encode_trace

# Channels of all quantized constants together that a report carries.
_MOST_CHANNELS = 100_000
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
</head>
<body>
<script type="application/json" id="tflite-viz-data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def static_report(
    model: Model, traces: Sequence[tuple[str, Trace]] = (), errors: Sequence[tuple[str, ErrorFile]] = ()
) -> str:
    """The report of a model as HTML.

    Args:
        model: the model.
        traces: profiles of it that the report carries, each with a name for people.
        errors: errors of its layers, likewise.
    """
    entry = _entry(model)
    details = {
        "operators": operator_details(model, np.arange(len(model.operators))),
        "tensors": [tensor_details(model, tensor) for tensor in range(len(model.tensors))],
        "channels": _channels(model),
    }
    data = {
        "listing": {
            "models": [entry],
            "scan": {"running": False, "roots": [], "entries": 1, "notes": []},
            "version": metadata.version("tb-tflite-plugin"),
            "running": {"allowed": False, "reason": "this is a report in a file, with nothing behind it"},
        },
        "graph": _packed(encode_graph(model, {"size": entry["size"]})),
        "reports": {name: _packed(encode_report(analyse(model, name))) for name in NAMES},
        "fixes": {name: fixes_of(model, name, all_measured(traces, model, name)) for name in delegates()},
        "runs": [
            *(_run(f"{place:x}", name, trace, model) for place, (name, trace) in enumerate(traces)),
            *(_errors(f"e{place:x}", name, found) for place, (name, found) in enumerate(errors)),
        ],
        "details": _packed(dumps(details).encode("utf-8", "replace")),
    }
    script = (
        resources.files(__package__).joinpath("static/report.js").read_text("utf-8").replace("</script", "<\\/script")
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; worker-src blob:; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        policy=policy,
        title=re.sub(r"[^\w .:!/-]", "_", entry["name"]) + " – tflite-viz",
        # Inside a script element only "<" could end the data early, whatever the names in the model are.
        data=dumps(data).replace("<", "\\u003c"),
        script=script,
    )


def _channels(model: Model) -> dict[str, Any]:
    """Scales and values of quantized constants by tensor, as many as ``_MOST_CHANNELS`` allow."""
    scaled = np.flatnonzero(model.is_constant & (model.quantization.kind > 0)).tolist()
    told, channels = {}, 0
    for tensor in scaled:
        found = tensor_channels(model, tensor)
        channels += found["listed"] if found else 0
        if channels > _MOST_CHANNELS:
            break
        told[str(tensor)] = found
    return told


def _run(id: str, name: str, trace: Trace, model: Model) -> dict[str, Any]:
    """A profile as the page takes it from a server, which made an id of its own."""
    return {
        "entry": {"id": id, "kind": "profile", **_where(name), **facts_of(trace)},
        "report": _packed(encode_report(report(trace, model))),
        "trace": _packed(encode_trace(trace)),
    }


def _errors(id: str, name: str, found: ErrorFile) -> dict[str, Any]:
    """Errors of layers as the page takes them from a server."""
    return {
        "entry": {"id": id, "kind": "layer_error", **_where(name), **facts_of_errors(found)},
        "report": _packed(encode_report(found.report)),
        "closeups": _packed(encode_closeups(found.closeups)),
    }


def _where(name: str) -> dict[str, Any]:
    return {"label": name, "logged": True, "run": ".", "tag": name, "step": None}


def _entry(model: Model) -> dict[str, Any]:
    name = os.path.basename(model.name)
    return {
        "id": model.sha256,
        "key": model.sha256[:24],
        "sha256": model.sha256,
        "name": name,
        "label": name,
        "run": ".",
        "tag": name,
        "step": None,
        "size": int(model.source.data.size),
        "modified": 0,
        "error": None,
    }


def _packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode("ascii")
