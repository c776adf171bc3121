"""What the tests of the reader share: models made by hand, files laid out byte by byte, and child processes."""

from __future__ import annotations

import functools
import importlib.util
import re
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis import details, options, reports
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.delegates.nodes import View
from tb_tflite_plugin.analysis.delegates.rules import Rules
from tb_tflite_plugin.analysis.errors import ModelError
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.analysis.operands import numbered
from tb_tflite_plugin.analysis.quantization.modes import is_type


class Handmade:
    """A model put together from the generated object API, tensor by tensor and operator by operator."""

    def __init__(self) -> None:
        self.model = tfl.ModelT(version=3, operatorCodes=[], subgraphs=[], buffers=[tfl.BufferT()])

    def subgraph(self, name: str | bytes = "main") -> int:
        """A new, empty subgraph; what is added from now on goes into it."""
        self.model.subgraphs.append(tfl.SubGraphT(name=name, tensors=[], operators=[], inputs=[], outputs=[]))
        return len(self.model.subgraphs) - 1

    @property
    def graph(self) -> Any:
        """The subgraph that is being added to."""
        if not self.model.subgraphs:
            self.subgraph()
        return self.model.subgraphs[-1]

    def buffer(self, data: bytes = b"", **fields: Any) -> int:
        """A buffer; its number."""
        content = np.frombuffer(data, np.uint8) if data else None
        self.model.buffers.append(tfl.BufferT(data=content, **fields))
        return len(self.model.buffers) - 1

    def tensor(self, shape: list[int] | None = None, kind: str = "FLOAT32", data: bytes = b"", **fields: Any) -> int:
        """A tensor of the subgraph, constant when there is ``data``; its number there."""
        fields = {"name": f"t{len(self.graph.tensors)}", **fields}
        if data:
            fields["buffer"] = self.buffer(data)
        self.graph.tensors.append(tfl.TensorT(shape=shape, type=getattr(tfl.TensorType, kind), **fields))
        return len(self.graph.tensors) - 1

    def op(self, name: str, inputs: list[int], outputs: list[int], options: Any = None, **fields: Any) -> int:
        """An operator: a builtin by name, any other name is a custom code. ``options`` is an object of the API."""
        value = getattr(tfl.BuiltinOperator, name, None)
        code = tfl.OperatorCodeT(version=1)
        if value is None:
            code.customCode, value = name, tfl.BuiltinOperator.CUSTOM
        code.builtinCode, code.deprecatedBuiltinCode = value, min(value, 127)
        self.model.operatorCodes.append(code)
        member = type(options).__name__.removesuffix("T")
        if hasattr(tfl.BuiltinOptions, member):
            fields |= {"builtinOptions": options, "builtinOptionsType": getattr(tfl.BuiltinOptions, member)}
        elif options is not None:
            fields |= {"builtinOptions2": options, "builtinOptions2Type": getattr(tfl.BuiltinOptions2, member)}
        if "customOptions" in fields:
            fields["customOptions"] = np.frombuffer(fields["customOptions"], np.uint8)
        row = len(self.model.operatorCodes) - 1
        self.graph.operators.append(tfl.OperatorT(opcodeIndex=row, inputs=inputs, outputs=outputs, **fields))
        return len(self.graph.operators) - 1

    def pack(self) -> bytes:
        """The file."""
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def open(self) -> Model:
        """The file as the reader sees it."""
        return open_model(self.pack())


