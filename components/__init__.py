"""The stages as plain functions; they work in a notebook, without Prefect."""
