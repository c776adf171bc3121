"""What the compiler plugins of NPU makers claim, through the partitioner that comes with the runtime.

The tool writes a model in which every partition is a subgraph of its own at the end; root subgraphs keep the rest and
one operator per partition. The makers' libraries are not part of the runtime: packages that have them are looked for.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from typing import Any

from ..analysis.containers import open_model
from ..analysis.model import Model
from . import litert
from .by_name import Originals, names
from .errors import RuntimeMissing, RuntimeRefused
from .worker import Progress

STRATEGY, STRATEGIES = "partition_strategy", ("default", "weakly_connected")
OPTIONS = ("soc", STRATEGY)
# By the name used here: what the tool calls the maker, folder of its plugin, a chip, package of its libraries.
MAKERS = {
    "qualcomm": ("Qualcomm", "qualcomm", "SM8650", "onnxruntime-qnn"),
    "intel": ("IntelOpenVINO", "intel_openvino", "LNL", "openvino"),
}
_DISPATCH = "DISPATCH_OP"
_QUALCOMM_REASON = re.compile(r"LiteRT Op #(\d+) '\w+' \(code=\d+\) is (not supported[^\n]*)")
# Libraries that Qualcomm's plugin names in its header but does not use to partition for a phone.
_UNUSED = ("libQnnLpai.so",)


def partition(progress: Progress, path: str, maker: str, options: dict[str, str]) -> dict[str, Any]:
    """Child function: partitions a model and maps the operators of the result to those of the original.

    Returns:
        ``maker``, ``runtime``; ``partitions``: lists of operators; ``lost``: operators that are nowhere in the result;
        ``unmatched``: operators of the result that are not in the original; ``reasons``.

    Raises:
        RuntimeMissing: where the maker's libraries are not installed.
        RuntimeRefused: where the plugin refuses the model.
    """
    version = litert.require_tested()
    manufacturer, folder, soc, package = MAKERS[maker]
    soc, strategy = options.get("soc", soc), options.get(STRATEGY, STRATEGIES[0])
    if strategy not in STRATEGIES:
        raise RuntimeRefused(f"{STRATEGY}={strategy}: must be {' or '.join(STRATEGIES)}")
    home = _home()
    try:
        libraries = f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        raise RuntimeMissing(f"the libraries of {maker} are not installed: pip install {package}") from None
    out = os.path.abspath("partitioned.tflite")
    command = [
        os.path.join(home, "tools", "apply_plugin_main"), "--cmd=partition", f"--model={path}",
        f"--soc_manufacturer={manufacturer}", f"--soc_model={soc}",
        f"--libs={os.path.join(home, 'vendors', folder, 'compiler')}", f"--o={out}", "--err=--",
        f"--{STRATEGY}={strategy}",
    ]  # fmt: skip
    progress(f"partition by the plugin of {maker}", 0, 0)
    environment = {**os.environ, "LD_LIBRARY_PATH": _library_path(package)}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)  # noqa: S603
    log = (done.stdout + done.stderr).decode("utf-8", "replace")
    if done.returncode or not os.path.exists(out) or not os.path.getsize(out):
        raise RuntimeRefused(_complaint(log) or f"exit code {done.returncode} of apply_plugin_main")
    original = open_model(path)
    found = _map(original, open_model(out))
    runtime = f"ai-edge-litert {version}, {libraries}, {manufacturer} {soc}"
    return {"maker": maker, "runtime": runtime, **found, "reasons": _reasons(original, log)}


def _map(original: Model, partitioned: Model) -> dict[str, Any]:
    roots = len(original.subgraphs)
    originals = Originals(original)
    partitions: list[list[int]] = [[] for _ in range(len(partitioned.subgraphs) - roots)]
    unmatched = []
    for name, subgraph in zip(names(partitioned), partitioned.operators.subgraph.tolist(), strict=True):
        if name[0] == _DISPATCH:
            continue
        operator = originals.take(name)
        if operator is None:
            unmatched.append([name[0], list(name[1])])
        elif subgraph >= roots:
            partitions[subgraph - roots].append(operator)
    return {"partitions": partitions, "lost": originals.rest(), "unmatched": unmatched}


def _reasons(original: Model, log: str) -> list[list[Any]]:
    ops = original.operators.ops
    found = {}
    for text in _QUALCOMM_REASON.finditer(log):
        operator = int(text[1])  # of the first subgraph; the log does not name others
        if operator < len(ops):
            found[operator] = [[operator], ops[operator], " ".join(text[2].split())]
    return list(found.values())


def _library_path(package: str) -> str:
    """Where the libraries of a package lie, with empty ones beside them for those that are named but not used."""
    files = importlib.metadata.files(package) or []
    folders = {os.path.dirname(os.path.abspath(str(f.locate()))) for f in files if re.search(r"\.so(\.\d+)*$", f.name)}
    stubs = os.path.abspath("stubs")
    os.mkdir(stubs)
    compiler = shutil.which("cc")
    if package == MAKERS["qualcomm"][3] and compiler is not None:
        for name in _UNUSED:
            command = [compiler, "-shared", "-x", "c", os.devnull, "-o", os.path.join(stubs, name)]
            subprocess.run(command, check=False, capture_output=True)  # noqa: S603
    return os.pathsep.join([*sorted(folders), stubs, os.environ.get("LD_LIBRARY_PATH", "")])


def _home() -> str:
    spec = importlib.util.find_spec("ai_edge_litert")
    if spec is None or spec.origin is None:
        raise RuntimeMissing("the runtime is not installed")
    return os.path.dirname(spec.origin)


def _complaint(log: str) -> str:
    lines = [line for line in log.splitlines() if "ERROR" in line or "rror:" in line]
    return " ".join(" ".join(lines[:4]).split())[:2000]
