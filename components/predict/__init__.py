"""Predict: what a finished run says of texts and series it has not seen."""
