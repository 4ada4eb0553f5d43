"""What can be seen to be wrong with an experiment before anything of it starts."""

from params.ingest import TextIngest
from params.schema import Experiment


def check(params: Experiment) -> None:
    """See that what the params name is there.

    Raises:
        InputError: If a metric is not one of the task's, or the source is not there, or what a
            cluster needs.
    """
    from components.ingest.hub import kind_of
    from components.metrics import metrics_asked
    from components.storage import find_home
    from flows.cluster.needed import require

    require(params.resources, find_home())
    metrics_asked(params.task, params.compare)
    if isinstance(params.ingest, TextIngest):
        kind_of(params.ingest.source)
