"""A search for better params by Optuna, on validation data alone."""
