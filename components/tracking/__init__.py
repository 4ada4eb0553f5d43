"""The one door to MLflow: what a run leaves there, and which runs are finished."""
