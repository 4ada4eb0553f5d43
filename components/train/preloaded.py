"""What takes seconds to import of all that children do; the forkserver imports it, once for all."""

from components.importing import importing

with importing():
    import sklearn.metrics  # noqa: F401 - for scores

    import components.train.fit  # noqa: F401 - for trainings