class Raw:
    """A FlatBuffer laid out part by part, honest or not: parts may be shared, and offsets lead anywhere."""

    def __init__(self) -> None:
        self.data = bytearray(b"\0\0\0\0TFL3")

    def table(self, fields: dict[int, bytes | None]) -> tuple[int, dict[int, int]]:
        """A table with the given slots: bytes are stored as they are, None is an offset to be set by :meth:`point`.

        Returns:
            Its position, and the position of every field.
        """
        self._align()
        places, size = {}, 4
        for slot, value in sorted(fields.items()):
            width = 4 if value is None else len(value)
            size += -size % width
            places[slot] = size
            size += width
        vtable = len(self.data)
        slots = [places.get(slot, 0) for slot in range(max(fields, default=-1) + 1)]
        self.data += struct.pack(f"<{2 + len(slots)}H", 4 + 2 * len(slots), size, *slots)
        self._align()
        position = len(self.data)
        self.data += struct.pack("<i", position - vtable) + bytes(size - 4)
        for slot, value in fields.items():
            if value is not None:
                at = position + places[slot]
                self.data[at : at + len(value)] = value
        return position, {slot: position + place for slot, place in places.items()}

    def vector(self, content: bytes = b"", count: int | None = None) -> int:
        """A vector; ``count`` is what it says of itself, the number of bytes when not given."""
        self._align()
        position = len(self.data)
        self.data += struct.pack("<I", len(content) if count is None else count) + content
        return position

    def tables(self, count: int) -> int:
        """A vector of ``count`` offsets, to be set by :meth:`point_all`."""
        return self.vector(bytes(4 * count), count)

    def point(self, place: int, target: int) -> None:
        """Makes the offset at ``place`` lead to ``target``."""
        struct.pack_into("<I", self.data, place, target - place)

    def point_all(self, vector: int, target: int) -> None:
        """Makes all offsets of a vector lead to ``target``."""
        (count,) = struct.unpack_from("<I", self.data, vector)
        places = vector + 4 + 4 * np.arange(count, dtype=np.int64)
        self.data[vector + 4 : vector + 4 + 4 * count] = (target - places).astype("<u4").tobytes()

    def model(self, counts: dict[str, int] | None = None, **fields: dict[int, bytes | None]) -> dict[str, int]:
        """A model in which all operators are one and the same table, and so are all tensors, buffers and the others.

        Args:
            counts: how many there are of ``code``, ``graph``, ``buffer``, ``tensor`` and ``operator``; one by default.
            fields: their slots, as for :meth:`table`.

        Returns:
            Where their offsets stand, ``operator.1`` for slot 1 of the operator, to be set by :meth:`point`.
        """
        counts = counts or {}
        root, places_of_root = self.table({1: None, 2: None, 4: None})
        struct.pack_into("<I", self.data, 0, root)
        places = {f"root.{slot}": place for slot, place in places_of_root.items()}
        fields = {"code": {}, "graph": {}, "buffer": {}, "tensor": {}, "operator": {}, **fields}
        fields["graph"] |= {0: None, 3: None}
        owners = {"code": "root.1", "graph": "root.2", "buffer": "root.4", "tensor": "graph.0", "operator": "graph.3"}
        for kind, owner in owners.items():
            vector = self.tables(counts.get(kind, 1))
            self.point(places[owner], vector)
            table, places_of_table = self.table(fields[kind])
            self.point_all(vector, table)
            places |= {f"{kind}.{slot}": place for slot, place in places_of_table.items()}
        return places

    def _align(self) -> None:
        self.data += bytes(-len(self.data) % 8)


def read_everything(model: Model) -> list[ModelError]:
    """Reads all there is to read of a model, and returns the errors."""
    operators = np.arange(min(len(model.operators), 64))
    tensors = np.unique(np.linspace(0, len(model.tensors) - 1, 12).astype(int)) if len(model.tensors) else []
    parts: list[Callable[[], object]] = [
        lambda: (model.description, model.signatures, model.metadata, model.external_buffers),
        lambda: (model.tensors.shape_signature, model.tensors.is_variable, model.tensors.has_rank),
        lambda: (model.tensors.dtypes, model.tensors.nbytes, model.tensors.name.tolist()),
        lambda: model.subgraphs.names.tolist(),
        lambda: (model.operators.intermediates, model.producer, model.consumers, model.layer_names),
        lambda: (model.quantization.range, model.quantization.details),
        lambda: model.constant_bytes,
        lambda: model.findings,
        lambda: [model.buffer_data(buffer) for buffer in range(len(model.buffers))],
        *(lambda name=name: reports.analyse(model, name).to_json({}) for name in reports.NAMES),
        lambda: options.control_flow(model),
        lambda: options.option_column(model, "fused_activation_function"),
        lambda: details.operator_details(model, operators),
        *(functools.partial(details.tensor_details, model, int(tensor)) for tensor in tensors),
    ]
    errors = []
    for part in parts:
        try:
            part()
        except ModelError as error:
            errors.append(error)
    return errors


def run_child(code: str, *arguments: object) -> str:
    """Runs Python in a process of its own, which has to end well and within a minute; what it printed."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    elsewhere = Path(__file__).parent  # in the root of the repository, its folders would hide the installed package
    result = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, f"exit status {result.returncode}: {result.stderr[-2000:]}"
    return result.stdout


@pytest.fixture
def handmade() -> Handmade:
    """A model to be put together."""
    return Handmade()


@pytest.fixture
def dense_model(handmade: Handmade) -> Handmade:
    """FULLY_CONNECTED with filter and bias, then RESHAPE, whose shape is a constant too."""
    scale = tfl.QuantizationParametersT(scale=[0.5], zeroPoint=[0])
    handmade.tensor([1, 4], name="in")
    handmade.tensor([3, 4], "INT8", data=bytes(12), name="filter")
    handmade.tensor([3], "INT32", data=bytes(12), name="bias", quantization=scale)
    handmade.tensor([1, 3], name="out")
    handmade.tensor([2], "INT32", data=bytes(8), name="shape")
    handmade.tensor([3, 1], name="reshaped")
    handmade.op("FULLY_CONNECTED", [0, 1, 2], [3])
    handmade.op("RESHAPE", [3, 4], [5])
    handmade.graph.inputs, handmade.graph.outputs = [0], [5]
    return handmade


@pytest.fixture
def raw() -> Raw:
    """A FlatBuffer to be laid out."""
    return Raw()


@pytest.fixture(name="read_everything")
def _read_everything() -> Callable[[Model], list[ModelError]]:
    return read_everything


@pytest.fixture
def error_of() -> Callable[[Callable[[], object]], ModelError | None]:
    """The ModelError that a function raises, None when it raises nothing; any other error is not caught."""

    def call(function: Callable[[], object]) -> ModelError | None:
        try:
            function()
        except ModelError as error:
            return error
        return None

    return call


@pytest.fixture
def child() -> Callable[..., str]:
    """Runs Python in a process of its own: ``child(code, *arguments)`` returns what it printed."""
    return run_child


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes bytes into a file of the given name and returns its path."""

    def write_file(data: bytes, name: str = "model.tflite") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write_file


