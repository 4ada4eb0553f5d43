"""A trained network -> what it says of every test example and new text, inside a child process."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from components.preprocess.batches import (
    EVALUATION_BATCH_SIZE,
    Batches,
    Split,
    TokenSplit,
    load_split,
)
from components.preprocess.on_device import copied_ahead
from components.preprocess.vocabulary import encode_texts, read_vocabulary
from components.records import SequenceSpec
from components.train.determinism import same_bits
from components.train.job import WEIGHTS, TrainingJob
from components.train.networks import RecurrentNetwork
from components.train.precision import forbid_tf32
from params.names import Architecture
from params.sections import SeriesModel, TextPreprocess


def predict_test(job: TrainingJob, trained: Path) -> NDArray[np.float64]:
    """Probabilities of label 1, or forecasts in degrees C, `(N, P)` in the order of the test split.

    Args:
        job: What was trained.
        trained: The folder with its weights.
    """
    output = run(network_of(job, trained), load_split(job.prepared.path, "test"))
    if job.task == "classification":
        return output.sigmoid().numpy()
    scaler = job.prepared.scaler
    assert scaler is not None, "a forecast was made on scaled values"
    return output.numpy() * scaler.scale + scaler.mean


def predict_texts(
    job: TrainingJob, trained: Path, texts: Sequence[str], params: TextPreprocess
) -> NDArray[np.float64]:
    """The probability of label 1 for each new text, `(N,)`.

    Args:
        job: What was trained.
        trained: The folder with its weights.
        texts: At least one text; one without a known word is read as unknown words.
        params: How the training texts were preprocessed.
    """
    encoded = encode_texts(texts, read_vocabulary(job.prepared.path), params)
    return probabilities(network_of(job, trained), *encoded)


def probabilities(
    network: RecurrentNetwork, token_ids: NDArray[np.int32], lengths: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The probability of label 1 for each of N texts, `(N,)`.

    Args:
        network: Reads token ids.
        token_ids: Those of all texts, one after another.
        lengths: How many each text has, at least 1, `(N,)`.
    """
    split = TokenSplit(
        token_ids=torch.from_numpy(token_ids),
        starts=torch.from_numpy(lengths.cumsum() - lengths),
        lengths=torch.from_numpy(lengths),
        targets=torch.zeros(len(lengths), 1),  # nobody labelled them
    )
    return run(network, split)[:, 0].sigmoid().numpy()


def network_of(job: TrainingJob, trained: Path) -> RecurrentNetwork:
    """The network with its trained weights, on the GPU if the job has one."""
    torch.set_num_threads(job.num_threads)
    network = load_network(job.architecture, job.model, job.prepared.spec, trained)
    if job.gpus:
        same_bits(job.resources.deterministic)
        forbid_tf32(True)
        network.to("cuda")  # the first that this process sees
    return network


def load_network(
    architecture: Architecture, model: SeriesModel, spec: SequenceSpec, trained: Path
) -> RecurrentNetwork:
    """The network whose weights lie in the folder `trained`, as it was at its best epoch."""
    network = RecurrentNetwork(architecture, model, spec)
    network.load_state_dict(load_file(trained / WEIGHTS))
    return network.eval()


def run(network: RecurrentNetwork, split: Split) -> torch.Tensor:
    """The output `(N, P)` in float64 of every example of `split`, each exactly once, in order."""
    network.eval()
    device = next((one.device for one in network.parameters()), torch.device("cpu"))
    output = None
    with torch.inference_mode():
        for batch in copied_ahead(Batches(split, EVALUATION_BATCH_SIZE), device):
            result = network(batch.inputs, batch.lengths).double()
            if output is None:
                shape = (len(split.lengths), result.shape[1])
                output = torch.full(shape, torch.nan, dtype=torch.float64, device=device)
            output[batch.rows] = result
    assert output is not None, "a split has examples"
    return output.cpu()
