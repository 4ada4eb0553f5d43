"""Which examples a network is validated on."""

from components.outputs import key_of
from params.schema import Experiment, ForecastExperiment


def validation_key(experiment: Experiment, fingerprint: str) -> str:
    """The same for two experiments exactly if their val/loss is of the same examples.

    Args:
        experiment: What is asked.
        fingerprint: That of its data.
    """
    section = experiment.preprocess
    names = {"val_fraction", "split_seed"}
    if isinstance(experiment, ForecastExperiment):
        names = {"context_length", "prediction_length", "val_fraction", "test_fraction"}
    chosen = section.model_dump_json(include=names)
    return key_of("validation", fingerprint, chosen)
