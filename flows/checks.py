"""What can be seen to be wrong with an experiment before anything of it starts."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from params.ingest import TextIngest
from params.resources import Resources
from params.schema import Experiment

if TYPE_CHECKING:
    from components.storage import Home


def check(params: Experiment) -> None:
    """See that what the params name is there.

    Raises:
        InputError: If a metric is not one of the task's, or the source is not there.
    """
    from components.ingest.hub import kind_of
    from components.metrics import metrics_asked

    metrics_asked(params.task, params.compare)
    if isinstance(params.ingest, TextIngest):
        kind_of(params.ingest.source)


def check_can_train(experiments: Iterable[Experiment], home: "Home") -> None:
    """See that what trainings need is there, as far as that is known within some seconds.

    Raises:
        InputError: If a cluster does not answer, or this machine has no such devices.
    """
    for resources in (params.resources for params in experiments):
        if resources == Resources():  # every machine can do that
            continue
        from components.train.required import require_likely_devices
        from flows.cluster.needed import require

        require(resources, home)
        if isinstance(resources.cluster, str):
            from flows.cluster.reach import require_scheduler

            require_scheduler(resources.cluster)
        else:
            require_likely_devices(resources)
