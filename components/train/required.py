"""Whether a machine has the devices that a training asks for."""

import ctypes
import os
from pathlib import Path

from components.provenance import num_cores
from components.train import placing
from params.errors import InputError
from params.resources import Resources

AMD = Path("/dev/kfd")  # where the driver of its GPUs is


def require_devices(resources: Resources) -> None:
    """See that what is asked for is here; what is asked for by default is everywhere.

    Raises:
        InputError: If it is not.
    """
    if resources.devices > 1 or resources.precision == "16-mixed":
        require_of(resources, len(placing.here().gpus))


def require_likely_devices(resources: Resources) -> None:
    """The same, at once: where there may be GPUs, nothing is said without asking torch for them.

    Raises:
        InputError: If it is known that it is not here.
    """
    if not may_have_gpus():
        require_of(resources, 0)


def may_have_gpus() -> bool:
    """Whether there is a driver through which torch could see one; it is not asked for any."""
    if os.environ.get(placing.VISIBLE) in ("", "-1"):
        return False
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return AMD.exists()
    return True


def require_of(resources: Resources, gpus: int) -> None:
    """See that so many GPUs, or the processor where there are none, have what is asked for.

    Raises:
        InputError: If not.
    """
    most, kind = (gpus, "GPUs") if gpus else (num_cores(), "processor cores")
    if resources.devices > most:
        raise InputError(
            f"resources.devices must be at most {most}, the {kind} that are here, got "
            f"{resources.devices}"
        )
    if resources.precision == "16-mixed" and not gpus:
        raise InputError(
            "resources.precision 16-mixed needs a GPU, and none is here; take bf16-mixed or 32-true"
        )
