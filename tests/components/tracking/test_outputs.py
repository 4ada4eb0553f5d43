"""Every run names the outputs that it was made from, from its beginning on."""

from typing import Any

from components.records import Evidence, Scored, Trained
from components.tracking.comparison import log_evidence
from components.tracking.outputs import outputs_of
from components.tracking.runs import OUTPUTS, Parent, output_name
from components.tracking.trainings import finish_training, start_training
from components.train.job import TrainingJob


def test_a_training_names_its_weights_at_once_and_its_scores_at_the_end(
    seen: Any, parent: Parent, job: TrainingJob, trained: Trained, scored: Scored
) -> None:
    run_id = start_training(parent, job).run_id
    begun = f"preprocess/{job.prepared.key} train/{job.key}"
    assert seen.run(run_id).data.tags[OUTPUTS] == begun
    finish_training(parent, run_id, job, trained, scored)
    every = [output_name(path) for path in (job.prepared.path, trained.path, scored.path)]
    assert seen.run(run_id).data.tags[OUTPUTS].split() == every


def test_a_comparison_names_its_data_at_once_and_its_baselines_at_the_end(
    seen: Any, parent: Parent, trained: Trained, scored: Scored
) -> None:
    data = [output_name(parent.ingested.path), output_name(parent.prepared.path)]
    assert seen.run(parent.run_id).data.tags[OUTPUTS].split() == data
    place = scored.path.with_name("0123456789abcdef")
    place.mkdir()
    baseline = scored.model_copy(
        update={"kind": "baseline", "name": "last_value", "path": place, "run_id": None}
    )
    evidence = Evidence(
        ingested=parent.ingested,
        prepared=parent.prepared,
        trained=(trained,),
        scored=(scored.model_copy(update={"run_id": None}), baseline),
        missing=(),
    )
    log_evidence(parent, evidence)
    assert seen.run(parent.run_id).data.tags[OUTPUTS].split() == [*data, output_name(place)]


def test_the_records_of_a_comparison_say_the_same_as_its_tag(
    seen: Any, parent: Parent, job: TrainingJob, trained: Trained, scored: Scored, tmp_path: Any
) -> None:
    client = parent.tracking.client()
    run_id = start_training(parent, job).run_id
    finish_training(parent, run_id, job, trained, scored)
    for number, one in enumerate((run_id, parent.run_id)):
        named = set(seen.run(one).data.tags[OUTPUTS].split())
        assert outputs_of(client, seen.run(one), tmp_path / str(number)) == named
        client.delete_tag(one, OUTPUTS)
        recorded = outputs_of(client, seen.run(one), tmp_path / str(number))
        # What a run was prepared with is among the records of its comparison.
        shared = {output_name(parent.prepared.path)} if one == run_id else set()
        assert recorded - {f"train/{job.key}"} == named - shared
