"""What the trainings of an experiment read: its verified table and its encoded splits."""

from components.ingest.series import ingest_series
from components.ingest.text import ingest_text
from components.preprocess.series import preprocess_series
from components.preprocess.text import preprocess_text
from components.records import Ingested, Prepared, Record
from components.storage import Store
from params.ingest import SeriesIngest, TextIngest
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


def preprocess(
    ingested: Ingested, params: TextPreprocess | SeriesPreprocess, store: Store, *, fresh: bool
) -> Prepared:
    """The encoded splits of that table."""
    if isinstance(params, SeriesPreprocess):
        return preprocess_series(ingested, params, store, fresh=fresh)
    return preprocess_text(ingested, params, store, fresh=fresh)
