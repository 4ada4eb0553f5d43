"""Where trainings run: how many at a time, on how many devices, on which machines."""

import json
import re
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from params.errors import safe_json
from params.section import Section, Size, is_none

RENDEZVOUS = re.compile(r"[^\s/:@]+:(?P<port>\d{1,5})")
SCHEDULER = re.compile(r"(tcp|tls)://([^\s/:@\[\]]+|\[[0-9a-fA-F:.]+\]):(?P<port>\d{1,5})")
MOST_PORTS = 65_535

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]


class LocalCluster(Section):
    """A Dask cluster of worker processes on this machine, which lasts as long as the run."""

    local: Size = Field(description="Worker processes, each with one training at a time.")


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
    cluster: str | LocalCluster | None = Field(
        default=None,
        exclude_if=is_none,
        description="A Dask cluster whose workers train: tcp://HOST:PORT (or tls://) of its "
        "scheduler, or local: N for N workers on this machine.",
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
        if workers != "auto" and not is_count(workers):
            raise ValueError(
                f"workers must be auto or a whole number from 1, got {json.dumps(workers)}"
            )
        cluster = given.get("cluster")
        if not (cluster is None or is_address(cluster) or is_local(cluster)):
            raise ValueError(
                "cluster must be null, tcp://HOST:PORT (or tls://) of a Dask scheduler with a port "
                f"from 1 to {MOST_PORTS}, or "
                f"local: N with a whole number from 1, got {safe_json(cluster)}"
            )
        return given

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        if self.rendezvous is not None and not has_port(RENDEZVOUS, self.rendezvous):
            raise ValueError(
                f"rendezvous must be HOST:PORT with a port from 1 to {MOST_PORTS}, got "
                f"{safe_json(self.rendezvous)}"
            )
        return self

    @model_validator(mode="after")
    def _machines_that_find_each_other(self) -> Self:
        if self.num_nodes > 1 and self.rendezvous is None:
            raise ValueError("rendezvous must be HOST:PORT when num_nodes is more than 1")
        return self

    @model_validator(mode="after")
    def _one_way_to_several_machines(self) -> Self:
        if self.cluster is None:
            return self
        if self.num_nodes > 1:
            raise ValueError(
                "num_nodes must be 1 when cluster is set: a training stays on one of its workers"
            )
        if self.workers != "auto":
            raise ValueError(
                "workers must be auto when cluster is set: how many trainings a worker takes is "
                "said where it is started, by `dask worker --nthreads`, or by local: N"
            )
        return self

    @property
    def world_size(self) -> int:
        """The devices that share one training, those of all machines."""
        return self.devices * self.num_nodes

    def computed(self) -> "Resources":
        """What of this changes the numbers, and is part of digests."""
        return Resources(precision=self.precision)


def is_count(value: object) -> bool:
    """Whether it is a whole number from 1."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def is_address(value: object) -> bool:
    """Whether it is the address of a scheduler."""
    return isinstance(value, str) and has_port(SCHEDULER, value)


def has_port(form: re.Pattern[str], text: str) -> bool:
    """Whether a text is of a form with a port in it, and that is one."""
    match = form.fullmatch(text)
    return match is not None and 1 <= int(match["port"]) <= MOST_PORTS


def is_local(value: object) -> bool:
    """Whether it asks for a cluster on this machine."""
    if isinstance(value, LocalCluster):
        return True
    return isinstance(value, dict) and value.keys() == {"local"} and is_count(value["local"])
