"""On what can be trained: the processor, and GPUs as torch and NVIDIA's own library see them.

Looked at in a process of its own: torch takes seconds to import, in which the other checks are
made, and a broken driver may end the process that asks.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from dashboards.wording import size
from flows.upkeep.findings import Finding, good, note, wrong
from params.errors import plural

SECONDS = 120  # a first CUDA context on a busy machine is slow
DRIVER = "install NVIDIA's driver, or train on the processor"


Looking = subprocess.Popen[str]


@dataclass(frozen=True)
class Gpu:
    """A GPU and its memory in bytes."""

    name: str
    total: int


@dataclass(frozen=True)
class Seen:
    """What torch and NVML see. `nvml_error` is the name of NVML's error, without its prefix."""

    torch: str
    built_for: str | None
    threads: int
    gpus: tuple[Gpu, ...] = ()
    torch_said: str = ""
    nvml_error: str = ""
    driver: str = ""
    nvml_gpus: tuple[Gpu, ...] = ()


def start() -> Looking:
    """A process that looks at the devices; `devices` waits for it."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "flows.upkeep.devices"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def devices(process: Looking) -> Iterator[Finding]:
    """What that process found."""
    try:
        found, said = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        yield wrong("devices", f"no answer from torch within {SECONDS} s", "see nvidia-smi")
        return
    if process.returncode != 0:
        last = (said.strip().splitlines() or ["no word"])[-1]
        reason = f"torch cannot be asked (status {process.returncode}): {last}"
        yield wrong("devices", reason, "install torch again, as pyproject.toml asks for it")
        return
    yield from judged(read(found))


def read(text: str) -> Seen:
    """What the process printed."""
    values = json.loads(text.splitlines()[-1])
    for name in ("gpus", "nvml_gpus"):
        values[name] = tuple(Gpu(**one) for one in values[name])
    return Seen(**values)


def judged(seen: Seen) -> Iterator[Finding]:
    """What is right and wrong with the devices."""
    threads = plural(seen.threads, "thread")
    yield good("processor", f"torch {seen.torch} computes on {threads}")
    for gpu in seen.gpus:
        yield good("GPU", f"{gpu.name}, {size(gpu.total)}")
    missed = len(seen.nvml_gpus) - len(seen.gpus)
    if seen.nvml_error == "LibRmVersionMismatch":
        found = "the driver's library is of another version than the driver that is loaded"
        yield wrong("GPU", found, "restart the machine, or load the driver again")
    elif seen.nvml_error in {"LibraryNotFound", "DriverNotLoaded"} and not seen.gpus:
        if seen.built_for:
            yield note("GPU", "no NVIDIA driver is loaded; training is on the processor", DRIVER)
        else:
            yield good("GPU", "none; training is on the processor")
    elif seen.nvml_error:
        yield note("GPU", f"NVML does not answer ({seen.nvml_error}); a GPU's load is not logged")
    elif missed > 0 and seen.built_for is None:
        found = f"{names(seen.nvml_gpus)} is here, but torch {seen.torch} is built without CUDA"
        yield wrong("GPU", found, "pip install a torch that is built with CUDA")
    elif missed > 0 and not seen.gpus:
        because = f": {seen.torch_said}" if seen.torch_said else ""
        yield wrong(
            "GPU",
            f"{names(seen.nvml_gpus)} is here with driver {seen.driver}, but torch {seen.torch} "
            f"for CUDA {seen.built_for} does not see it{because}",
            "see CUDA_VISIBLE_DEVICES; a driver may be too old for this torch",
        )
    elif missed > 0:
        yield note("GPU", f"{missed} more that torch does not see", "see CUDA_VISIBLE_DEVICES")


def names(gpus: tuple[Gpu, ...]) -> str:
    """What the GPUs are called, each kind once."""
    return ", ".join(dict.fromkeys(gpu.name for gpu in gpus))


def look() -> Seen:
    """Ask torch and NVML; slow, and at the mercy of the driver."""
    import warnings

    import torch

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        number = torch.cuda.device_count() if torch.cuda.is_available() else 0
    gpus = tuple(
        Gpu(about.name, about.total_memory)
        for about in map(torch.cuda.get_device_properties, range(number))
    )
    said = " ".join(str(warned[0].message).split())[:300] if warned else ""
    error, driver, known = ask_nvml()
    return Seen(
        torch=torch.__version__,
        built_for=torch.version.cuda,
        threads=torch.get_num_threads(),
        gpus=gpus,
        torch_said=said,
        nvml_error=error,
        driver=driver,
        nvml_gpus=known,
    )


def ask_nvml() -> tuple[str, str, tuple[Gpu, ...]]:
    """The name of NVML's error if there is one, the driver's version, and all GPUs."""
    import pynvml

    try:
        pynvml.nvmlInit()
        handles = map(pynvml.nvmlDeviceGetHandleByIndex, range(pynvml.nvmlDeviceGetCount()))
        known = tuple(
            Gpu(pynvml.nvmlDeviceGetName(one), pynvml.nvmlDeviceGetMemoryInfo(one).total)
            for one in handles
        )
        return "", str(pynvml.nvmlSystemGetDriverVersion()), known
    except pynvml.NVMLError as error:
        return type(error).__name__.removeprefix("NVMLError_"), "", ()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(look())) + "\n")
