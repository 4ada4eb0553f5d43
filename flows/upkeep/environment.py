"""Is everything installed that pyproject asks for, and is there room to work?"""

import os
import platform
import resource
import shutil
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from components.provenance import num_cores
from components.storage import Home
from dashboards.wording import size
from flows.upkeep.findings import Finding, good, note, wrong
from params.errors import InputError, listed, plural

MEMORY_PER_TRAINING = 1_000_000_000  # bytes; the shipped experiments take 0.5 to 0.8 GB each
DISK_NEEDED, DISK_WANTED = 200_000_000, 2_000_000_000  # bytes; a whole IMDB run leaves 150 MB
TEMPORARY_NEEDED = 100_000_000  # bytes: models are packed there
FILES_NEEDED, FILES_WANTED = 256, 1024  # file descriptors of a process


def packages() -> Iterator[Finding]:
    """Python and every package against what `unroll` requires."""
    try:
        about = metadata.metadata("unroll")
    except metadata.PackageNotFoundError:
        yield wrong("packages", "unroll is not installed", "pip install . in its folder")
        return
    here, asked = platform.python_version(), about["Requires-Python"] or ""
    if here in SpecifierSet(asked):
        yield good("Python", f"{here} ({asked})")
    else:
        yield wrong("Python", f"{here}, {asked} is needed", "make the environment again with it")
    required = [Requirement(one) for one in metadata.requires("unroll") or ()]
    needed = [one for one in required if not one.marker or one.marker.evaluate({"extra": ""})]
    unfit = {one.name: reason for one in needed if (reason := misfit(one))}
    for one in needed:
        if one.name in unfit:
            yield wrong("packages", unfit[one.name], f"pip install '{one}'")
    if not unfit:
        yield good("packages", f"{plural(len(needed), 'package')} in the versions asked for")
    if "fastapi" not in unfit and "prefect" not in unfit:
        pair = [f"{name} {metadata.version(name)}" for name in ("prefect", "fastapi")]
        yield good("server", f"{pair[0]} and {pair[1]} work together")


def misfit(required: Requirement) -> str | None:
    """In which way a package is not as it is required; None if it is."""
    try:
        version = metadata.version(required.name)
    except metadata.PackageNotFoundError:
        return f"{required.name} is not installed, {required.specifier} is needed"
    if required.specifier.contains(version, prereleases=True):
        return None
    reason = f"{required.name} {version}, {required.specifier} is needed"
    if required.name == "fastapi":
        reason += ": Prefect's server does not start with every FastAPI"
    return reason


def machine() -> Iterator[Finding]:
    """Cores, memory, and how many files a process may open."""
    import psutil

    cores, memory = num_cores(), psutil.virtual_memory()
    found = f"{plural(cores, 'core')}, {size(memory.available)} of {size(memory.total)} memory free"
    if memory.available < cores * MEMORY_PER_TRAINING:
        short = f"{found}; as many trainings at a time may need {size(cores * MEMORY_PER_TRAINING)}"
        yield note("machine", short, "end other programs, or run fewer seeds at a time")
    else:
        yield good("machine", found)
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY or files >= FILES_WANTED:
        return
    mend = f"ulimit -n {FILES_WANTED}"
    said = f"a process may open {files} files"
    if files < FILES_NEEDED:
        yield wrong("open files", f"{said}; trainings start with {FILES_NEEDED} at least", mend)
    else:
        yield note("open files", f"{said}; many trainings at a time may need more", mend)


def folders(home: Home) -> Iterator[Finding]:
    """Can the folder for everything be written, and is there room in it and for temporary files?"""
    there = next(path for path in (home.root, *home.root.parents) if path.exists())
    what = "own folder" if home.remote else "output folder"
    if home.root.is_dir():
        try:
            home.require_folder()  # where it is shared is another check
            yield good(what, f"{home.root} is writable")
        except InputError as error:
            found, _, mend = str(error).rpartition("; ")
            yield wrong(what, found, mend)
    elif there.is_dir() and os.access(there, os.W_OK):
        yield good(what, f"{home.root} is not there yet; the first run makes it")
    else:
        found = f"{home.root} cannot be made: {there} is not a folder that can be written"
        yield wrong(what, found, f"set {home.variable} to another folder")
    yield free_disk("disk", there, DISK_NEEDED, DISK_WANTED)
    temporary = Path(tempfile.gettempdir())
    room = free_disk("temporary files", temporary, TEMPORARY_NEEDED)
    if room.mark != "ok":
        yield room


def free_disk(checked: str, folder: Path, needed: int, wanted: int = 0) -> Finding:
    """Whether there is room where `folder` lies, in bytes."""
    free = shutil.disk_usage(folder).free
    found = f"{size(free)} free at {folder}"
    if free < needed:
        said = f"{found}; {size(needed)} is little to work with"
        return wrong(checked, said, "`unroll clean` shows what can go")
    if free < wanted:
        return note(checked, f"{found}; a run of many networks may need more", "`unroll clean`")
    return good(checked, found)


def hugging_face() -> Iterator[Finding]:
    """Where Hub data sets are kept, and whether the Hub may be asked."""
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE)
    there = next(path for path in (cache, *cache.parents) if path.exists())
    if not os.access(there, os.W_OK):
        found = f"downloads go to {cache}, which cannot be written"
        yield wrong("Hugging Face", found, "set HF_HOME to another folder")
    said = f"downloads go to {cache}"
    offline = [name for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE") if on(name)]
    if offline:
        found = f"{listed(offline)} is set: only what lies in {cache} can be read"
        yield note("Hugging Face", found, f"unset {offline[0]} to download")
    else:
        yield good("Hugging Face", said)


def on(name: str) -> bool:
    """Whether an environment variable switches something on."""
    return os.environ.get(name, "").upper() in {"1", "ON", "YES", "TRUE"}
