"""Where trainings run: how many at a time, on how many devices, on which machines."""

import json
import re
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from params.section import Section, Size, is_none

RENDEZVOUS = re.compile(r"[^\s/:]+:\d{1,5}")

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]


class Resources(Section):
    """Where trainings run. Of all this, only the precision changes what is computed."""

    workers: Literal["auto"] | Size = Field(
        default="auto",
        description="Trainings at a time on one machine; auto: as many as its GPUs or cores take.",
    )
    devices: Size = Field(
        default=1, description="Devices on a machine that share one training and its batches."
    )
    strategy: Literal["auto", "ddp"] = Field(
        default="auto",
        description="How several devices share a training: ddp, each with a copy of the network; "
        "auto: ddp where there are several.",
    )
    num_nodes: Size = Field(default=1, description="Machines that share one training.")
    rendezvous: str | None = Field(
        default=None,
        exclude_if=is_none,
        description="Where the machines that share a training find each other, as host:port.",
    )
    precision: Precision = Field(
        default="32-true",
        description="Numbers that networks compute with: 32 bits, or where it is safe 16 "
        "(bf16-mixed everywhere, 16-mixed on GPUs).",
    )
    deterministic: bool = Field(
        default=True, description="Whether the same seed gives the same bits, also on a GPU."
    )

    @model_validator(mode="before")
    @classmethod
    def _either_or(cls, given: Any) -> Any:  # Any: whatever stands in the file
        """One line that says both ways of giving it; the union would name one of them."""
        if not isinstance(given, dict):
            return given
        workers = given.get("workers", "auto")
        whole = isinstance(workers, int) and not isinstance(workers, bool)
        if workers != "auto" and (not whole or workers < 1):
            raise ValueError(
                f"workers must be auto or a whole number from 1, got {json.dumps(workers)}"
            )
        return given

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        if self.rendezvous is not None and not RENDEZVOUS.fullmatch(self.rendezvous):
            raise ValueError(f"rendezvous must be HOST:PORT, got {self.rendezvous!r}")
        return self

    @model_validator(mode="after")
    def _machines_that_find_each_other(self) -> Self:
        if self.num_nodes > 1 and self.rendezvous is None:
            raise ValueError("rendezvous must be HOST:PORT when num_nodes is more than 1")
        return self

    @property
    def world_size(self) -> int:
        """The devices that share one training, those of all machines."""
        return self.devices * self.num_nodes

    def computed(self) -> "Resources":
        """What of this changes the numbers, and is part of digests."""
        return Resources(precision=self.precision)
