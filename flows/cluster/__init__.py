"""Trainings on the workers of a Dask cluster; only runs that ask for one import Dask."""
