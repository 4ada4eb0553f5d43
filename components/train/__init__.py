"""Train: batches -> the weights with the lowest validation loss, in a clean child process."""
