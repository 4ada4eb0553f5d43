"""Where runs are tracked: an MLflow server or database, and the experiment in it."""

from urllib.parse import quote

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from components.records import Record
from components.storage import Home, is_server
from components.tracking.connection import first_client
from components.tracking.places import remember

# Else MLflow's UI guesses what kind of experiment it is, and may show that of language models.
KIND, TRAINING = "mlflow.experimentKind", "custom_model_development"


class Tracking(Record):
    """Where runs are tracked: an MLflow server or database, and the experiment in it."""

    uri: str
    experiment_id: str

    def client(self) -> MlflowClient:
        """A client of that server or database."""
        return MlflowClient(self.uri)

    @property
    def is_server(self) -> bool:
        """Whether it is a server, which people open in a browser at the same address."""
        return is_server(self.uri)

    def page(self, run_id: str, artifact: str | None = None) -> str:
        """The page of a run, or of an artifact of it, as a link from any page of MLflow's UI."""
        page = f"#/experiments/{self.experiment_id}/runs/{run_id}"
        return page if artifact is None else f"{page}/artifacts/{quote(artifact)}"


def open_tracking(home: Home, experiment_name: str) -> Tracking:
    """The tracking of an experiment; database and experiment are made if they are not there."""
    uri = home.tracking_uri
    client = first_client(uri)
    known = client.get_experiment_by_name(experiment_name)
    if known is not None:
        if KIND not in known.tags:
            client.set_experiment_tag(known.experiment_id, KIND, TRAINING)
        remember(home, known)
        return Tracking(uri=uri, experiment_id=known.experiment_id)
    # A server chooses where artifacts go; a local database has to be told.
    location = None if is_server(uri) else home.artifacts.as_uri()
    try:
        created = client.create_experiment(
            experiment_name, artifact_location=location, tags={KIND: TRAINING}
        )
    except MlflowException:  # another process made it in between
        known = client.get_experiment_by_name(experiment_name)
        if known is None:
            raise
        created = known.experiment_id
    remember(home, client.get_experiment(created))
    return Tracking(uri=uri, experiment_id=created)
