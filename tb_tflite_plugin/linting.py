"""All findings of all analyses, and how other tools want to hear of them."""

from __future__ import annotations

from typing import Any

from .analysis.model import Model
from .analysis.report import Finding
from .analysis.reports import NAMES, analyse

# What a delegate leaves is not wrong in itself: `tflite-viz partition` tells of it, `check` sets limits.
_FORETOLD = ("delegates", "partition_xnnpack", "partition_gpu")
_ORDER = ("error", "warning", "note")


def findings(model: Model) -> list[Finding]:
    """What every analysis finds, the severest first; what two of them find alike is there once.

    Raises:
        ModelError: when the file turns out to be damaged.
    """
    found = dict.fromkeys(
        finding for name in NAMES if name not in _FORETOLD for finding in analyse(model, name).findings
    )
    return sorted(found, key=lambda finding: _ORDER.index(finding.severity))


def fails(found: list[Finding], conditions: list[str]) -> bool:
    """Whether any finding is of one of the codes, or at least as severe as one of the severities."""
    severities = [_ORDER.index(condition) for condition in conditions if condition in _ORDER]
    worst = max(severities, default=-1)
    return any(_ORDER.index(finding.severity) <= worst or finding.code in conditions for finding in found)


def sarif(model: Model, found: list[Finding], version: str) -> dict[str, Any]:
    """The findings as SARIF 2.1.0, which code hosts show beside a change; operators are logical locations."""
    codes = sorted({finding.code for finding in found})
    ops = model.operators.ops
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "tflite-viz", "version": version,
                        "rules": [{"id": code} for code in codes],
                    }
                },
                "results": [
                    {
                        "ruleId": finding.code,
                        "ruleIndex": codes.index(finding.code),
                        "level": finding.severity,
                        "message": {"text": finding.message},
                        "locations": [
                            {
                                "physicalLocation": {"artifactLocation": {"uri": model.name}},
                                "logicalLocations": [
                                    {"name": f"{ops[operator]} {operator}", "kind": "operator"}
                                    for operator in finding.operators[:100]
                                ],
                            }
                        ],
                    }
                    for finding in found
                ],
            }
        ],
    }  # fmt: skip