# Calls the reference kernels with inputs of zeros, and keeps tensors of the first subgraph.
KEEP = """
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
interpreter = Interpreter(
    sys.argv[1],
    experimental_preserve_all_tensors=True,
    experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
)
interpreter.allocate_tensors()
for detail in interpreter.get_input_details():
    interpreter.set_tensor(detail["index"], np.zeros(detail["shape"], detail["dtype"]))
interpreter.invoke()
np.savez(sys.argv[2], *[interpreter.get_tensor(int(index)) for index in sys.argv[3:]])
"""


@pytest.fixture
def unpacked(tmp_path: Path) -> Callable[[Model, Path, str], dict[int, np.ndarray]]:
    """What LiteRT makes of constants by operators of a type, DENSIFY or DEQUANTIZE: arrays by the constant's id."""

    def run(model: Model, path: Path, kind: str) -> dict[int, np.ndarray]:
        operators = np.flatnonzero(is_type(model, kind))
        sources = numbered(model.operators.inputs, operators, 0)
        outputs = model.tensors.index[numbered(model.operators.outputs, operators, 0)]
        run_child(KEEP, path, tmp_path / "kept.npz", *outputs.tolist())
        with np.load(tmp_path / "kept.npz") as kept:
            found = dict(zip(sources.tolist(), kept.values(), strict=True))
        assert found
        return found

    return run


# Runs in a process of its own: the runtime ends the process on some models. It prints to stderr.
MICRO = """
import sys
from tflite_micro.python.tflite_micro import runtime
runtime.Interpreter.from_file(sys.argv[1], arena_size=1 << 26).print_allocations()
"""


@functools.cache
def micro_allocation(path: Path) -> tuple[int | None, str]:
    """What TensorFlow Lite Micro gives the head of its arena, in bytes, and all that it prints. None if it refuses."""
    result = subprocess.run(
        [sys.executable, "-c", MICRO, path], capture_output=True, text=True, timeout=60, check=False
    )
    text = result.stdout + result.stderr
    found = re.search(r"Arena allocation head (\d+) bytes", text)
    return (int(found[1]) if found else None), text or f"status {result.returncode}"


@pytest.fixture
def micro() -> Callable[[Path], tuple[int | None, str]]:
    """``micro_allocation``, where the package has a wheel."""
    if importlib.util.find_spec("tflite_micro") is None:
        pytest.skip("tflite-micro has no wheel for this platform")
    return micro_allocation


# What is passed on to conditions from the options, and does not make them others.
_PASSED_ON = ("level", "flags")


def _called(condition: Callable[..., Any]) -> str:
    """A name for a condition: equal for those that ask the same."""
    inner = zip(condition.__code__.co_freevars, condition.__closure__ or (), strict=True)
    shown = [
        f"{name}={_called(cell.cell_contents) if callable(cell.cell_contents) else repr(cell.cell_contents)}"
        for name, cell in inner
        if name not in _PASSED_ON
    ]
    return f"{condition.__qualname__.split('.')[0]}({', '.join(shown)})"


def untried_conditions(tables: Iterable[Rules], tried: Iterable[tuple[Model, Rules, str]]) -> set[str]:
    """Conditions that no case fails, or none meets.

    Args:
        tables: conditions by operator type.
        tried: cases: a model, of which the last operator counts; the conditions that it is tried with; and the reason
            that the case expects, empty where it is taken. A condition has failed where it gives this reason.
    """
    wanted = {_called(condition) for table in tables for conditions in table.values() for condition in conditions}
    failed, met = set(), set()
    for model, table, reason in tried:
        node = View(model).nodes(0)[-1]
        for condition in table.get(node.op, ()):
            found = condition(node)
            if found is None:
                met.add(_called(condition))
            elif reason and reason in f"{found} {found.hint}":
                failed.add(_called(condition))
    return {f"never fails: {name}" for name in wanted - failed} | {f"never holds: {name}" for name in wanted - met}


@pytest.fixture
def untried() -> Callable[..., set[str]]:
    """``untried_conditions``: what tests of rules leave out."""
    return untried_conditions
