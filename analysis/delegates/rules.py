"""What a delegate is to this package: conditions by operator type, and what it does with the operators that meet them.

A third party adds a delegate by an entry point of the group ``tb_tflite_plugin.delegates`` that names a
:class:`Delegate`; docs/delegates.md has an example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from .nodes import Node, View

Confidence = Literal["exact", "rules", "list"]
Partitioner = Literal["tflite", "runs", "islands", "data"]


@dataclass(frozen=True)
class Failure:
    """A condition that an operator does not meet.

    Attributes:
        operand: what of it: ``input 1``, ``output 0``, ``option beta``, ``operator``.
        found: what it is.
        needed: what it must be.
        hint: what one can do about it, empty where nothing follows.
    """

    operand: str
    found: str
    needed: str
    hint: str = ""

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.operand} is {self.found}; needed: {self.needed}"


# Looks at an operator; the failure, or None where the condition is met.
Condition = Callable[[Node], Failure | None]
Rules = Mapping[str, tuple[Condition, ...]]
# Every condition that an operator fails.
Judge = Callable[[Node], list[Failure]]


@dataclass(frozen=True)
class Claim:
    """What a delegate wants of one subgraph.

    Attributes:
        operators: global ids of those that it would take.
        failures: of each of the others, every condition that it does not meet.
        instead: tensors that what it takes reads in place of others, when it has taken it.
        needs: of operators that it would take, what a device must hold for them.
    """

    operators: set[int]
    failures: dict[int, list[Failure]]
    instead: Mapping[int, int] = field(default_factory=dict)
    needs: Mapping[int, str] = field(default_factory=dict)


Claimer = Callable[[View, int], Claim]


@dataclass(frozen=True)
class Delegate:
    """A delegate whose choice can be foretold.

    Attributes:
        name: as the command line has it.
        title: as people call it.
        confidence: ``exact``: compared with the real one on all test models; ``rules``: conditions read in its source;
            ``list``: a list of operator types only.
        source: where the rules come from: project, file, commit.
        claim: what it wants of a subgraph.
        partitioner: ``tflite``; ``runs``: stretches of operators in order, as LiteRT's plugins for NPUs have it;
            ``islands``: what is linked, as these plugins may have it; ``data``: as TFLite's, but operators with side
            effects need not keep their order.
        most_partitions: it takes only so many, the largest; 0 for all.
        least_operators: a partition of fewer is not taken.
        options: what it may be created with, and the defaults.
        with_options: what it wants of a subgraph when created with options; None where they change nothing of that.
        choices: of options that change what it wants, all values, neighbours side by side.
    """

    name: str
    title: str
    confidence: Confidence
    source: str
    claim: Claimer
    partitioner: Partitioner = "tflite"
    most_partitions: int = 0
    least_operators: int = 1
    options: Mapping[str, str] = field(default_factory=dict)
    with_options: Callable[[Mapping[str, str]], Claimer] | None = None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


# What failures say of shapes that are not known before running; .dynamic tells where these begin.
LATE, OPEN = "sized while running", "of a dynamic shape"

# Options that several delegates have by these names, and the values of those that are on or off.
MOST, LEAST = "max_delegated_partitions", "min_nodes_per_partition"
SWITCH = ("false", "true")
# How LiteRT's plugins for NPUs are given a graph (compiler_options_partition_strategy of its apply_plugin tool).
STRATEGY = "partition_strategy"
STRATEGIES: Mapping[str, Partitioner] = {"default": "runs", "weakly_connected": "islands"}


def created(delegate: Delegate, given: Mapping[str, str]) -> Delegate:
    """A delegate as it is with other options than the defaults.

    Raises:
        ValueError: for options that it does not have, or values that it does not understand.
    """
    for name in given:
        if name not in delegate.options:
            known = ", ".join(f"{key}={value}" for key, value in delegate.options.items()) or "none"
            raise ValueError(f"{delegate.name} has no option {name}; it has {known}")
    values = {**delegate.options, **given}
    made = replace(
        delegate,
        options=values,
        partitioner=_partitioner(delegate, values),
        claim=delegate.with_options(values) if delegate.with_options else delegate.claim,
        most_partitions=whole(values, MOST) if MOST in values else delegate.most_partitions,
        least_operators=whole(values, LEAST) if LEAST in values else delegate.least_operators,
    )
    for name, known in delegate.choices.items():
        if values[name] not in known:
            raise ValueError(f"{name}={values[name]}: must be {' or '.join(known)}")
    return made


def _partitioner(delegate: Delegate, values: Mapping[str, str]) -> Partitioner:
    """How a delegate cuts the graph: as its option says, where it has one."""
    if STRATEGY not in values:
        return delegate.partitioner
    if values[STRATEGY] not in STRATEGIES:
        raise ValueError(f"{STRATEGY}={values[STRATEGY]}: must be {' or '.join(STRATEGIES)}")
    return STRATEGIES[values[STRATEGY]]


def whole(values: Mapping[str, str], name: str) -> int:
    """An option that is a number of things, 0 or more.

    Raises:
        ValueError: when it is not.
    """
    if not values[name].isdecimal():
        raise ValueError(f"{name}={values[name]}: must be a whole number")
    return int(values[name])


def is_true(values: Mapping[str, str], name: str) -> bool:
    """An option that is true or false.

    Raises:
        ValueError: when it is neither.
    """
    if values[name] not in ("true", "false"):
        raise ValueError(f"{name}={values[name]}: must be true or false")
    return values[name] == "true"


def failures(node: Node, rules: Rules) -> list[Failure]:
    """Every condition of its type that an operator fails; of a type without rules that itself."""
    return list(node.view.once(node, rules, lambda node: _failures(node, rules)))


def _failures(node: Node, rules: Rules) -> list[Failure]:
    conditions = rules.get(node.op)
    if conditions is None:
        return [Failure("operator", node.op, "an operator that it has a kernel for")]
    return [failure for condition in conditions if (failure := condition(node)) is not None]


def claim_by(view: View, subgraph: int, judge: Judge) -> Claim:
    """A claim on every operator in which ``judge`` finds no failure; asked once of all that are alike."""
    plan, found = view.plan(subgraph), view.each(subgraph, judge)
    taken = {operator for operator, failed in zip(plan, found, strict=True) if not failed}
    return Claim(taken, {operator: failed for operator, failed in zip(plan, found, strict=True) if failed})


def types(place: int, *wanted: str, output: bool = False) -> Condition:
    """An input or output has one of the types."""
    needed = " or ".join(wanted)

    def condition(node: Node) -> Failure | None:
        tensor = node.output(place) if output else node.input(place)
        found = node.type(tensor)
        return None if tensor < 0 or found in wanted else Failure(_called(place, output), found, needed)

    return condition


def constant(place: int, what: str) -> Condition:
    """An input is known before anything runs."""

    def condition(node: Node) -> Failure | None:
        tensor = node.input(place)
        if tensor < 0 or node.is_static(tensor):
            return None
        return Failure(f"input {place} ({what})", "computed", "a constant", f"make the {what} a constant")

    return condition


def option(name: str, *wanted: int | float, needed: str = "") -> Condition:
    """A field of the options has one of the values."""

    def condition(node: Node) -> Failure | None:
        found = node.option(name)
        text = needed or " or ".join(f"{value:g}" for value in wanted)
        return None if found in wanted else Failure(f"option {name}", f"{found:g}", text)

    return condition


def inputs_between(least: int, most: int) -> Condition:
    """It has so many inputs."""

    def condition(node: Node) -> Failure | None:
        found = len(node.inputs)
        return None if least <= found <= most else Failure("inputs", str(found), f"{least} to {most}")

    return condition


def outputs_between(least: int, most: int) -> Condition:
    """It has so many outputs."""

    def condition(node: Node) -> Failure | None:
        found = len(node.outputs)
        return None if least <= found <= most else Failure("outputs", str(found), f"{least} to {most}")

    return condition


def _called(place: int, output: bool) -> str:
    return f"{'output' if output else 'input'} {place}"
