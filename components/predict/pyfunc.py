"""A finished run as a model that `mlflow.pyfunc.load_model` gives; MLflow itself is not needed.

MLflow is told the name of this module and a folder, and calls `_load_pyfunc` with the folder.
Nothing in it is unpickled.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from numpy.typing import ArrayLike, NDArray

from components.predict.series import Forecaster, load_forecaster
from components.predict.text import Classifier, load_classifier
from params.errors import InputError
from params.kept import PARAMS
from params.load import load
from params.schema import ClassificationExperiment


@dataclass(frozen=True)
class LabelsTexts:
    """A classifier whose answers are a table, one row for each text."""

    classifier: Classifier

    def predict(self, data: pd.DataFrame) -> pd.DataFrame:
        """A column `label`, 0 or 1, and a column `probability`, that of label 1, by text.

        Both are missing for a text that is missing, empty, or without a known word.

        Args:
            data: Has a column `text`.

        Raises:
            InputError: If it has none.
        """
        if "text" not in data:
            raise InputError(f"a column text is needed, got {', '.join(map(str, data)) or 'none'}")
        texts = pa.array(data["text"], from_pandas=True).cast(pa.large_string()).fill_null("")
        answers = self.classifier.answer(texts)
        label = pd.array(answers.labels(), dtype="Int64")
        label[answers.unread] = pd.NA
        columns = {"label": label, "probability": answers.probability}
        return pd.DataFrame(columns, index=data.index)


@dataclass(frozen=True)
class ContinuesSeries:
    """A forecaster that reads many windows at once."""

    forecaster: Forecaster

    def predict(self, data: ArrayLike) -> NDArray[np.float64]:
        """The forecasts after each window, `(N, prediction_length)`, in degrees C.

        Args:
            data: Values in degrees C, the latest last, `(N, context_length)`; a table or an array.

        Raises:
            InputError: If a row is longer or shorter, or holds what is no finite number.
        """
        values = np.asarray(data, dtype=np.float64)
        length = self.forecaster.context_length
        if values.ndim != 2 or values.shape[1] != length:
            raise InputError(f"every row must have {length} values, got the shape {values.shape}")
        if not np.isfinite(values).all():
            raise InputError("every value must be a finite number")
        windows = torch.from_numpy(self.forecaster.scaled(values))[:, :, None]
        with torch.inference_mode():
            found = self.forecaster.network(windows, torch.full((len(values),), length))
        return self.forecaster.in_degrees(found.double().numpy())


def _load_pyfunc(data_path: str) -> LabelsTexts | ContinuesSeries:
    """The model whose params, weights and vocabulary or scaler lie in the folder `data_path`.

    Raises:
        InputError: If a file is missing, or is not as this version of Unroll writes it.
    """
    folder = Path(data_path)
    params = load(str(folder / PARAMS))
    (architecture,) = params.architectures  # that of the one run which the folder is of
    if isinstance(params, ClassificationExperiment):
        return LabelsTexts(load_classifier(folder, architecture, params))
    return ContinuesSeries(load_forecaster(folder, architecture, params))
