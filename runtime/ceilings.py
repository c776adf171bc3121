"""What this machine can do at best, measured: multiplications of large matrices, and copies of a large array.

An operator near one of the two ceilings of a roofline plot cannot be made faster by a better kernel. They are what
numpy and its BLAS reach, in a child process of their own, with the threads that the profile had; they are no maker's
figures.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from . import worker
from .errors import RuntimeCrash
from .worker import Limits, Progress

_SIZE = 1024  # of the matrices: 4 MiB each, so that BLAS reaches its full rate
_COPIED_BYTES = 64 << 20  # per thread, more than most caches hold
_SECONDS = 0.5  # for each of the two
_FEWEST = 5
_LIMITS = Limits(seconds=60)
# Every BLAS that numpy is built with reads one of these before its threads start.
_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True)
class Ceilings:
    """The two ceilings of a roofline.

    Attributes:
        flop_per_s: of float32 matrix multiplication, a multiplication and an addition counted as two.
        bytes_per_s: of a copy, what is read and what is written counted, as the program sees them.
        threads: that both used.
        how: how they were measured, for people.
    """

    flop_per_s: float
    bytes_per_s: float
    threads: int
    how: str

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def measure(threads: int, *, progress: Progress | None = None, cancel: threading.Event | None = None) -> Ceilings:
    """The ceilings of this machine with so many threads.

    Raises:
        RuntimeFailure: when they cannot be measured.
    """
    environment = dict.fromkeys(_THREADS, str(threads))
    found = worker.run(
        work, {"threads": threads}, limits=_LIMITS, progress=progress, cancel=cancel, environment=environment
    )
    try:
        flops, rate = float(found["flop_per_s"]), float(found["bytes_per_s"])
        how = str(found["how"])[:500]
    except (KeyError, TypeError, ValueError) as error:
        raise RuntimeCrash(f"unreadable ceilings from the child process: {error}") from None
    if not (math.isfinite(flops) and math.isfinite(rate) and flops > 0 and rate > 0):
        raise RuntimeCrash("the child process measured no ceilings")
    return Ceilings(flops, rate, threads, how)


def work(progress: Progress, threads: int) -> dict[str, Any]:
    """In the child process: both rates and how they were found."""
    progress("multiplication of large matrices", 0, 0)
    a = np.random.default_rng(0).random((_SIZE, _SIZE), np.float32)
    product = np.empty_like(a)
    seconds = _best(lambda: np.matmul(a, a, out=product))
    progress("copies of a large array", 0, 0)
    copy_seconds = _best(_copier(threads))
    return {
        "flop_per_s": 2 * _SIZE**3 / seconds,
        "bytes_per_s": 2 * threads * _COPIED_BYTES / copy_seconds,
        "how": (
            f"best of repeated runs of numpy {np.__version__} with {_blas()}: float32 product of {_SIZE}×{_SIZE} "
            f"matrices; copy of {_COPIED_BYTES >> 20} MiB per thread; {threads} thread{'' if threads == 1 else 's'}"
        ),
    }


def _best(run: Callable[[], Any]) -> float:
    """The least time in seconds: whatever else the machine does only adds to it."""
    times: list[float] = []
    end = time.monotonic() + _SECONDS
    while len(times) < _FEWEST or time.monotonic() < end:
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return min(times)


def _copier(threads: int) -> Callable[[], None]:
    """Copies one array per thread; numpy does not hold the interpreter's lock meanwhile."""
    arrays = [np.ones((2, _COPIED_BYTES // 8), np.float64) for _ in range(threads)]

    def copy(array: np.ndarray[Any, Any]) -> None:
        np.copyto(array[1], array[0])

    def run() -> None:
        others = [threading.Thread(target=copy, args=(array,)) for array in arrays[1:]]
        for thread in others:
            thread.start()
        copy(arrays[0])
        for thread in others:
            thread.join()

    return run


def _blas() -> str:
    """The BLAS that numpy was built with."""
    try:
        found: Any = np.show_config(mode="dicts")
        blas = found["Build Dependencies"]["blas"]
        return f"{blas['name']} {blas['version']}"
    except (TypeError, KeyError):  # numpy before 1.26
        return "its BLAS"
