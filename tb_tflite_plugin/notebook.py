"""``%tflite_viz``: the viewer in a notebook cell."""

from __future__ import annotations

import argparse
import html
import json
import os
import shlex
from typing import Any

from .analysis.errors import ModelError
from .errors import UsageError
from .library import Library, key_of
from .scan import Root
from .server import NotebookServer

_HEIGHT = 640
_server: NotebookServer | None = None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise UsageError(f"%tflite_viz: {message}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="%tflite_viz", description="Show a model, or the models below a directory.")
    parser.add_argument("target", metavar="MODEL_OR_LOGDIR")
    parser.add_argument("--height", type=int, default=_HEIGHT, help="height of the cell in pixels")
    parser.add_argument(
        "--static", action="store_true", help="put the model into the notebook itself: a saved notebook still shows it"
    )
    return parser


def register(shell: Any) -> None:
    """Adds the magic to an IPython shell."""

    def tflite_viz(line: str) -> None:
        """Show a model: %tflite_viz MODEL_OR_LOGDIR [--height N] [--static]."""
        from IPython.core.error import UsageError as IPythonUsageError

        try:
            _show(line)
        except (UsageError, ModelError) as error:
            raise IPythonUsageError(str(error)) from None
        except SystemExit:  # --help has printed what it had to
            return

    shell.register_magic_function(tflite_viz, magic_kind="line", magic_name="tflite_viz")


def _show(line: str) -> None:
    from IPython.display import HTML, display

    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%tflite_viz: {error}") from None
    arguments = _parser().parse_args(words)
    target = os.path.expanduser(arguments.target)
    if arguments.static:
        from .analysis.containers import open_model
        from .static_report import static_report

        display(HTML(static_frame(static_report(open_model(target)), arguments.height)))
        return
    server, fragment = _serve(target)
    proxy_url = os.environ.get("TFLITE_VIZ_PROXY_URL", "")
    display(
        HTML(frame(server.port, server.prefix, fragment, arguments.height, in_colab=_in_colab(), proxy_url=proxy_url))
    )


def _serve(target: str) -> tuple[NotebookServer, str]:
    """The kernel's one server, with the target among what it shows, and the fragment that opens it."""
    global _server
    from .commands._models import roots_and_fragment

    roots, fragment = roots_and_fragment([target])
    if _server is None:
        _server = NotebookServer(Library([]))
    for root in roots:
        _server.library.add(root)
    return _server, fragment or _fragment_of(roots[0])


def _fragment_of(root: Root) -> str:
    """Opens the first model below a root that was just added, rather than the first that the server knows."""
    from .scan import scan

    found = scan([root], follow_links=False).models
    readable = [model for model in found if model.error is None]
    return f"#model={key_of(readable[0])}" if readable else ""


def frame(port: int, prefix: str, fragment: str, height: int, *, in_colab: bool = False, proxy_url: str = "") -> str:
    """The HTML of a cell that shows a server's page.

    A browser reaches the kernel's machine in one of three ways: on the same machine, through a proxy that maps
    ``…/proxy/PORT/`` below the notebook server's own address, or by asking Colab for an address. The script picks one.

    Args:
        port: where the server listens on the kernel's machine.
        prefix: the secret first part of its paths, ``/…``.
        fragment: what to open, ``#…`` or nothing.
        height: of the frame, in pixels.
        in_colab: whether this is a Colab kernel.
        proxy_url: an address to use instead, with %PORT% for the port.
    """
    name = f"tflite-viz-{port}-{abs(hash((fragment, height))) % 10**8}"
    path = f"{prefix}/{fragment}"
    if in_colab:
        script = f"""
            google.colab.kernel.proxyPort({port}, {{cache: true}}).then((url) => {{
              frame.src = new URL({_script_text(path)}, url).toString();
            }});"""
    else:
        script = f"""
            const base = document.body.dataset.baseUrl
              || JSON.parse(document.getElementById("jupyter-config-data")?.textContent || "{{}}").baseUrl || "/";
            const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
            const server = {_script_text(proxy_url.replace("%PORT%", str(port)).rstrip("/"))}
              || (isLocal ? `http://${{location.hostname}}:{port}`
                : new URL(`${{base}}proxy/{port}`, location.href).href);
            frame.src = server + {_script_text(path)};"""
    return f"""
        <iframe id="{name}" title="tflite-viz" width="100%" height="{int(height)}"
                style="border: 1px solid #8884"></iframe>
        <script>
          (() => {{
            const frame = document.getElementById("{name}");{script}
          }})();
        </script>
    """


def static_frame(report: str, height: int) -> str:
    """The HTML of a cell that carries a whole report: no server, no network, and scripts confined to the frame."""
    escaped = html.escape(report, quote=True)
    # IPython warns of HTML that starts with an iframe.
    return (
        f'\n<iframe title="tflite-viz" sandbox="allow-scripts allow-downloads" width="100%" height="{int(height)}" '
        f'style="border: 1px solid #8884" srcdoc="{escaped}"></iframe>'
    )


def _script_text(text: str) -> str:
    """A string in a script: ``</script>`` in it must not end the element."""
    return json.dumps(text).replace("<", "\\u003c")


def _in_colab() -> bool:
    from importlib.util import find_spec

    try:
        return find_spec("google.colab") is not None
    except ModuleNotFoundError:
        return False
