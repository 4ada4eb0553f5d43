"""Values that cross a stage border: frozen, small, and written as JSON."""

from components.records.analysis import (
    Confusion,
    Disagreement,
    LengthBin,
    Mistake,
    Reliability,
    ReliabilityBin,
    Residuals,
    SeasonBin,
    SeriesErrors,
    TextErrors,
)
from components.records.comparison import (
    ComparedData,
    Comparison,
    Cost,
    Curve,
    ForecastPicture,
    Provenance,
    Row,
)
from components.records.evidence import ComparisonEvidence, Recalled, RunEvidence, RunJob
from components.records.pairs import Method, Needed, Pair, RunTest
from components.records.record import Record
from components.records.spread import Spread
from components.records.stages import (
    Answering,
    Epoch,
    Evidence,
    Ingested,
    Missing,
    NamedRow,
    Prepared,
    Scaler,
    Scored,
    SequenceSpec,
    SplitFacts,
    Trained,
)
from components.records.summary import Summary
from components.records.texts import EncodedText, NewText, TextNumbers

__all__ = [
    "Answering",
    "ComparedData",
    "Comparison",
    "ComparisonEvidence",
    "Confusion",
    "Cost",
    "Curve",
    "Disagreement",
    "EncodedText",
    "Epoch",
    "Evidence",
    "ForecastPicture",
    "Ingested",
    "LengthBin",
    "Method",
    "Missing",
    "Mistake",
    "NamedRow",
    "Needed",
    "NewText",
    "Pair",
    "Prepared",
    "Provenance",
    "Recalled",
    "Record",
    "Reliability",
    "ReliabilityBin",
    "Residuals",
    "Row",
    "RunEvidence",
    "RunJob",
    "RunTest",
    "Scaler",
    "Scored",
    "SeasonBin",
    "SequenceSpec",
    "SeriesErrors",
    "SplitFacts",
    "Spread",
    "Summary",
    "TextErrors",
    "TextNumbers",
    "Trained",
]
