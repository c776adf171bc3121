"""See inside TensorFlow Lite models: in TensorBoard, on the command line, in notebooks.

Importing this package imports nothing else: TensorBoard does it at every start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analysis.containers import open_model
    from .analysis.errors import ModelError
    from .analysis.model import Model
    from .profiling import profile

__all__ = ["Model", "ModelError", "load_ipython_extension", "open_model", "profile"]


def __getattr__(name: str) -> Any:
    if name == "open_model":
        from .analysis.containers import open_model

        return open_model
    if name == "ModelError":
        from .analysis.errors import ModelError

        return ModelError
    if name == "Model":
        from .analysis.model import Model

        return Model
    if name == "profile":
        from .profiling import profile

        return profile
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """Registers ``%tflite_viz`` (``%load_ext tb_tflite_plugin``)."""
    from .notebook import register

    register(shell)
