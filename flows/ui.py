"""`unroll ui`: this process becomes MLflow's server on our store."""

import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

from components.storage import Home
from flows.reading import require_runs
from flows.settings import set_defaults
from params.errors import InputError


def open_ui(home: Home, port: int) -> NoReturn:
    """Serve the MLflow UI at 127.0.0.1.

    Raises:
        InputError: If there are no runs, a server keeps them, or the port is taken.
    """
    uri = home.tracking_uri
    if home.is_tracked_by_server:
        raise InputError(f"a server keeps the runs already; open {uri} in a browser")
    require_runs(home)
    require_free(port)
    serve(uri, home.artifacts, port)


def require_free(port: int, option: str = "--port") -> None:
    """See that nothing listens on a port of 127.0.0.1, which that option chooses.

    Raises:
        InputError: If something does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise InputError(
                f"port {port} cannot be used: {error.strerror}; choose another with {option}"
            ) from None


def serve(uri: str, artifacts: Path, port: int) -> NoReturn:
    """Become the MLflow server."""
    set_defaults()
    sys.stderr.write(f"MLflow UI on http://127.0.0.1:{port} (Ctrl-C ends it)\n")
    command = [*mlflow_server(port, artifacts), "--backend-store-uri", uri]
    os.execv(sys.executable, command)


def mlflow_server(port: int, artifacts: Path) -> list[str]:
    """The command of an MLflow server at 127.0.0.1, but for its database."""
    # Safe of a folder `mlflow` where the user stands.
    command = [sys.executable, "-P", "-m", "mlflow", "server", "--host", "127.0.0.1"]
    return [*command, "--port", str(port), "--artifacts-destination", str(artifacts)]
