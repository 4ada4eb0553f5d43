"""What ingest found, in sentences for people."""

from components.records import Ingested


def sentences(ingested: Ingested) -> tuple[str, ...]:
    """What is known of the data: counts, label balance or range, missing values, exact repeats."""
    found = []
    for name, facts in ingested.splits.items():
        said = [f"{name}: {facts.num_examples:,} examples"]
        if facts.positives is not None:
            said.append(f"{facts.positives / facts.num_examples:.1%} with label 1")
        if facts.minimum is not None and facts.maximum is not None:
            said.append(f"{facts.minimum:.1f} to {facts.maximum:.1f} °C")
        said.append(f"{facts.missing:,} missing or blank")
        said.append(f"{facts.repeats:,} exact repeats")
        found.append(", ".join(said))
    if len(ingested.splits) > 1:
        found.append(f"{ingested.repeats_across:,} texts stand in both splits")
    return tuple(found)
