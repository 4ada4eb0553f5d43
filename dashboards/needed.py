"""What would show a difference that these data do not show, as text."""

from components.metrics import Metric
from components.records import Needed, Row
from dashboards.points import amount

EXAMPLES = {"classification": "test examples", "forecast": "test days"}


def needed_text(needed: Needed, two: tuple[Row, Row], metric: Metric) -> str:
    """How many more seeds or test examples would show a difference of the size that matters.

    A clause without a full stop, about the two rows of a pair.
    """
    size, examples = amount(needed.difference, metric), EXAMPLES[metric.task]
    if 0 in (needed.more_seeds, needed.more_examples):
        return f"one of {size} would have been found in four of five such comparisons"
    seeds = ""
    if needed.more_seeds is not None:
        each = " each" if all(row.seeds for row in two) else ""
        seeds = f"{about(needed.more_seeds)} more seed{'' if needed.more_seeds == 1 else 's'}{each}"
    more = ""
    if needed.more_examples is not None:
        more = f"{about(needed.more_examples)} more {examples}"
    ran_once = any(len(row.seeds) == 1 for row in two)
    if not seeds and not more:
        if ran_once or not any(row.seeds for row in two):
            return f"more {examples} would not show one of {size}"
        return f"neither more seeds nor more {examples} alone would show one of {size}"
    both = " or ".join(one for one in (seeds, more) if one)
    clause = f"about {both} would be needed to see one of {size}"
    if seeds and not more:
        return f"{clause}, more {examples} alone would not do"
    if more and not seeds and ran_once:
        return f"{clause} between these runs, and what other seeds would say is not known"
    if more and not seeds and any(row.seeds for row in two):
        return f"{clause}, more seeds alone would not do"
    return clause


def about(number: int) -> str:
    """The number with two digits that count: `7`, `430`, `12,000`."""
    return f"{float(f'{number:.2g}'):,.0f}"
