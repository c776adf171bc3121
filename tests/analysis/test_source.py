"""Files that are mapped: what cannot be, what happens when they change, and what is read of them."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.errors import ModelError
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.analysis.source import Source

needs_proc = pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="reads Linux's /proc")
needs_posix = pytest.mark.skipif(os.name != "posix", reason="POSIX only")


def reason(path: object) -> str:
    with pytest.raises(ModelError) as caught:
        open_model(path)  # type: ignore[arg-type]
    assert caught.value.file == str(path)
    assert (caught.value.offset, caught.value.table) == (None, None)
    assert str(caught.value) == f"{path}: {caught.value.reason}"
    return caught.value.reason


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    assert reason(tmp_path / "none.tflite") == "No such file or directory"
    assert reason(tmp_path / "none" / "none.tflite") == "No such file or directory"


def test_a_directory_is_an_error_and_leaves_no_descriptor_open(tmp_path: Path) -> None:
    before = len(list(Path("/dev/fd").iterdir())) if Path("/dev/fd").exists() else 0
    for _ in range(20):
        assert reason(tmp_path) == "is a directory, not a model"
    assert before == 0 or len(list(Path("/dev/fd").iterdir())) <= before + 1


def test_an_empty_file_is_an_error(write: Callable[..., Path]) -> None:
    assert reason(write(b"")) == "the file is empty"


@needs_posix
def test_a_pipe_is_an_error_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert reason(tmp_path / "pipe") == "not a regular file"


@needs_posix
def test_devices_and_sockets_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reason("/dev/zero") == "not a regular file"
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert reason("socket")


def test_a_path_with_a_nul_byte_is_an_error() -> None:
    assert "null" in reason("model\0.tflite")


def test_a_path_that_is_too_long_is_an_error() -> None:
    assert reason("m" * 5000) == "File name too long"
    assert reason("m!" * 5000) == "File name too long"


@needs_posix
def test_a_file_without_permission_is_an_error(child: Callable[..., str], models: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        path.write_bytes((models / "tiny_mlp.tflite").read_bytes())
        Path(folder).chmod(0o755)
        path.chmod(0)
        printed = child(
            """
            import os, sys
            from tb_tflite_plugin.analysis.containers import ModelError, open_model
            if os.getuid() == 0:
                os.setuid(65534)
            try:
                open_model(sys.argv[1])
            except ModelError as error:
                print(error)
            """,
            path,
        )
    assert printed == f"{path}: Permission denied\n"


def test_a_text_file_is_no_model(write: Callable[..., Path]) -> None:
    path = write(b"# Models\n\nThis is not one.\n", "readme.md")
    with pytest.raises(ModelError) as caught:
        open_model(path)
    assert caught.value.reason == "not a TensorFlow Lite model (no TFL3 at byte 4), nor a .task or .litertlm container"
    assert str(caught.value).startswith(f"{path}: byte 0: not a TensorFlow Lite model")


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0\0TFL", b"\0\0\0\0TFL2\0\0\0\0"])
def test_bytes_that_are_no_model_are_an_error(data: bytes) -> None:
    with pytest.raises(ModelError, match="model: byte 0: Model: not a TensorFlow Lite model"):
        open_model(data)


def test_the_hash_is_that_of_the_file_and_of_a_part_alone(write: Callable[..., Path]) -> None:
    data = bytes(range(256)) * 9000
    source = Source.open(write(data))
    assert source.sha256 == hashlib.sha256(data).hexdigest()
    part = source.part("inner", 1000, 2000)
    assert part.sha256 == hashlib.sha256(data[1000:3000]).hexdigest()
    assert part.name == f"{source.name}!inner"
    assert part.read(5, 10) == data[1005:1015]
    assert Source.from_bytes(data[:100]).sha256 == hashlib.sha256(data[:100]).hexdigest()


def test_errors_in_a_part_count_from_the_start_of_the_file(write: Callable[..., Path], models: Path) -> None:
    data = bytearray((models / "tiny_mlp.tflite").read_bytes())
    data[0:4] = b"\xf0\xff\xff\x7f"
    source = Source.open(write(bytes(1000) + data))
    with pytest.raises(ModelError) as caught:
        Model(source.part("inner", 1000, len(data)))
    assert caught.value.offset == 1000 + len(data)
    assert caught.value.file == f"{source.name}!inner"


@pytest.mark.parametrize("change", ["cut", "append", "rewrite"])
def test_a_file_changed_after_opening_is_an_error_and_ends_no_process(
    child: Callable[..., str], write: Callable[..., Path], models: Path, change: str
) -> None:
    """Looking at a page of a mapping that the file no longer has is a SIGBUS."""
    path = write((models / "mnet_pruned80_sparse_int8.tflite").read_bytes())
    printed = child(
        """
        import os, sys, time
        import numpy as np
        from tb_tflite_plugin.analysis import details, options, overview
        from tb_tflite_plugin.analysis.containers import ModelError, open_model
        path, change = sys.argv[1:]
        model = open_model(path)
        size = os.path.getsize(path)
        if change == "cut":
            os.truncate(path, 100)
        elif change == "append":
            os.truncate(path, size + 1)
        else:
            with open(path, "r+b") as file:
                file.write(b"----")
            os.utime(path, ns=(0, 1))
        reads = [
            lambda: model.buffer_data(3), lambda: model.sha256, lambda: model.description, lambda: model.signatures,
            lambda: model.metadata, lambda: model.external_buffers, lambda: model.quantization,
            lambda: model.tensors.shape_signature, lambda: model.tensors.is_variable, lambda: model.tensors.has_rank,
            lambda: model.operators.intermediates, lambda: model.findings, lambda: overview.inspect(model),
            lambda: options.read_options(model, np.arange(3)), lambda: options.option_column(model, "stride_w"),
            lambda: options.control_flow(model), lambda: details.operator_details(model, np.arange(3)),
            lambda: details.tensor_details(model, 0), lambda: overview.appended_files(model),
        ]
        for read in reads:
            try:
                read()
                print("read")
            except ModelError as error:
                print(error.reason)
        # What was read on opening is still there.
        model.operators.ops, model.tensors.name.tolist(), model.subgraphs.inputs.tolist(), model.producer
        """,
        path,
        change,
    )
    answers = printed.splitlines()
    assert len(answers) == 19
    assert set(answers) == {"the file was changed after it was opened; open it again"}


def test_a_file_that_is_replaced_stays_readable(write: Callable[..., Path], models: Path) -> None:
    path = write((models / "tiny_mlp.tflite").read_bytes())
    model = open_model(path)
    path.with_suffix(".new").write_bytes(b"something else")
    path.with_suffix(".new").replace(path)
    assert model.quantization.scale.tolist()
    assert model.sha256 == open_model(models / "tiny_mlp.tflite").sha256


@needs_proc
def test_opening_touches_no_page_of_the_weights(child: Callable[..., str], tmp_path: Path, models: Path) -> None:
    """The one buffer of 600 MB is a hole in the file, and stays one in memory."""
    printed = child(
        """
        import os, sys
        from pathlib import Path
        import flatbuffers
        from ai_edge_litert import schema_py_generated as tfl
        from tb_tflite_plugin.analysis import overview
        from tb_tflite_plugin.analysis.containers import open_model

        size = 600_000_000
        builder = flatbuffers.Builder(1024)
        data = builder.CreateByteVector(bytes(16))  # what is written first comes last in the file

        class Placed(tfl.BufferT):
            def Pack(self, builder):
                tfl.BufferStart(builder)
                tfl.BufferAddData(builder, data)
                return tfl.BufferEnd(builder)

        tensors = [tfl.TensorT(shape=[size], type=tfl.TensorType.INT8, buffer=1, name="weights")]
        graph = tfl.SubGraphT(tensors=tensors, operators=[tfl.OperatorT(inputs=[0], outputs=[0])])
        model = tfl.ModelT(
            version=3, subgraphs=[graph], operatorCodes=[tfl.OperatorCodeT()], buffers=[tfl.BufferT(), Placed()]
        )
        builder.Finish(model.Pack(builder), b"TFL3")
        content = bytearray(builder.Output())
        content[-20:-16] = size.to_bytes(4, "little")
        with open(sys.argv[1], "wb") as file:
            file.write(content)
            file.truncate(len(content) - 16 + size)

        model = open_model(sys.argv[1])
        report = overview.inspect(model)
        resident, inside = 0, False
        for line in Path("/proc/self/smaps").read_text().splitlines():
            if "-" in line.split()[0]:
                inside = line.endswith(sys.argv[1])
            elif inside and line.startswith("Rss:"):
                resident += int(line.split()[1]) * 1024
        print(report.summary["weight_bytes"], len(model.buffer_data(1)), resident)
        """,
        tmp_path / "large.tflite",
    )
    weight_bytes, length, resident = map(int, printed.split())
    assert weight_bytes == length == 600_000_000
    assert 0 < resident < 2_000_000
