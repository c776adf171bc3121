"""JSON of files that anybody may have written."""

from __future__ import annotations

import json
from typing import Any

from .errors import TraceError


def parse(data: bytes | str, name: str) -> Any:
    """The value in a file, whatever it is.

    Args:
        data: what is in the file.
        name: of the file, for what is raised.

    Raises:
        TraceError: with the place where it is not JSON.
    """
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        raise TraceError(name, f"not JSON: {error.msg}", f"line {error.lineno}, column {error.colno}") from None
    except UnicodeDecodeError as error:
        raise TraceError(name, "not text in UTF-8", f"byte {error.start}") from None
    except (RecursionError, ValueError):  # a number of too many digits
        raise TraceError(name, "JSON beyond what is read: too deep, or a number too long") from None
