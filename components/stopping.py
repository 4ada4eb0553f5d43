"""Whether this process is being ended. What waits looks here, and does not begin anything new."""

import threading

stopping = threading.Event()


class Interrupted(Exception):
    """What was waited for is not wanted any more: this process is being ended."""
