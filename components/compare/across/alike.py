"""What the sides of a comparison share, and what can be said of all of them for that."""

from collections.abc import Sequence

from components.compare.across.grouping import Contestant
from components.compare.across.sides import Side
from components.preprocess.validation import validation_key
from params.schema import ClassificationExperiment


def prepared_alike(sides: Sequence[Side]) -> bool:
    """Whether all sides read the same token ids or windows."""
    return len({side.experiment.preprocess.digest() for side in sides}) == 1


def validated_alike(sides: Sequence[Side]) -> bool:
    """Whether the networks of all sides were validated on the same examples."""
    keys = {
        validation_key(side.experiment, side.recalled.evidence.ingested.fingerprint)
        for side in sides
    }
    return len(keys) == 1


def common_texts(sides: Sequence[Side]) -> tuple[str, ...]:
    """The new texts that every network read, from the same words; none if they read otherwise."""
    read = [
        side.experiment.evaluate.texts
        for side in sides
        if isinstance(side.experiment, ClassificationExperiment)
    ]
    if not read or not prepared_alike(sides):
        return ()
    return tuple(text for text in read[0] if all(text in texts for texts in read))


def said_of(texts: Sequence[str], one: Contestant) -> tuple[float, ...]:
    """What a network said of `texts`, which are among those it read."""
    experiment = one.side.experiment
    if one.run is None or not isinstance(experiment, ClassificationExperiment):
        return ()
    said = dict(zip(experiment.evaluate.texts, one.scored.new_texts, strict=True))
    return tuple(said[text] for text in texts)
