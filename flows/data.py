"""What the trainings of an experiment read: its verified table and its encoded splits."""

from collections.abc import Sequence
from itertools import chain

from components.ingest.series import ingest_series
from components.ingest.text import ingest_text
from components.outputs import Store
from components.preprocess.series import preprocess_series
from components.preprocess.text import preprocess_text
from components.records import Ingested, Prepared, Record
from params.flat import flat_sections
from params.grid import points
from params.ingest import SeriesIngest, TextIngest
from params.schema import Experiment
from params.sections import SeriesPreprocess, TextPreprocess


class Data(Record):
    """The two, as the store holds them."""

    ingested: Ingested
    prepared: Prepared


def ingest(params: TextIngest | SeriesIngest, store: Store, *, fresh: bool) -> Ingested:
    """The verified table of the experiment's source."""
    if isinstance(params, SeriesIngest):
        return ingest_series(params, store, fresh=fresh)
    return ingest_text(params, store, fresh=fresh)


def prepare(ingested: Ingested, params: Experiment, store: Store, *, fresh: bool) -> Prepared:
    """The encoded splits of that table; of a grid those of the first point, with all the others."""
    asked = [one.preprocess for one in points(params)]
    made = {
        one.digest(): preprocess(ingested, one, store, fresh=fresh)
        for one in {one.digest(): one for one in asked}.values()
    }
    first = made[asked[0].digest()]
    if len(made) == 1:
        return first
    changed = [key for key in params.grid if key.startswith("preprocess.")]
    notes = {
        one.digest(): [f"{said_of(one, changed)}: {note}" for note in made[one.digest()].notes]
        for one in asked
    }
    own = {
        "points": tuple(made[one.digest()] for one in asked),
        "notes": tuple(chain.from_iterable(notes.values())),
    }
    return first.model_copy(update=own)


def said_of(params: TextPreprocess | SeriesPreprocess, changed: Sequence[str]) -> str:
    """What sets one way of preprocessing apart, such as `preprocess.max_length 100`."""
    every = flat_sections(preprocess=params)
    return ", ".join(f"{key} {every[key]}" for key in changed)


def preprocess(
    ingested: Ingested, params: TextPreprocess | SeriesPreprocess, store: Store, *, fresh: bool
) -> Prepared:
    """The encoded splits of that table."""
    if isinstance(params, SeriesPreprocess):
        return preprocess_series(ingested, params, store, fresh=fresh)
    return preprocess_text(ingested, params, store, fresh=fresh)
