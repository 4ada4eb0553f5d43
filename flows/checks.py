"""What can be seen to be wrong with an experiment before anything of it starts."""

from params.ingest import TextIngest
from params.schema import Experiment


def check(params: Experiment) -> None:
    """See that what the params name is there.

    Raises:
        InputError: If the ranking metric is not one of the task's, or the source is not there.
    """
    from components.ingest.hub import kind_of
    from components.metrics import ranking_metric

    ranking_metric(params.task, params.compare.metric)
    if isinstance(params.ingest, TextIngest):
        kind_of(params.ingest.source)
