"""Where trainings run: how many at a time, on how many devices, on which machines."""

import json
import re
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from params.section import Section, Size, is_none

SCHEDULER = re.compile(r"(tcp|tls)://[^\s/:]+:\d{1,5}")
RENDEZVOUS = re.compile(r"[^\s/:]+:\d{1,5}")

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]


def is_count(value: object) -> bool:
    """Whether a value is a whole number from 1."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


class LocalCluster(Section):
    """A Dask cluster on this machine, for as long as the run takes."""

    local: Size = Field(description="Worker processes.")


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
    cluster: str | LocalCluster | None = Field(
        default=None,
        exclude_if=is_none,
        description="Dask cluster that trains: tcp://scheduler:8786, or local: N for one with N "
        "worker processes on this machine.",
    )

    @model_validator(mode="before")
    @classmethod
    def _either_or(cls, given: Any) -> Any:  # Any: whatever stands in the file
        """One line for each that says both ways of giving it; a union would name one of them."""
        if not isinstance(given, dict):
            return given
        workers, cluster = given.get("workers", "auto"), given.get("cluster")
        if workers != "auto" and not is_count(workers):
            raise ValueError(
                f"workers must be auto or a whole number from 1, got {json.dumps(workers)}"
            )
        known = cluster is None or isinstance(cluster, LocalCluster)
        if isinstance(cluster, dict):
            known = cluster.keys() == {"local"} and is_count(cluster["local"])
        elif isinstance(cluster, str):
            known = SCHEDULER.fullmatch(cluster) is not None
        if not known:
            raise ValueError(
                f"cluster must be tcp://HOST:PORT or local: N, with a whole number N from 1, got "
                f"{json.dumps(cluster)}"
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
        if self.num_nodes > 1 and self.cluster is not None:
            raise ValueError(
                "cluster must be left out when num_nodes is more than 1: every worker of a cluster "
                "trains for itself"
            )
        return self

    @property
    def world_size(self) -> int:
        """The devices that share one training, those of all machines."""
        return self.devices * self.num_nodes

    def computed(self) -> "Resources":
        """What of this changes the numbers, and is part of digests."""
        return Resources(precision=self.precision)
