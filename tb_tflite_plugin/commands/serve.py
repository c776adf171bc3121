"""``tflite-viz serve``: the viewer in the browser, without TensorBoard."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    paths: Annotated[list[str], typer.Argument(help="Models, containers, or directories to look for models in.")],
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.")] = 0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Another name under which browsers may reach this server.")
    ] = None,
    allow_run: Annotated[
        bool, typer.Option("--allow-run", help="Let everybody who can reach this server run the models.")
    ] = False,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
) -> None:
    """Open models in the browser.

    `serve` may be left out: tflite-viz model.tflite. Stops with Ctrl-C.
    """
    import sys
    import webbrowser

    from ..errors import UsageError
    from ..library import Library
    from ..server import make_local_server
    from ._models import roots_and_fragment

    roots, fragment = roots_and_fragment(paths)
    try:
        server = make_local_server(Library(roots, interval=5.0), host, port, allow_host or [], allow_run=allow_run)
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    everywhere = host in ("0.0.0.0", "::")  # noqa: S104
    shown = "localhost" if everywhere or host in ("127.0.0.1", "::1") else host
    url = f"http://{shown}:{server.port}/{fragment}"
    print(f"{url}  (Ctrl-C stops)", flush=True)
    if everywhere:
        print("This server can be reached from other machines.", file=sys.stderr)
    if open_browser:
        webbrowser.open(url)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        server.server_close()
