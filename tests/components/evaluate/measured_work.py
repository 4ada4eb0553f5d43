"""What children do in tests of measuring: they import this module by its name."""

import json
from pathlib import Path


def count_threads(_: str, folder: Path) -> None:
    """Write down how many threads everything that computes may have, after it was limited."""
    import pyarrow as pa
    import torch
    from threadpoolctl import threadpool_info

    from components.evaluate.timing import use_one_thread

    torch.set_num_threads(2)
    use_one_thread()
    pools = [one["num_threads"] for one in threadpool_info()]
    (folder / "threads.json").write_text(
        json.dumps([torch.get_num_threads(), pa.cpu_count(), *pools])
    )
