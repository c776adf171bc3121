"""TensorBoard's entry point.

An ImportError in this module would end the whole TensorBoard process, so it imports nothing but TensorBoard's own base
classes; the rest is imported when TensorBoard asks for the plugin, and a failure then costs this tab only.
"""

from __future__ import annotations

import argparse
import contextlib

from tensorboard.plugins import base_plugin


class TFLiteLoader(base_plugin.TBLoader):  # type: ignore[misc]
    """Makes the plugin when TensorBoard wants it."""

    def define_flags(self, parser: argparse.ArgumentParser) -> None:
        """Adds this plugin's flags; a second copy of the plugin must not make TensorBoard fail on them."""
        group = parser.add_argument_group("TFLite plugin")
        with contextlib.suppress(argparse.ArgumentError):
            group.add_argument(
                "--tflite_follow_links",
                action="store_true",
                help="show models behind symbolic links that lead out of the log directory",
            )
            group.add_argument(
                "--tflite_allow_run",
                action="store_true",
                help="let everybody who can reach this server run the models that it shows",
            )

    def load(self, context: base_plugin.TBContext) -> base_plugin.TBPlugin | None:
        """The plugin for ``context``."""
        from .plugin import TFLitePlugin

        return TFLitePlugin(context)
