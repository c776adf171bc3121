"""The demonstration: logs the models that come with the package, measures them here, and starts TensorBoard on them."""

from __future__ import annotations

import argparse
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from importlib import resources

from .analysis.containers import open_model
from .analysis.model import Model
from .runtime.errors import RuntimeFailure
from .runtime.profiler import Settings, profile
from .summary import log_model, log_profile

# Run, tag, step, model, and the kernels that it is profiled with.
_RUNS = (
    ("float", "mobilenet", 100, "mnet_float32.tflite", ("builtin", "xnnpack")),
    ("int8", "mobilenet", 100, "mnet_int8.tflite", ("xnnpack",)),
    ("sequence", "gru", 0, "gru_while.tflite", ("xnnpack",)),
)
_SECONDS = 1.0  # of timed inferences
_PATIENCE_S = 60


def main() -> int:
    """Fills the log directory, starts TensorBoard, prints the link, and waits for Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logdir", default="demo-logdir")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    arguments = parser.parse_args()
    first, lens = "", ""
    for run, tag, step, name, kernels in _RUNS:
        data = resources.files(__package__).joinpath("demo_models", name).read_bytes()
        log_model(f"{arguments.logdir}/{run}", data, tag=tag, step=step)
        model = open_model(data)
        measured = _profile(model, name, kernels, f"{arguments.logdir}/{run}", tag, step)
        if not first:
            first, lens = model.sha256, "&p.tflite.lens=profile.self_us" if measured else ""
    port = arguments.port or _free_port()
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", arguments.logdir, "--port", str(port)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # A file, not a pipe: nobody reads it while TensorBoard runs, and a full pipe would stop it.
    with tempfile.TemporaryFile("w+") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:  # noqa: S603
        try:
            if not _answers(server, port):
                log.seek(0)
                print(log.read() or "TensorBoard does not answer", file=sys.stderr)
                return 1
            print(f"\nhttp://localhost:{port}/#tflite&p.tflite.model={first}{lens}\n\nCtrl-C stops.", flush=True)
            return server.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            server.terminate()


def _profile(model: Model, name: str, kernels: tuple[str, ...], logdir: str, tag: str, step: int) -> bool:
    """Measures a model and logs what came out; says why where nothing did."""
    try:
        for chosen in kernels:
            print(f"profiling {name} with {chosen} …", file=sys.stderr)
            log_profile(logdir, profile(model, Settings(kernels=chosen, seconds=_SECONDS)), tag=tag, step=step)
    except RuntimeFailure as error:
        print(f"no profile of {name}: {error}", file=sys.stderr)
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _answers(server: subprocess.Popen[bytes], port: int) -> bool:
    """Whether TensorBoard comes up."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
