"""A generated temperature -> one verified Parquet file, with its fingerprint."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from components.outputs import Store, key_of
from components.records import Ingested, SplitFacts
from params.ingest import SeriesIngest

VERSION = 1  # of what this stage makes; a change of it makes stored outputs again
FACTS = "facts.json"
SERIES = "series"


def ingest_series(params: SeriesIngest, store: Store, *, fresh: bool = False) -> Ingested:
    """The series in the store: columns `day` (from 0), `value` and `true_mean`, in degrees C.

    Args:
        params: Every constant of the series.
        store: Where the table is kept.
        fresh: Generate the series again although it is in the store.
    """

    def make(folder: Path) -> None:
        series = generate(params)
        values = series["value"]
        facts = Ingested(
            path=Path(),
            source=f"generated daily temperature, {params.num_days:,} days, seed {params.seed}",
            fingerprint=hashlib.sha256(series.to_numpy().tobytes()).hexdigest()[:16],
            splits={
                SERIES: SplitFacts(
                    num_examples=len(series),
                    missing=int(values.isna().sum()),
                    repeats=int(series["day"].duplicated().sum()),
                    minimum=float(values.min()),
                    maximum=float(values.max()),
                )
            },
            repeats_across=0,
        )
        series.to_parquet(folder / f"{SERIES}.parquet", index=False)
        (folder / FACTS).write_text(facts.model_dump_json(), encoding="utf-8")

    output = store.output("ingest", key_of("series", VERSION, params.digest()), make, fresh=fresh)
    facts = Ingested.model_validate_json((output.path / FACTS).read_text(encoding="utf-8"))
    return facts.model_copy(update={"path": output.path, "reused": output.reused})


def generate(params: SeriesIngest) -> pd.DataFrame:
    """Columns `day`, `value` and `true_mean`, one row a day, in degrees C.

    The noise is that of `numpy.random.RandomState(seed).randn(num_days)`, so that the shipped
    params give the very series of the tutorial.
    """
    day = np.arange(params.num_days)
    season = params.amplitude * np.sin(2 * np.pi * day / params.period)
    true_mean = params.mean + season + params.trend * day
    noise = np.random.RandomState(params.seed).randn(params.num_days) * params.noise
    return pd.DataFrame({"day": day, "value": true_mean + noise, "true_mean": true_mean})
