"""What Arm's compiler Vela puts on an Ethos-U, read from the model that it writes.

Its tables of cycles and its summary show only the last subgraph that it wrote; the model shows all.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import signal
import subprocess
import sys
from typing import Any

from ..analysis.containers import open_model
from ..analysis.model import Model
from .by_name import Originals, names
from .errors import RuntimeMissing, RuntimeRefused
from .worker import Progress

PACKAGE = "ethos-u-vela"
TARGET = "accelerator-config"
TARGETS = {"ethos-u": "ethos-u55-128", "ethos-u85": "ethos-u85-256"}  # by the names of delegates
OPTIONS = (TARGET, "config", "system-config", "memory-mode", "optimise")
_REGION = "ethos-u"
_WARNING = re.compile(
    r"^Warning \(supported operators\) operator: (\S+), ofm: '(.*)'\nReason: ((?:.+\n?)+)", re.MULTILINE
)


def partition(progress: Progress, path: str, options: dict[str, str]) -> dict[str, Any]:
    """Child function: compiles a model and maps the operators of the result to those of the original.

    ``options`` are Vela's own.

    Returns:
        ``version``; ``regions``: lists of operators, one per region on the NPU; ``gone``: operators that are neither on
        the NPU nor left; ``reasons``: for operators left, what Vela says; ``unmatched``: operators of the result that
        are not in the original.

    Raises:
        RuntimeMissing: where Vela is not installed.
        RuntimeRefused: where it does not compile the model.
    """
    try:
        version = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise RuntimeMissing(f"Vela is not installed: pip install {PACKAGE}") from None
    progress("compilation by Vela", 0, 0)
    chosen = [f"--{key}={value}" for key, value in options.items()]
    out = os.path.abspath("vela")
    # Vela names its result after the model: a copy gives that a name of our own.
    copy = shutil.copyfile(path, os.path.abspath("model.tflite"))
    command = [sys.executable, "-m", "ethosu.vela", copy, "--output-dir", out, "--show-cpu-operations", *chosen]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    written = os.path.join(out, "model_vela.tflite")
    if done.returncode or not os.path.exists(written):
        raise RuntimeRefused(_complaint(done.stderr) or _complaint(done.stdout) or _ending(done.returncode))
    progress("reading of what Vela wrote", 0, 0)
    original, compiled = open_model(path), open_model(written)
    return {"version": version, **_map(original, compiled), "reasons": _reasons(original, done.stdout)}


def _map(original: Model, compiled: Model) -> dict[str, Any]:
    originals = Originals(original)
    left, unmatched = set(), []
    for op, outputs in names(compiled):
        if op != _REGION:
            operator = originals.take((op, outputs))
            if operator is None:
                unmatched.append([op, list(outputs)])
            else:
                left.add(operator)
    regions = _regions(original, compiled, left)
    taken = {operator for region in regions for operator in region}
    everything = range(len(original.operators))
    gone = [operator for operator in everything if operator not in left and operator not in taken]
    return {"regions": regions, "gone": gone, "unmatched": unmatched}


def _regions(original: Model, compiled: Model, left: set[int]) -> list[list[int]]:
    """The operators behind each operator of the NPU: from its outputs back to its inputs."""
    # Subgraphs keep their order; a name may stand in several of them.
    places = zip(original.tensors.subgraph.tolist(), original.tensors.name.tolist(), strict=True)
    tensor_of = {place: tensor for tensor, place in enumerate(places)}
    subgraph = compiled.operators.subgraph.tolist()
    compiled_names = compiled.tensors.name.tolist()
    inputs, outputs = original.operators.inputs.tolist(), original.operators.outputs.tolist()
    producer = original.producer.tolist()
    taken: set[int] = set()
    regions = []
    for row, op in enumerate(compiled.operators.ops):
        if op != _REGION:
            continue
        ends = [
            {tensor_of.get((subgraph[row], compiled_names[tensor]), -1) for tensor in side.tolist()[row] if tensor >= 0}
            for side in (compiled.operators.inputs, compiled.operators.outputs)
        ]
        borders, queue, region = ends[0] - ends[1], [t for t in ends[1] if t >= 0], set()
        while queue:
            operator = producer[queue.pop()]
            if operator >= 0 and operator not in left and operator not in taken and operator not in region:
                region.add(operator)
                queue += [tensor for tensor in inputs[operator] if tensor >= 0 and tensor not in borders]
                queue += [tensor for tensor in outputs[operator] if tensor >= 0]
        taken |= region
        regions.append(sorted(region))
    return regions


def _reasons(original: Model, text: str) -> list[list[Any]]:
    """Operator and reason of everything that Vela says it does not support."""
    operators: dict[tuple[str, str], list[int]] = {}
    writers: dict[str, list[int]] = {}
    for operator, (op, outputs) in enumerate(names(original)):
        output = outputs[0] if outputs else ""
        operators.setdefault((op, output), []).append(operator)
        writers.setdefault(output, []).append(operator)
    found = []
    for op, output, reason in _WARNING.findall(text):
        # An operator without outputs is given one. Fused activations are split off: such a reason names one, and the
        # output of the operator that it is part of.
        output = "" if output.startswith("placeholder-for-") else output
        about = operators.get((op, output), writers.get(output, []) if output else [])
        found.append([about, "an operator unknown to Vela" if op == "None" else op, " ".join(reason.split())])
    return found


def _complaint(text: str) -> str:
    """The last line that is no warning."""
    lines = [
        line.strip() for line in text.splitlines() if line.strip() and not line.startswith(("Warning", "TfLiteReader"))
    ]
    return lines[-1][:1000] if lines else ""


def _ending(code: int) -> str:
    return f"Vela was ended by {signal.Signals(-code).name}" if code < 0 else f"Vela ended with exit code {code}"
