"""Which kernels each operator runs when nothing is fused: a child process of ``profiling.py``.

The runtime can keep every delegated operator in a partition of its own, but not where its profiler can be reached. So
the delegate is taken out of one compiled model and applied to another by hand: its request to replace all its operators
at once is passed on as one request for each.
"""

from __future__ import annotations

import contextlib
import ctypes as c
from typing import Any

import numpy as np
from tb_tflite_plugin.runtime import gpu, litert, tflite_c
from tb_tflite_plugin.runtime.events import Table, split
from tb_tflite_plugin.runtime.measure import _Runner
from tb_tflite_plugin.runtime.worker import Progress

_Replace = c.CFUNCTYPE(c.c_int, c.c_void_p, tflite_c._Registration, c.c_void_p, c.c_void_p)
# In TfLiteContext right behind what tflite_c.py declares of it.
_REPLACE_AT = c.sizeof(tflite_c._Context)


class _Finder:
    """A delegate that looks for the one that was applied before it."""

    def __init__(self) -> None:
        self.found: int | None = None
        self._delegate = tflite_c._Delegate(prepare=tflite_c._Prepare(self._prepare), flags=1)
        self.address = c.addressof(self._delegate)

    def _prepare(self, context: Any, _delegate: Any) -> int:
        for index in tflite_c._list(_plan(context)):
            node, registration = c.POINTER(tflite_c._Node)(), c.POINTER(tflite_c._Registration)()
            context.contents.get_node_and_registration(context, index, c.byref(node), c.byref(registration))
            self.found = self.found or node.contents.delegate
        return 0


class _OneByOne:
    """A delegate that has another one take its operators in groups that are given."""

    def __init__(self, other: int, groups: dict[int, list[list[int]]]) -> None:
        self._other, self._groups, self._subgraph = other, groups, -1
        self._kept: list[Any] = []
        self._delegate = tflite_c._Delegate(prepare=tflite_c._Prepare(self._prepare), flags=1)
        self.address = c.addressof(self._delegate)

    def _prepare(self, context: Any, _delegate: Any) -> int:
        self._subgraph += 1
        place = c.c_void_p.from_address(c.addressof(context.contents) + _REPLACE_AT)
        original = _Replace(place.value)
        status = 0

        def replace(inner: int, registration: Any, _nodes: int, delegate: int) -> int:
            for group in self._groups.get(self._subgraph, []):
                numbers = (c.c_int * (len(group) + 1))(len(group), *group)
                self._kept.append(numbers)
                status = original(inner, registration, c.addressof(numbers), delegate)
                if status:
                    return int(status)
            return 0

        hook = _Replace(replace)
        self._kept.append(hook)
        before, place.value = place.value, c.cast(hook, c.c_void_p).value
        prepare = tflite_c._Delegate.from_address(self._other).prepare
        status = prepare(context, self._other)
        place.value = before
        return int(status)


def _plan(context: Any) -> Any:
    plan = tflite_c._Ints()
    context.contents.get_execution_plan(context, c.byref(plan))
    return plan


def measure(
    progress: Progress,
    path: str,
    signature: str | None,
    values: dict[str, Any],
    links: list[tuple[int, int, list[int]]],
    groups: dict[str, list[list[int]]],
) -> list[list[Any]]:
    """Child function: runs a model with one partition for each group of operators.

    Args:
        progress: told what is being done.
        path: the model.
        signature: its entry point.
        values: inputs by name.
        links: the operators that run subgraphs, see :class:`.events.Table`.
        groups: by subgraph, nodes that are delegated together.

    Returns:
        Subgraph and tags of each partition's kernels, in the order of execution.
    """
    with contextlib.ExitStack() as stack:
        progress("compilation as usual", 0, 0)
        environment, finder = stack.enter_context(litert.Environment()), _Finder()
        kept = [finder, gpu.register_spy(environment, finder)]  # type: ignore[arg-type]
        model = stack.enter_context(litert.Model(environment, path))
        usual = _Runner(environment, model, signature, values)
        usual.compile(stack, litert.Options())
        assert finder.found is not None
        progress("compilation one by one", 0, 0)
        other = stack.enter_context(litert.Environment())
        one = _OneByOne(finder.found, {int(graph): lists for graph, lists in groups.items()})
        kept += [one, gpu.register_spy(other, one)]  # type: ignore[arg-type]
        runner = _Runner(other, stack.enter_context(litert.Model(other, path)), signature, values)
        runner.compile(stack, litert.Options("builtin", profiling=True))
        runner.fill(stack)
        progress("inference", 0, 0)
        runner.run()
        profiler, table = runner.compiled.profiler(), Table(links)
        profiler.start()
        runner.run()
        table.add(split(profiler.stop(), 1)[0])
        events, tags = table.events(), table.events().tag
        return [
            [partition.subgraph, [tags[row] for row in np.flatnonzero(events.partition == number).tolist()]]
            for number, partition in enumerate(table.partitions())
        ]
