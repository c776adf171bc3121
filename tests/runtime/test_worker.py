"""The child process: what comes back, and every way it can end."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import psutil
import pytest
from tb_tflite_plugin.runtime import worker
from tb_tflite_plugin.runtime.errors import (
    InputError,
    RuntimeCancelled,
    RuntimeCrash,
    RuntimeFailure,
    RuntimeLimit,
    RuntimeRefused,
    RuntimeTimeout,
)

MISBEHAVING = """
import ctypes, json, os, subprocess, sys, threading, time
import numpy as np
from tb_tflite_plugin.runtime.errors import InputError, RuntimeRefused

def echo(progress, **arguments):
    return arguments

def steps(progress):
    for done in range(3):
        progress("counting", done, 3)
        time.sleep(0.3)
    return os.getpid()

def crash(progress, signal):
    progress("first inference", 0, 0)
    os.write(2, b"about to fall\\n")
    os.kill(os.getpid(), signal)

def null(progress):
    progress("reading nothing", 0, 0)
    ctypes.string_at(0)

def leave(progress):
    os._exit(3)

def hang(progress):
    progress("waiting", 0, 0)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
    progress(f"waiting for {child.pid}", 0, 0)
    time.sleep(100)

def refuse(progress):
    raise RuntimeRefused("node 3 failed to prepare")

def complain(progress):
    raise InputError("no input called x")

def fail(progress):
    raise KeyError("nothing")

def use(progress, count):
    progress("filling", 0, 0)
    data = []
    while True:
        data.append(b"x" * count)

def reserve(progress, count):
    return len(bytearray(count))

def threads(progress, count):
    started = [threading.Thread(target=time.sleep, args=(5,), daemon=True) for _ in range(count)]
    for thread in started:
        thread.start()
    time.sleep(5)

def chatter(progress):
    print("to stdout", flush=True)
    os.write(1, b"from below\\n")
    sys.stderr.write("first\\n" + "x" * 500_000 + "\\nlast\\n")
    return 1

def channel():
    # What a hostile model could do: find the pipe and write to it.
    return max(int(name) for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}"))

def lie(progress, text):
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, text.encode() + b"\\n")
        except OSError:
            pass
    time.sleep(100)

def flood(progress):
    for step in range(20_000):
        progress("x" * 10_000, step, 20_000)
    return "done"

def name_a_file(progress, name, link):
    if link:
        os.symlink(link, name)
    lie(progress, json.dumps({"result": {"$array": name}}))
