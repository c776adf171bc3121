"""The one-file report: the viewer and a model's data in a single HTML file that works offline and from disk."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re
from importlib import metadata, resources
from typing import Any

import numpy as np

from .analysis.details import operator_details, tensor_details
from .analysis.model import Model
from .analysis.reports import NAMES, analyse
from .jsontext import dumps
from .wire import encode_graph, encode_report

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


def static_report(model: Model) -> str:
    """The report of a model as HTML."""
    entry = _entry(model)
    details = {
        "operators": operator_details(model, np.arange(len(model.operators))),
        "tensors": [tensor_details(model, tensor) for tensor in range(len(model.tensors))],
    }
    data = {
        "listing": {
            "models": [entry],
            "scan": {"running": False, "roots": [], "entries": 1, "notes": []},
            "version": metadata.version("tb-tflite-plugin"),
        },
        "graph": _packed(encode_graph(model, {"size": entry["size"]})),
        "reports": {name: _packed(encode_report(analyse(model, name))) for name in NAMES},
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
