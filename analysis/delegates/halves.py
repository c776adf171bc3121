"""What several delegates do with constants of 16 bits, and with a subgraph that is sized while it runs.

FP16GraphPartitionHelper in tflite/delegates/utils.cc, and Subgraph::ModifyGraphWithDelegate in tflite/core/subgraph.cc,
of LiteRT f674577.
"""

from __future__ import annotations

from .nodes import Node, View
from .rules import LATE, Claim, Failure, Judge, claim_by


def claimed(view: View, subgraph: int, failures: Judge) -> Claim:
    """What a delegate wants that unpacks constants of 16 bits itself and takes no dynamic tensors.

    DEQUANTIZE of such a constant is looked through: what reads it is asked about as if it read the 16 bits. These
    operators go along when all others do, and stay behind when one does.

    Args:
        view: the model.
        subgraph: which.
        failures: every condition that an operator does not meet.
    """
    halves: dict[int, int] = {}  # what DEQUANTIZE writes -> the 16 bits that it reads
    unpacking: set[int] = set()
    for node in view.nodes(subgraph):
        source = node.input(0) if node.op == "DEQUANTIZE" else -1
        if source >= 0 and view.constant[source] and node.type(source) == "FLOAT16":
            unpacking.add(node.operator)
            halves[node.output()] = source
    if not halves:
        return without_dynamic(view, subgraph, claim_by(view, subgraph, failures))
    taken: set[int] = set()
    failed: dict[int, list[Failure]] = {}
    for node in view.nodes(subgraph):
        if node.operator in unpacking:
            continue
        found = view.once(_reading(node, halves), failures, failures)
        if found:
            failed[node.operator] = found
        else:
            taken.add(node.operator)
    if failed and unpacking:
        reason = Failure("the subgraph", "taken in part", "taken whole: else weights are unpacked before")
        failed |= {operator: [reason] for operator in unpacking}
    else:
        taken |= unpacking
    return without_dynamic(view, subgraph, Claim(taken, failed, halves))


def _reading(node: Node, halves: dict[int, int]) -> Node:
    """An operator as if it read the 16 bits."""
    if halves.keys().isdisjoint(node.inputs):
        return node
    return Node(node.view, node.operator, [halves.get(tensor, tensor) for tensor in node.inputs])


def without_dynamic(view: View, subgraph: int, claim: Claim) -> Claim:
    """Nothing, where an operator's outputs have no shape before it runs: the runtime refuses the whole delegate."""
    if not view.late:
        return claim
    late = next((node for node in view.nodes(subgraph) if node.is_late), None)
    if late is None:
        return claim
    text = f"{LATE}, from {late.op} {late.operator} on"
    reason = Failure("the subgraph", text, "shapes that are known before", f"make what shapes {late.op} a constant")
    operators = [node.operator for node in view.nodes(subgraph)]
    return Claim(set(), {operator: [*claim.failures.get(operator, []), reason] for operator in operators})
