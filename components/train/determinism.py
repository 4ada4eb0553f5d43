"""What makes the same seed give the same bits, on a GPU too; nothing else sets these flags.

On the processor all that a training does is deterministic. On a GPU torch has slower ways for what
is not, above all adding up the gradients of what was read by index; cuBLAS must not choose among
workspaces, and cuDNN not among algorithms by their speed. The recurrent layers are single ones with
dropout of ours between them, since cuDNN's own dropout cannot be reproduced.
"""

import os

import torch

WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
ONE_SIZE = ":4096:8"  # eight of 4 MiB: with a single size there is nothing to choose


def same_bits(wanted: bool) -> None:
    """Let torch compute the same bits for the same seed, or as fast as it can.

    Call it before anything is done on a GPU, in a process that does nothing else: cuBLAS reads its
    setting once. On several devices each process must call it.
    """
    if wanted:
        os.environ[WORKSPACE] = ONE_SIZE
    torch.use_deterministic_algorithms(wanted)
    torch.backends.cudnn.deterministic = wanted
    torch.backends.cudnn.benchmark = not wanted
    # With deterministic algorithms torch fills whatever it allocates, so that a forgotten write
    # shows; for an LSTM's workspace that is a fifth of the training time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # torch sets it up at run time
