"""What both reports of quantization are made of, each part read once."""

from __future__ import annotations

from functools import cached_property

from ..model import Model
from .biases import Biases, Deviation, biases, check_biases, deviations
from .channels import Channels, Weights, channels, weights
from .findings import Found
from .flow import check_flow
from .kernels import check_kernels
from .modes import Modes, modes
from .parameters import check_parameters
from .weights import check_weights

SEVERITIES = ("note", "warning", "error")


class Reading:
    """A model as the checks and tables of quantization see it."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @cached_property
    def modes(self) -> Modes:
        """In which numbers every operator computes."""
        return modes(self.model)

    @cached_property
    def weights(self) -> Weights:
        """The constant weights that operators read."""
        return weights(self.model, self.modes.origins)

    @cached_property
    def channels(self) -> Channels:
        """What the stored values of quantized constants use of their range."""
        return channels(self.model, self.weights)

    @cached_property
    def biases(self) -> Biases:
        """The integer biases."""
        return biases(self.model)

    @cached_property
    def bias_deviations(self) -> Deviation:
        """How far the scales of biases are off."""
        return deviations(self.model, self.biases)

    @cached_property
    def found(self) -> list[Found]:
        """All findings, the gravest first."""
        found = [
            *check_parameters(self.model, self.channels),
            *check_kernels(self.model),
            *check_biases(self.model, self.biases, self.bias_deviations),
            *check_weights(self.model, self.weights, self.channels),
            *check_flow(self.model, self.modes),
        ]
        return sorted(found, key=lambda one: -SEVERITIES.index(one.severity))
