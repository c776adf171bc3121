"""How far profiles can be believed, on this machine: attribution, the profiler's own cost, agreement, leaks.

* attribution: a delegate's rows are attributed by alignment. Here every operator gets a partition of its own, which
  shows the rows that are really its. Of the time in the usual profile, how much went to an operator whose it can be?
* overhead: median latency with and without the profiler, measured in turn.
* agreement: median latency against ``litert-benchmark``, which comes with the runtime, run in turn.
* leaks: profiles one after the other, and what they leave of processes, files, threads and memory.

    python benchmarks/profiling.py MODEL... [--only attribution] [--profiles 1000] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import unfused
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.errors import ModelError
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime import kernels, worker
from tb_tflite_plugin.runtime.errors import RuntimeFailure
from tb_tflite_plugin.runtime.model_file import model_file
from tb_tflite_plugin.runtime.profile_report import report, times_of
from tb_tflite_plugin.runtime.profiler import Settings, job_of, profile
from tb_tflite_plugin.runtime.trace import Trace

_LARGE_US = 1000


def attribution(model: Model, trace: Trace) -> dict[str, Any]:
    """Time in rows of a delegate, time at an operator whose it can be, and time of which nothing is known, in µs."""
    times = times_of(trace).rows / 1000
    groups = _groups(model, trace)
    job, _ = job_of(model, Settings())
    with model_file(model) as path:
        names = ("signature", "values", "links")
        arguments = {"path": path, "groups": groups[0], **{name: job[name] for name in names}}
        found = worker.run(unfused.measure, arguments)
    truth = _rows_by_operator(found, groups[1])
    right = unknown = total = 0.0
    for number, partition in enumerate(trace.partitions):
        rows = [row for row in np.flatnonzero(trace.events.partition == number) if trace.events.kind[row] == "kernel"]
        total += float(times[rows].sum())
        if partition.subgraph not in truth:
            unknown += float(times[rows].sum())
            continue
        owners = [(o, tag) for o in partition.operators or () for tag in truth[partition.subgraph].get(o, [])]
        tags = [trace.events.tag[row] for row in rows]
        for row, possible in zip(rows, _possible(tags, owners), strict=True):
            mine = trace.events.operators[row].tolist()
            right += float(times[row]) if set(mine) & possible else 0.0
    return {"delegated_us": total, "right_us": right, "unknown_us": unknown}


def _groups(model: Model, trace: Trace) -> tuple[dict[str, list[list[int]]], dict[int, list[int]]]:
    """Nodes that are delegated together when nothing is fused, by subgraph, and the operator that each group is for.

    What prepares a constant goes with the operator that reads it, since a delegate wants constants.
    """
    offsets, operators = model.subgraphs.operator_offsets, model.operators
    groups: dict[str, list[list[int]]] = {}
    owners: dict[int, list[int]] = {}
    for partition in trace.partitions:
        inside = np.array(partition.operators, np.int64)
        absent = dict(zip(inside.tolist(), kernels._prepares_constant(model, inside).tolist(), strict=True))
        first = int(offsets[partition.subgraph])
        done: set[int] = set()
        for operator in inside.tolist():
            if absent[operator]:
                continue
            group, wanted = [operator], [operator]
            while wanted:
                for tensor in operators.inputs[wanted.pop()].tolist():
                    maker = int(model.producer[tensor]) if tensor >= 0 else -1
                    if absent.get(maker) and maker not in done:
                        done.add(maker)
                        group.append(maker)
                        wanted.append(maker)
            groups.setdefault(str(partition.subgraph), []).append(sorted(node - first for node in group))
            if operators.ops[operator] != "VAR_HANDLE":
                owners.setdefault(partition.subgraph, []).append(operator)
    for lists in groups.values():
        lists.sort(key=max)
    return groups, {graph: sorted(found) for graph, found in owners.items()}


def _rows_by_operator(found: list[list[Any]], owners: dict[int, list[int]]) -> dict[int, dict[int, list[str]]]:
    """Tags by operator, for the subgraphs where every operator left rows: others cannot be told apart."""
    rows: dict[int, list[list[str]]] = {}
    for subgraph, tags in found:
        rows.setdefault(subgraph, []).append(tags)
    return {
        graph: dict(zip(operators, rows[graph], strict=True))
        for graph, operators in owners.items()
        if len(rows.get(graph, [])) == len(operators)
    }


def _possible(tags: list[str], owners: list[tuple[int, str]]) -> list[set[int]]:
    """For each row the operators that it can be of, in a longest sequence that both have in common."""
    n, m = len(tags), len(owners)
    ahead, behind = np.zeros((n + 1, m + 1), int), np.zeros((n + 1, m + 1), int)
    for i in range(n):
        for j in range(m):
            same = ahead[i, j] + 1 if tags[i] == owners[j][1] else 0
            ahead[i + 1, j + 1] = max(ahead[i, j + 1], ahead[i + 1, j], same)
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            same = behind[i + 1, j + 1] + 1 if tags[i] == owners[j][1] else 0
            behind[i, j] = max(behind[i + 1, j], behind[i, j + 1], same)
    found = []
    for i in range(n):
        same = [j for j in range(m) if tags[i] == owners[j][1]]
        found.append({owners[j][0] for j in same if ahead[i, j] + 1 + behind[i + 1, j + 1] == ahead[n, m]})
    return found


def agreement(model: Model, rounds: int) -> dict[str, Any]:
    """Median latency here and in ``litert-benchmark``, in ms, both run ``rounds`` times in turn.

    Of the medians of all rounds the smallest counts: what else the machine does only ever adds, and to both.
    """
    ours, theirs = [], []
    tool = Path(sys.executable).parent / "litert-benchmark"
    with model_file(model) as path, tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "result.json")
        for _ in range(rounds):
            ours.append((profile(model, Settings(runs=100)).latency.typical() or np.nan) / 1e6)
            command = [tool, "--model", path, "--num_runs", "100", "--warmup_runs", "10", "--result_json", str(result)]
            subprocess.run(command, check=True, capture_output=True)
            theirs.append(float(json.loads(result.read_text())["latency"]["median_ms"]))
    return {"ours_ms": min(ours), "theirs_ms": min(theirs)}


def leaks(model: Model, profiles: int) -> dict[str, Any]:
    """What profiles leave behind: the difference between the first hundredth and the end."""
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        before: tuple[int, int, int] | None = None
        for done in range(profiles):
            profile(model, Settings(runs=1, warmup=0))
            if done == profiles // 100:
                before = process.num_fds(), threading.active_count(), process.memory_info().rss
        after = process.num_fds(), threading.active_count(), process.memory_info().rss
        left = [str(path) for path in Path(folder).iterdir()]
        tempfile.tempdir = None
    assert before is not None
    names = ("descriptors", "threads", "resident_bytes")
    found: dict[str, Any] = {name: b - a for name, a, b in zip(names, before, after, strict=True)}
    return {**found, "processes": len(process.children(recursive=True)), "files": len(left), "profiles": profiles}


def examine(path: str, only: set[str], rounds: int) -> dict[str, Any]:
    """All figures of one model."""
    found: dict[str, Any] = {"model": Path(path).name}
    try:
        model = open_model(path)
        trace = profile(model, Settings(seconds=3))
        summary = report(trace, model).summary
        found |= {"inference_us": summary["inference_us"]["median"], "overhead": summary["overhead"]}
        if "attribution" in only and trace.partitions and len(trace.events):
            found |= attribution(model, trace)
        # The tool prints hundredths of a millisecond.
        if "agreement" in only and (found["inference_us"] or 0) > _LARGE_US and trace.environment.kernels == "xnnpack":
            found |= agreement(model, rounds)
    except (ModelError, RuntimeFailure, subprocess.CalledProcessError) as error:
        found["error"] = str(error)[:200]
    return found


def _print(rows: list[dict[str, Any]]) -> None:
    names = ("delegated_us", "right_us", "unknown_us")
    total, right, unknown = (sum(row.get(name, 0) for row in rows) for name in names)
    share = right / max(total - unknown, 1e-9)
    print(f"attribution: {share:.2%} of {total - unknown:.0f} µs on the right operator, held to ≥ 95 %")
    print(f"             {unknown:.0f} µs more could not be told")
    for row in rows:
        name = row["model"]
        if (row.get("inference_us") or 0) > _LARGE_US and row["overhead"] is not None:
            print(f"{name}: the profiler adds {row['overhead']:+.1%}, held to ≤ 5 %")
        if "theirs_ms" in row:
            difference = row["ours_ms"] / row["theirs_ms"] - 1
            print(f"{name}: {row['ours_ms']:.3f} ms, {difference:+.1%} of litert-benchmark's, held to 5 %")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="model files")
    parser.add_argument("--only", nargs="+", choices=("attribution", "agreement"), default=["attribution", "agreement"])
    parser.add_argument("--rounds", type=int, default=3, help="of the agreement")
    parser.add_argument("--profiles", type=int, default=0, help="of the first model, one after the other, for leaks")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    wanted = parser.parse_args()
    rows = []
    for path in wanted.models:
        rows.append(row := examine(path, set(wanted.only), wanted.rounds))
        shown = {key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}
        print(json.dumps(shown), flush=True)
    _print(rows)
    summary = {"rows": rows}
    if wanted.profiles:
        summary["leaks"] = leaks(open_model(wanted.models[0]), wanted.profiles)
        print(f"left after {wanted.profiles} profiles: {summary['leaks']}, held to nothing")
    if wanted.json:
        wanted.json.write_text(json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    main()
