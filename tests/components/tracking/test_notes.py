"""Descriptions: what a run is, in Markdown, with links that MLflow's UI follows."""

from components.records import RunEvidence, Scored, Trained
from components.tracking.notes import comparison_note, training_note
from components.tracking.runs import Parent
from components.tracking.trainings import run_job
from components.train.job import TrainingJob


def test_a_training_says_what_it_is_and_how_it_went(
    parent: Parent, job: TrainingJob, trained: Trained, scored: Scored
) -> None:
    run = f"#/experiments/{parent.tracking.experiment_id}/runs/{parent.run_id}"
    first = (
        f"**GRU, seed 7** of [tiny-1]({run}). "
        f"[Open the dashboard]({run}/artifacts/report/report.html)."
    )
    question = "*Which recurrent network forecasts tomorrow's temperature best?*"
    data = "Data: a series, fingerprint `abc123`, 70 to train, 20 to validate, 10 to test."
    begun = training_note(parent, run_job(job))
    assert begun.split("\n\n") == [first, question, data]
    evidence = RunEvidence(job=run_job(job), trained=trained, scored=scored)
    ended = training_note(parent, run_job(job), evidence).split("\n\n")
    assert [*ended[:2], ended[3]] == [first, question, data]
    assert ended[2].splitlines() == [
        "| At the best epoch | Value |",
        "| --- | ---: |",
        "| Best epoch | 1 of 2 |",
        "| MAE | 1.750 °C |",
        "| Validation MAE | 1.500 °C |",
        "| Validation loss | 0.5000 |",
        "| Training loss | 2.0000 |",
        "| Parameters | 1,234 |",
        "| Training | 4.5 s |",
    ]


def test_titles_and_sources_are_text(parent: Parent) -> None:
    hostile = parent.model_copy(
        update={
            "title": "<script>alert(1)</script> a|b",
            "ingested": parent.ingested.model_copy(update={"source": "[x](javascript:y)\n# z"}),
        }
    )
    note = comparison_note(hostile)
    assert "**&lt;script&gt;alert(1)&lt;/script&gt; a\\|b**" in note
    assert "Data: \\[x\\](javascript:y) \\# z, fingerprint" in note
