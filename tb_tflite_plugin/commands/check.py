"""``tflite-viz check``: a model against limits, for continuous integration."""

from __future__ import annotations

from typing import Annotated, Any

import typer


def check(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    limits: Annotated[str | None, typer.Option(help="A TOML file with limits, named as the options below.")] = None,
    max_size: Annotated[str | None, typer.Option(help="Bytes of the file: 4MB.")] = None,
    max_weights: Annotated[str | None, typer.Option(help="Bytes of the weights: 3MiB.")] = None,
    max_parameters: Annotated[str | None, typer.Option(help="Elements of the weights: 1.2M.")] = None,
    max_operators: Annotated[str | None, typer.Option(help="Operators: 100.")] = None,
    max_macs: Annotated[str | None, typer.Option(help="Multiply-accumulates of one run: 300M.")] = None,
    max_arena: Annotated[str | None, typer.Option(help="Bytes of LiteRT's arena, planned: 300kB.")] = None,
    max_micro_arena: Annotated[
        str | None, typer.Option(help="Bytes of the head of TensorFlow Lite Micro's arena, planned: 96KiB.")
    ] = None,
    max_runtime: Annotated[str | None, typer.Option(help="Runtime that must suffice: 2.15.0.")] = None,
    min_delegated: Annotated[
        list[str] | None, typer.Option(help="Operators that a delegate must take: xnnpack=95%. Loads the model.")
    ] = None,
    max_latency: Annotated[
        str | None, typer.Option(help="Median of inferences on this machine: 5ms. Runs the model.")
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads for --max-latency.")] = 1,
) -> None:
    """Compare a model with limits: a line for each that is broken, and exit code 1 when there is one.

    Limits on the command line go before those of the file.
    """
    from .. import limits as rules
    from ..analysis.containers import open_model
    from ..analysis.errors import ModelError
    from ..errors import UsageError
    from ..runtime.errors import RuntimeFailure, RuntimeMissing
    from ..runtime.partitions import UnknownDelegate

    given: dict[str, Any] = {
        "max-size": max_size, "max-weights": max_weights, "max-parameters": max_parameters,
        "max-operators": max_operators, "max-macs": max_macs, "max-arena": max_arena,
        "max-micro-arena": max_micro_arena, "max-runtime": max_runtime, "min-delegated": min_delegated,
        "max-latency": max_latency,
    }  # fmt: skip
    wanted = rules.read(limits) if limits else {}
    wanted |= {name: value for name, value in given.items() if value}
    if not wanted:
        raise UsageError("no limit is given")
    opened = open_model(model)
    try:
        broken = list(_broken(opened, wanted, threads))
    except (UnknownDelegate, RuntimeMissing) as error:
        raise UsageError(str(error)) from None
    except RuntimeFailure as error:
        raise ModelError(opened.name, str(error)) from None
    for line in broken:
        typer.echo(line)
    if broken:
        raise typer.Exit(1)
    typer.echo(f"{opened.name}: keeps {len(wanted)} limit{'' if len(wanted) == 1 else 's'}")


def _broken(model: Any, wanted: dict[str, Any], threads: int) -> list[str]:
    from .. import limits as rules

    static = {name: str(value) for name, value in wanted.items() if name in rules.LIMITS}
    found: list[str | None] = [*rules.static_breaches(model, static)]
    if "max-runtime" in wanted:
        found.append(rules.version_breach(model, str(wanted["max-runtime"])))
    shares = wanted.get("min-delegated", [])
    found += [rules.delegated_breach(model, str(text)) for text in ([shares] if isinstance(shares, str) else shares)]
    if "max-latency" in wanted:
        found.append(rules.latency_breach(model, str(wanted["max-latency"]), threads))
    return [line for line in found if line is not None]
