"""What a person should know of an experiment before its numbers, from the params alone."""

import math
from itertools import chain

from params.grid import points
from params.names import ARCHITECTURE_LABELS
from params.resources import Precision
from params.schema import ClassificationExperiment, Experiment

REACH = 20  # steps that the gradient of a vanilla RNN gets back, about


def cautions(experiment: Experiment) -> tuple[str, ...]:
    """One sentence for each thing that is allowed but seldom wise, at any point of a grid."""
    said = chain.from_iterable(map(cautions_of_point, points(experiment)))
    of_all = cautions_of_devices(experiment), cautions_of_precision(experiment.resources.precision)
    return tuple(dict.fromkeys([*said, *chain.from_iterable(of_all)]))


def cautions_of_point(experiment: Experiment) -> tuple[str, ...]:
    """The same of an experiment without a grid."""
    steps = num_steps(experiment)
    if "rnn" not in experiment.architectures or experiment.model.pooling != "last":
        return ()
    # Read both ways, a step is at most half of the sequence from the nearer of the two last states.
    both_ways = experiment.model.directions("rnn")[-1]
    if (math.ceil(steps / 2) if both_ways else steps) <= REACH:
        return ()
    label = ARCHITECTURE_LABELS["rnn"]
    return (
        f"The {label} reads up to {steps} steps before its last state is taken, but a vanilla RNN "
        f"learns little from steps more than about {REACH} back, because its gradients shrink at "
        "every step (Bengio et al., 1994): where earlier steps matter, take lstm or gru, or set "
        "model.pooling to max or mean.",
    )


def cautions_of_devices(experiment: Experiment) -> tuple[str, ...]:
    """What it means that several devices share a training with dropout."""
    devices = experiment.resources.world_size
    dropout = any(any(point.model.dropout_per_layer) for point in points(experiment))
    if devices == 1 or not dropout:
        return ()
    return (
        f"{devices} devices share a training and each draws dropout masks of its own: its numbers "
        "differ from those of one device as those of two seeds do. What another number of devices "
        "trained is reused all the same; --fresh trains anew.",
    )


def cautions_of_precision(precision: Precision) -> tuple[str, ...]:
    """What it means that networks do not compute with 32 bits."""
    if precision == "32-true":
        return ()
    kept, but_for = "11", ""
    if precision == "bf16-mixed":
        kept, but_for = "8", "; so are recurrent layers where a device has no bf16 for them"
    return (
        f"Networks are trained in {precision}: products are computed with {kept} significant bits "
        "instead of 24, weights and sums are kept in 32 bits (Micikevicius et al., 2018)"
        f"{but_for}. Their scores are computed in 32 bits, and are not those of a training in "
        "32-true: it is another training, and nothing of the other is reused.",
    )


def num_steps(experiment: Experiment) -> int:
    """How many steps the longest sequence may have."""
    if isinstance(experiment, ClassificationExperiment):
        return experiment.preprocess.max_length
    return experiment.preprocess.context_length
