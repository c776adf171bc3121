"""Foretold partitions of several delegates in order beside those of the runtime: a delegate of ours, then XNNPACK."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tb_tflite_plugin.analysis import schema
from tb_tflite_plugin.analysis.delegates import delegates
from tb_tflite_plugin.analysis.delegates.nodes import TAKEN, View
from tb_tflite_plugin.analysis.delegates.rules import Claim, Delegate, Failure
from tb_tflite_plugin.analysis.delegates.simulation import place_in_order
from tb_tflite_plugin.analysis.model import Model

from tb_tflite_plugin import open_model

pytest.importorskip("ai_edge_litert")

FOREIGN = ("custom_op", "flex_ops", "mnet_int8_vela_ethosu55")  # with operators that the runtime does not know

# Prints for every model and set of types what each delegate took, by subgraph; null where the model does not load.
RUN = """
import json, os, sys
from ai_edge_litert.interpreter import Interpreter, load_delegate
from tb_tflite_plugin.runtime.spy import graphs_of
library = sys.argv[1]
kept = []
for path, types in json.loads(sys.argv[2]):
    delegate = load_delegate(library, {"claim": types})
    kept.append(delegate)
    try:
        interpreter = Interpreter(path, experimental_delegates=[delegate])
        kept.insert(0, interpreter)
        interpreter.allocate_tensors()
        graphs = graphs_of(interpreter)
    except (RuntimeError, ValueError) as error:
        print(json.dumps(None), flush=True)
        continue
    print(json.dumps([[[n["name"], n.get("replaced")] for n in g["nodes"]] for g in graphs]), flush=True)
os._exit(0)  # interpreters and delegates go in any order otherwise, and that crashes
"""


def toy_of(types: set[str]) -> Delegate:
    """The rules of the delegate in toy_delegate.c."""

    def claim(view: View, subgraph: int) -> Claim:
        nodes = list(view.nodes(subgraph))
        taken = {node.operator for node in nodes if node.op in types}
        refused = [Failure("operator", "of another type", "one of those it is told to take")]
        return Claim(taken, {node.operator: refused for node in nodes if node.operator not in taken})

    return Delegate("toy", "Toy", "exact", "tests/runtime/toy_delegate.c", claim)


def drawn(model: Model, seed: int) -> set[str]:
    """Some types of the model's operators, none that run subgraphs: the toy's kernels do nothing."""
    builtin = set(schema.enum_values("BuiltinOperator")) - {"WHILE", "IF", "CALL_ONCE"}
    there = sorted(builtin.intersection(model.operators.ops))
    return set(random.Random(seed).sample(there, max(1, len(there) // 3)))


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The toy delegate's library."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    target = tmp_path_factory.mktemp("toy") / "libtoy.so"
    source = Path(__file__).with_name("toy_delegate.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", target, source], check=True, timeout=60)
    return str(target)


def compared(toy: str, paths: list[Path], seeds: int) -> dict[str, int]:
    """Compares models with several sets of types each; how many partitions of each delegate were compared."""
    codes = schema.enum_values("BuiltinOperator")
    cases = [(path, open_model(path), seed) for path in paths for seed in range(seeds)]
    asked = [[str(path), ",".join(str(codes[op]) for op in sorted(drawn(model, seed)))] for path, model, seed in cases]
    command = [sys.executable, "-c", RUN, toy, json.dumps(asked)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100, cwd=Path(__file__).parent)
    lines = result.stdout.splitlines()
    assert len(lines) == len(cases)
    counts = {"ToyDelegate": 0, "TfLiteXNNPackDelegate": 0}
    wrong = []
    for (path, model, seed), line in zip(cases, lines, strict=True):
        answer = json.loads(line)
        if answer is None:  # some models do not load with XNNPACK once their weights are not constants
            continue
        both = place_in_order(View(model), [toy_of(drawn(model, seed)), delegates()["xnnpack"]])
        for name, placed in zip(counts, both, strict=True):
            real = partitions_of(model, answer, name)
            found = [(subgraph, sorted(operators)) for subgraph, operators in placed.partitions]
            if found != real:
                wrong.append((path.stem, seed, name, found, real))
            counts[name] += len(real)
    assert not wrong
    return counts


def test_a_delegate_and_then_xnnpack(toy: str, models: Path) -> None:
    counts = compared(toy, [path for path in sorted(models.glob("*.tflite")) if path.stem not in FOREIGN], seeds=6)
    assert min(counts.values()) > 500, counts


def test_a_delegate_and_then_xnnpack_on_real_models(toy: str, real_models: dict[str, Path]) -> None:
    names = ("nmp", "okay_nabu", "digits", "face_sparse", "face_full_range")
    counts = compared(toy, [real_models[name] for name in names], seeds=4)
    assert min(counts.values()) > 100, counts


def partitions_of(model: Model, graphs: list[Any], name: str) -> list[tuple[int, list[int]]]:
    """What a delegate really took, in the order in which it runs."""
    found = []
    for subgraph, nodes in enumerate(graphs):
        first = int(model.subgraphs.operator_offsets[subgraph])
        found += [
            (subgraph, sorted(first + k for k in replaced)) for who, replaced in nodes if who == name and replaced
        ]
    return found


def test_what_a_delegate_took_is_one_operator_to_the_next(models: Path) -> None:
    model = open_model(models / "mnet_float32.tflite")
    seen = []

    def look(view: View, subgraph: int) -> Claim:
        seen.append([node.op for node in view.nodes(subgraph)])
        return Claim(set(), {})

    first = toy_of({"CONV_2D", "DEPTHWISE_CONV_2D", "ADD"})
    placed, nothing = place_in_order(View(model), [first, Delegate("looks", "Looks", "exact", "here", look)])
    assert nothing.partitions == []
    assert seen[0].count(TAKEN) == len(placed.partitions)
    assert not {"CONV_2D", "DEPTHWISE_CONV_2D", "ADD"}.intersection(seen[0])
    assert len(seen[0]) == len(model.operators) - len(placed.taken) + len(placed.partitions)