"""


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """Functions that behave badly, in a module that the child can import."""
    folder = tmp_path_factory.mktemp("misbehaving")
    (folder / "misbehaving.py").write_text(MISBEHAVING)
    sys.path.insert(0, str(folder))
    try:
        import misbehaving

        yield misbehaving
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("misbehaving", None)


def test_values_and_arrays_there_and_back(bad: ModuleType) -> None:
    arrays = {"x": np.arange(6, dtype=np.int8).reshape(2, 3), "empty": np.zeros((0, 4), np.float64)}
    sent = {"text": "ü\n", "none": None, "numbers": [1, 2.5, np.int64(7)], "arrays": arrays, "path": Path("/tmp/a")}
    back = worker.run(bad.echo, sent)
    assert back["numbers"] == [1, 2.5, 7]
    assert (back["text"], back["none"], back["path"]) == ("ü\n", None, "/tmp/a")
    for name, array in arrays.items():
        np.testing.assert_array_equal(back["arrays"][name], array)
        assert back["arrays"][name].dtype == array.dtype


def test_objects_are_not_sent(bad: ModuleType) -> None:
    with pytest.raises(ValueError, match="pickle"):
        worker.run(bad.echo, {"x": np.array([object()])})


def test_progress_is_streamed(bad: ModuleType) -> None:
    seen: list[tuple[float, tuple[str, int, int]]] = []
    pid = worker.run(bad.steps, {}, progress=lambda *step: seen.append((time.monotonic(), step)))
    assert [step for _, step in seen] == [("counting", 0, 3), ("counting", 1, 3), ("counting", 2, 3)]
    assert seen[-1][0] - seen[0][0] > 0.3  # while it ran, not at its end
    assert not psutil.pid_exists(pid)


def test_what_goes_wrong_in_the_callback_is_the_callers_and_ends_the_child(bad: ModuleType) -> None:
    started: list[str] = []

    def progress(phase: str, done: int, total: int) -> None:
        if "for" in phase:
            started.append(phase)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        worker.run(bad.hang, {}, progress=progress)
    assert gone(int(started[0].split()[-1]))


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGILL", "SIGKILL"])
def test_a_crash_says_where(bad: ModuleType, name: str) -> None:
    with pytest.raises(RuntimeCrash, match=f"^{name} in first inference$") as caught:
        worker.run(bad.crash, {"signal": int(getattr(signal, name))})
    assert caught.value.log == "about to fall\n"


def test_a_real_segmentation_fault(bad: ModuleType) -> None:
    with pytest.raises(RuntimeCrash, match=r"^SIGSEGV in reading nothing$"):
        worker.run(bad.null, {})


def test_an_end_without_an_answer(bad: ModuleType) -> None:
    with pytest.raises(RuntimeCrash, match=r"^exit with code 3 in start"):
        worker.run(bad.leave, {})


def test_typed_errors_come_through_and_others_are_named(bad: ModuleType) -> None:
    with pytest.raises(RuntimeRefused, match=r"^node 3 failed to prepare$"):
        worker.run(bad.refuse, {})
    with pytest.raises(InputError, match=r"^no input called x$"):
        worker.run(bad.complain, {})
    with pytest.raises(RuntimeFailure, match=r"^KeyError: 'nothing'$") as caught:
        worker.run(bad.fail, {})
    assert "Traceback" in caught.value.log


def test_time_limit_ends_the_child_and_its_children(bad: ModuleType) -> None:
    phases: list[str] = []
    limits = worker.Limits(seconds=2)
    with pytest.raises(RuntimeTimeout, match="more than 2 s; stopped in waiting"):
        worker.run(bad.hang, {}, limits=limits, progress=lambda phase, *_: phases.append(phase))
    assert gone(int(phases[-1].split()[-1]))


def test_cancel(bad: ModuleType) -> None:
    cancel = threading.Event()

    def progress(phase: str, done: int, total: int) -> None:
        cancel.set()

    begin = time.monotonic()
    with pytest.raises(RuntimeCancelled, match="waiting"):
        worker.run(bad.hang, {}, progress=progress, cancel=cancel)
    assert time.monotonic() - begin < 30


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process uses")
def test_memory_in_use_is_limited(bad: ModuleType) -> None:
    with pytest.raises(RuntimeLimit, match="more than 300000000 bytes of memory"):
        worker.run(bad.use, {"count": 1 << 20}, limits=worker.Limits(memory_bytes=300_000_000))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_mappings_are_limited(bad: ModuleType) -> None:
    assert worker.run(bad.reserve, {"count": 1 << 20}) == 1 << 20
    with pytest.raises(RuntimeLimit, match="memory"):
        worker.run(bad.reserve, {"count": 1 << 34}, limits=worker.Limits(memory_bytes=300_000_000))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process uses")
def test_threads_are_limited(bad: ModuleType) -> None:
    with pytest.raises(RuntimeLimit, match="more than 20 threads"):
        worker.run(bad.threads, {"count": 60}, limits=worker.Limits(threads=20))


def test_what_is_printed_is_no_answer_and_its_log_is_bounded(bad: ModuleType) -> None:
    assert worker.run(bad.chatter, {}) == 1
    with pytest.raises(RuntimeFailure) as caught:
        worker.run(bad.lie, {"text": "{}" + "x" * 100})
    assert isinstance(caught.value, RuntimeCrash)


@pytest.mark.parametrize("text", ["", "{", "[1]", "7", '{"progress": 3}', "[" * 100_000, '{"result": {"$array": "x"}}'])
def test_lies_over_the_pipe_are_errors(bad: ModuleType, text: str) -> None:
    with pytest.raises(RuntimeFailure):
        worker.run(bad.lie, {"text": text}, limits=worker.Limits(seconds=30))


@pytest.mark.parametrize(
    ("name", "link"),
    [("../../etc/passwd", ""), ("array-a.npy", "/etc/passwd"), ("array-b.npy", "/dev/zero"), ("/dev/zero", "")],
)
def test_no_file_outside_is_read(bad: ModuleType, name: str, link: str) -> None:
    with pytest.raises(RuntimeCrash, match="unreadable result"):
        worker.run(bad.name_a_file, {"name": name, "link": link}, limits=worker.Limits(seconds=30))


def test_a_flood_of_progress_does_not_grow(bad: ModuleType) -> None:
    seen: list[str] = []
    assert worker.run(bad.flood, {}, progress=lambda phase, *_: seen.append(phase)) == "done"
    assert all(len(phase) <= 200 for phase in seen)


def test_nothing_is_left_behind(bad: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    me = psutil.Process()
    children = set(me.children())  # of other tests that are still on: browsers, servers
    before = descriptors(), threading.active_count()
    for _ in range(5):
        worker.run(bad.echo, {"x": np.ones(10)})
        with pytest.raises(RuntimeCrash):
            worker.run(bad.leave, {})
        with pytest.raises(RuntimeTimeout):
            worker.run(bad.hang, {}, limits=worker.Limits(seconds=0.5))
    assert (descriptors(), threading.active_count()) == before
    assert set(me.children()) <= children
    assert list(tmp_path.iterdir()) == []


def test_the_child_ends_with_its_parent(bad: ModuleType, tmp_path: Path) -> None:
    folder = str(Path(bad.__file__ or "").parent)
    program = f"""
import sys
sys.path.insert(0, {folder!r})
import misbehaving
from tb_tflite_plugin.runtime import worker
worker.run(misbehaving.hang, {{}}, progress=lambda phase, *_: print(phase, flush=True))
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "waiting\n"
        grandchild = int(parent.stdout.readline().split()[-1])
        child = psutil.Process(grandchild).ppid()
        parent.kill()
    assert gone(child)
    assert gone(grandchild)


def test_works_beside_a_folder_of_the_same_name(bad: ModuleType, tmp_path: Path) -> None:
    """The child imports what its parent has imported, wherever the parent went since."""
    (tmp_path / "tb_tflite_plugin").mkdir()
    (tmp_path / "tb_tflite_plugin" / "__init__.py").write_text("raise SystemExit('the wrong package')")
    folder = str(Path(bad.__file__ or "").parent)
    program = f"""
import os, sys
sys.path.append({folder!r})
import misbehaving
from tb_tflite_plugin.runtime import worker
os.chdir({str(tmp_path)!r})
sys.path.remove("")
print(worker.run(misbehaving.echo, {{"x": 1}}))
"""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, timeout=60)
    assert result.stdout == "{'x': 1}\n", result.stderr


def descriptors() -> int:
    gc.collect()
    return psutil.Process().num_fds()


def gone(pid: int) -> bool:
    """Whether a process ends within some seconds; one that nobody waits for may be a zombie."""
    for _ in range(100):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.1)
    return False
