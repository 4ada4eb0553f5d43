"""Where trainings run: what may be asked for, and that it changes no digest but the precision's."""

import pytest

from params.errors import InputError
from params.load import load


@pytest.mark.parametrize(
    "changes",
    [
        ["resources.workers=3"],
        ["resources.workers=auto"],
        ["resources.devices=2", "resources.strategy=ddp"],
        ["resources.num_nodes=2", "resources.rendezvous=head:29500"],
        ["resources.precision=32-true", "resources.deterministic=false"],
        ["resources.cluster=tcp://scheduler:8786"],
        ["resources.cluster=tls://[::1]:8786"],
        ["resources.cluster.local=2"],
        ["resources.cluster={local: 2}"],
        ["resources.cluster=null"],
        ["resources.cluster=null", "resources.cluster.local=2"],
        ["resources.cluster=tcp://scheduler:65535"],
    ],
)
def test_where_it_runs_is_no_part_of_the_digest(changes: list[str]) -> None:
    assert load("imdb", changes).digest() == load("imdb").digest()


def test_the_precision_is_part_of_the_digest() -> None:
    changes = ([], ["resources.precision=bf16-mixed"], ["resources.precision=16-mixed"])
    assert len({load("imdb", list(change)).digest() for change in changes}) == 3


def test_a_plain_experiment_has_no_such_section() -> None:
    assert "resources" not in load("imdb").model_dump()
    given = load("imdb", ["resources.workers=3"]).model_dump()
    assert given["resources"] == load("imdb", ["resources.workers=3"]).resources.model_dump()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["resources.workers=0"], "resources.workers must be auto or a whole number from 1, got 0"),
        (
            ["resources.workers=many"],
            'resources.workers must be auto or a whole number from 1, got "many"',
        ),
        (
            ["resources.devices=3"],
            "train.batch_size must be a multiple of the 3 devices that share a training "
            "(resources.devices x num_nodes), got 128",
        ),
        (
            ["resources.num_nodes=2"],
            "resources.rendezvous must be HOST:PORT when num_nodes is more than 1",
        ),
        (
            ["resources.num_nodes=2", "resources.rendezvous=head"],
            'resources.rendezvous must be HOST:PORT with a port from 1 to 65535, got "head"',
        ),
        (
            ["resources.precision=16"],
            "resources.precision must be '32-true', 'bf16-mixed' or '16-mixed', got 16",
        ),
        (
            ["resources.cluster=scheduler:8786"],
            "resources.cluster must be null, tcp://HOST:PORT (or tls://) of a Dask scheduler with "
            "a port from 1 to 65535, or local: N with a whole number from 1, got "
            '"scheduler:8786" (--set resources.cluster)',
        ),
        (["resources.cluster=tcp://head:0"], 'got "tcp://head:0"'),
        (["resources.cluster=tcp://head:65536"], 'got "tcp://head:65536"'),
        (["resources.num_nodes=2", "resources.rendezvous=head:65536"], 'got "head:65536"'),
        (["resources.cluster.local=0"], 'a whole number from 1, got {"local": 0}'),
        (["resources.cluster.lokal=2"], 'a whole number from 1, got {"lokal": 2}'),
        (["resources.cluster=2"], "a whole number from 1, got 2"),
        (
            ["resources.cluster.local=2", "resources.workers=2"],
            "resources.workers must be auto when cluster is set: how many trainings a worker takes "
            "is said where it is started, by `dask worker --nthreads`, or by local: N",
        ),
        (
            [
                *("resources.cluster.local=2", "resources.num_nodes=2"),
                "resources.rendezvous=head:29500",
            ],
            "resources.num_nodes must be 1 when cluster is set: a training stays on one of its "
            "workers",
        ),
        (["resources.wrkers=2"], "did you mean resources.workers?"),
        (["grid={resources.workers: [1, 2]}"], "where a training runs changes no result"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(changes: list[str], said: str) -> None:
    from params.grid import points

    with pytest.raises(InputError) as refused:
        points(load("imdb", changes))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_cluster_is_kept_in_the_resolved_params() -> None:
    from params.load import load_stored, to_yaml

    for change in ("resources.cluster=tcp://scheduler:8786", "resources.cluster.local=2"):
        given = load("imdb", [change])
        assert load_stored(to_yaml(given), [], "kept") == given
        local = load_stored(to_yaml(given), ["resources.cluster=null"], "kept")
        assert local.resources.cluster is None


@pytest.mark.parametrize(
    "change",
    [
        "resources.cluster=tcp://me:secret@host:1",
        "resources.cluster=tcp://secret@host:1",
        "resources.cluster=me:secret@host:1",
        'resources.cluster="tcp://me:sec\\"ret secret@host:1"',
        "resources.cluster={address: tcp://me:secret@host:1}",
        "resources.rendezvous=me:secret@host:1",
        "resources=tcp://me:secret@host:1",
        "resources.devices=tcp://me:secret@host:1",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_said(change: str) -> None:
    with pytest.raises(InputError) as refused:
        load("imdb", [change])
    assert "***@host:1" in str(refused.value)
    assert "ret" not in str(refused.value)
