"""The rooms of the program, and what each of them may import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {"analysis": ROOT / "analysis", "runtime": ROOT / "runtime", "doors": ROOT / "tb_tflite_plugin"}
PACKAGES = {"analysis": "tb_tflite_plugin.analysis", "runtime": "tb_tflite_plugin.runtime", "doors": "tb_tflite_plugin"}
# Who may import whom.
MAY_IMPORT = {"analysis": {"analysis"}, "runtime": {"runtime", "analysis"}, "doors": {"doors", "runtime", "analysis"}}
NATIVE = ("numpy", "ai_edge_litert", "flatbuffers", "pandas", "tensorflow")


def modules(room: str) -> list[Path]:
    return sorted(path for path in ROOMS[room].rglob("*.py") if "demo_models" not in path.parts)


def imported(room: str, path: Path, on_loading: bool = False) -> set[str]:
    """The full names of all that a module imports, relative imports resolved; or only of what it does on loading."""
    place = path.relative_to(ROOMS[room]).with_suffix("").parts
    package = [*PACKAGES[room].split("."), *place[:-1]]
    found = set()
    nodes: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while nodes:
        node = nodes.pop()
        if not on_loading or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            nodes.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{name}.{alias.name}" for alias in node.names}
    return found


def room_of(name: str) -> str | None:
    """The room that an imported name belongs to, None for other packages."""
    for room in ("analysis", "runtime", "doors"):
        if name == PACKAGES[room] or name.startswith(PACKAGES[room] + "."):
            return room
    return None


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_one_way(room: str) -> None:
    assert modules(room)
    for path in modules(room):
        rooms = {room_of(name) for name in imported(room, path)} - {None}
        assert rooms <= MAY_IMPORT[room], f"{path.relative_to(ROOT)} imports from {rooms - MAY_IMPORT[room]}"


def test_analysis_needs_nothing_but_numpy() -> None:
    for path in modules("analysis"):
        names = imported("analysis", path, on_loading=True)
        foreign = foreign_packages(names) - {"numpy"}
        assert not foreign, f"{path.relative_to(ROOT)} imports {foreign}"
        # What a function imports when it is called may be missing: a data frame can only be had where pandas is.
        foreign = foreign_packages(imported("analysis", path)) - {"numpy", "pandas"}
        assert not foreign, f"{path.relative_to(ROOT)} imports {foreign}"


def foreign_packages(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names if room_of(name) is None} - set(sys.stdlib_module_names)


def test_relative_imports_are_resolved_for_this_test() -> None:
    names = imported("analysis", ROOMS["analysis"] / "tables.py", on_loading=True)
    assert "tb_tflite_plugin.analysis.errors.ModelError" in names
    assert room_of("tb_tflite_plugin.analysis.errors.ModelError") == "analysis"
    assert room_of("tb_tflite_plugin.runtime") == "runtime"
    assert room_of("tb_tflite_plugin.app.App") == "doors"
    assert room_of("tb_tflite_plugin_other") is None


@pytest.mark.parametrize(
    "code",
    [
        "import tb_tflite_plugin",
        "import tb_tflite_plugin.entry",
        "import sys; sys.argv = ['tflite-viz', '--help']; from tb_tflite_plugin.cli import main; main()",
        "import sys; sys.argv = ['tflite-viz', 'inspect', '--help']; from tb_tflite_plugin.cli import main; main()",
    ],
    ids=["package", "entry point", "help", "help of a command"],
)
def test_what_every_start_runs_imports_nothing_heavy(code: str) -> None:
    program = f"""
import sys
try:
    exec({code!r})
except SystemExit as end:
    assert not end.code, end.code
print("loaded:", *[name for name in {NATIVE!r} if name in sys.modules])
"""
    elsewhere = Path(__file__).parent  # in the root of the repository, its folders would hide the installed package
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "loaded:"


def test_what_answers_requests_in_threads_was_imported_before() -> None:
    # Threads that import parts of one package at once may get half of a module (see analysis/reports.py).
    places = {module_name(room, path): (room, path) for room in ROOMS for path in modules(room)}
    loaded, pending = set(), {"tb_tflite_plugin.app"}
    while pending:
        name = pending.pop()
        loaded.add(name)
        pending |= {found for found in imports_of(*places[name], places, on_loading=True) if found not in loaded}
    assert "tb_tflite_plugin.library" in loaded
    late = {name: imports_of(*places[name], places) - loaded for name in loaded}
    del late["tb_tflite_plugin.analysis.model"]  # Model.to_pandas, which is for people
    assert not {name: found for name, found in late.items() if found}


def module_name(room: str, path: Path) -> str:
    parts = [PACKAGES[room], *path.relative_to(ROOMS[room]).with_suffix("").parts]
    return ".".join(parts).removesuffix(".__init__")


def imports_of(room: str, path: Path, known: dict[str, tuple[str, Path]], on_loading: bool = False) -> set[str]:
    """The modules of ours that a module imports; of a package also what its name stands for."""
    names = imported(room, path, on_loading)
    return {name if name in known else name.rpartition(".")[0] for name in names} & known.keys()
