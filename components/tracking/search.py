"""Which run or comparison an id names, in whatever experiment it is."""

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.store.entities import PagedList

from params.errors import InputError, listed
from params.names import COMPARED

T = TypeVar("T")

LATEST = "latest"
ID_START = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,100}")
COMPARISONS = "tags.`unroll.kind` = 'comparison'"


def named(client: MlflowClient, id: str) -> Run:
    """The run or comparison that `id` names.

    Args:
        client: Of the MLflow server or database.
        id: A comparison's id, the MLflow id of a run or a comparison, the beginning of one of
            these that no other has, or `latest`: the comparison that started last.

    Raises:
        InputError: If there is none, or there are several.
    """
    if id == LATEST:
        newest = next(latest_first(client, every_experiment(client), COMPARISONS), None)
        if newest is None:
            raise InputError("there is no comparison yet; run an experiment first")
        return newest
    found = beginning_with(client, id)
    exact = [run for run in found if id in {run.info.run_id, comparison_of(run)}]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        ids = listed([called(run) for run in found])
        raise InputError(f"{id} is the beginning of several: {ids}; give more of it")
    raise unknown(client, id)


def beginning_with(client: MlflowClient, start: str) -> list[Run]:
    """Every comparison and run whose id begins with `start`, the newest first."""
    if not ID_START.fullmatch(start):
        return []
    experiments = every_experiment(client)
    # An underscore stands for any letter there, which is why the beginning is looked at again.
    queries = [
        f"{COMPARISONS} and tags.`unroll.comparison` LIKE '{start}%'",
        f"attributes.run_id LIKE '{start}%' and tags.`unroll.comparison` LIKE '%'",
    ]
    found: dict[str, Run] = {}
    for query in queries:
        for run in latest_first(client, experiments, query):
            ids = [run.info.run_id]
            if is_comparison(run):
                ids.append(comparison_of(run))
            if any(one.startswith(start) for one in ids):
                found[run.info.run_id] = run
    return list(found.values())


def unknown(client: MlflowClient, id: str) -> InputError:
    """That nothing is called `id`, and what is called nearly so."""
    if id.startswith(f"{COMPARED}-"):
        return InputError(
            f"{id} is a report that `unroll {COMPARED}` made, of which MLflow holds nothing; the "
            "page ends with the command that makes it again"
        )
    runs = latest_first(client, every_experiment(client), COMPARISONS)
    known = [comparison_of(run) for run in runs]
    close = difflib.get_close_matches(id, known, n=3, cutoff=0.5)
    if close:
        hint = f"did you mean {' or '.join(close)}?"
    elif known:
        hint = f"the newest comparisons are {listed(known)}"
    else:
        hint = "there is no comparison yet; run an experiment first"
    return InputError(f"no run or comparison has an id that is or begins with {id!r}; {hint}")


def comparison_named(client: MlflowClient, experiment_id: str, id: str) -> Run | None:
    """The comparison's own run, None if it was deleted."""
    query = f"{COMPARISONS} and tags.`unroll.comparison` = '{id}'"
    return next(latest_first(client, [experiment_id], query), None)


def every_experiment(client: MlflowClient) -> list[str]:
    """The ids of all experiments that are not deleted."""
    return [one.experiment_id for one in pages(client.search_experiments)]


def latest_first(client: MlflowClient, experiments: Sequence[str], query: str) -> Iterator[Run]:
    """Every run that fits `query`, the one that started last first."""
    return pages(
        client.search_runs,
        experiment_ids=list(experiments),
        filter_string=query,
        max_results=100,
        order_by=["attributes.start_time DESC"],
    )


def pages(search: Callable[..., PagedList[T]], **asked: object) -> Iterator[T]:
    """All that a search of MLflow's finds, page after page, each asked for when it is wanted."""
    token = None
    while True:
        page = search(**asked, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def is_comparison(run: Run) -> bool:
    """Whether it is a comparison's own run."""
    return bool(run.data.tags.get("unroll.kind") == "comparison")


def comparison_of(run: Run) -> str:
    """The id of the comparison that the run belongs to."""
    found: str = run.data.tags["unroll.comparison"]
    return found


def called(run: Run) -> str:
    """What a person calls it: `imdb-20261122-...`, or `1f3c... (lstm-seed1 of imdb-...)`."""
    if is_comparison(run):
        return comparison_of(run)
    return f"{run.info.run_id} ({run.info.run_name} of {comparison_of(run)})"
