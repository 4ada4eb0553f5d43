"""The files of a finished run -> its params and its network; nothing in them is unpickled."""

from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError

from components.evaluate.predict import load_network
from components.preprocess.text import PREPARED  # the same name for series
from components.records import Prepared
from components.train.networks import RecurrentNetwork
from params.errors import InputError
from params.names import Architecture
from params.sections import SeriesModel


def restore(
    folder: Path, architecture: Architecture, model: SeriesModel
) -> tuple[RecurrentNetwork, Prepared]:
    """The trained network, and what preprocess knew of the data that it was trained on.

    Args:
        folder: The files of the run.
        architecture: That of the run.
        model: The section `model` of its params.

    Raises:
        InputError: If a file is missing, or is not as this version of Unroll writes it.
    """
    try:
        text = (folder / PREPARED).read_text(encoding="utf-8")
        prepared = Prepared.model_validate_json(text)
        return load_network(architecture, model, prepared.spec, folder), prepared
    except OSError as error:
        raise InputError(f"a file of the run is missing: {error}") from None
    except ValidationError as error:
        found = error.errors()[0]
        reason = f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
        raise InputError(f"{folder / PREPARED} is not readable: {reason}") from None
    except (SafetensorError, RuntimeError) as error:  # not weights, or those of another network
        raise InputError(f"the weights in {folder} cannot be read: {error}") from None


def use_one_thread() -> None:
    """Let torch compute on one core.

    Measured on two busy cores: the LSTM took 0.2 s for 20,000 short texts on one thread and 2.0 s
    on two, which wait for each other at every step.
    """
    torch.set_num_threads(1)
