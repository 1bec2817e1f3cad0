"""Jobs over a Ray cluster: this machine's cores, or machines that joined one.

    jobs ──ray.remote, one core each──► workers on any node ──► results, in the order in which they are done

Ray moves a job whose worker or machine died to another one.  Nodes need this checkout and its extras, and the same
paths of recordings and ``--work``; what a job returns travels by Ray, so results are written here alone.
"""

import socket
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from convert.tasks.job import Job, Result
from convert.tasks.processes import N_TRIES, one_thread
from edged.errors import UsageError, counted

_CONNECT_S = 20.0
_ROOT = Path(__file__).parents[2]


class OnRay:
    """The cluster at ``address``; without one, a cluster of this machine's cores, which ends with the jobs."""

    def __init__(self, address: str | None = None) -> None:
        self._address = address
        self._ray = _ray()

    def results(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Result]]:
        """See ``Workers``."""
        if not jobs:
            return
        ray = self._ray
        self._join()
        # A job that raises is no reason to try it again: it would raise again.
        remote = ray.remote(num_cpus=1, max_retries=N_TRIES - 1, retry_exceptions=False)(_run)
        try:
            waiting = {remote.remote(job): job for job in jobs}
            while waiting:
                (done,), _ = ray.wait(list(waiting), num_returns=1)
                job = waiting.pop(done)
                yield job, self._result(job, done)
        finally:
            ray.shutdown()

    def _join(self) -> None:
        if self._address is not None:
            _reach(self._address)
        try:
            self._ray.init(
                address=self._address,
                include_dashboard=None if self._address else False,
                log_to_driver=False,
                logging_level="ERROR",
                runtime_env={"env_vars": {"PYTHONPATH": str(_ROOT)}},
            )
        except (ConnectionError, ValueError, RuntimeError) as exc:
            reason = str(exc).strip().splitlines()[0] if str(exc).strip() else type(exc).__name__
            raise UsageError(f"--ray {self._address}: {reason}, expected the address of a running cluster") from exc
        nodes = [node for node in self._ray.nodes() if node["Alive"]]
        cores = int(self._ray.cluster_resources().get("CPU", 0))
        print(f"ray: {counted(len(nodes), 'node')}, {counted(cores, 'core')}", file=sys.stderr)

    def _result(self, job: Job, done: Any) -> Result:  # noqa: ANN401 - a reference to an object of Ray
        errors = self._ray.exceptions
        try:
            found: Result = self._ray.get(done)
        except errors.RayTaskError as exc:
            raise exc.cause from exc
        except (
            errors.WorkerCrashedError,
            errors.NodeDiedError,
            errors.OutOfMemoryError,
            errors.ObjectLostError,
        ) as exc:
            raise UsageError(f"{job.name}: its worker died {N_TRIES} times, expected more memory on the nodes") from exc
        return found


def _reach(address: str) -> None:
    """Asks for the cluster's port: Ray itself tries for minutes.

    Raises:
        UsageError: nobody listens there.
    """
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or "//" in host:
        return
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
    except OSError as exc:
        reason = exc.strerror or exc
        raise UsageError(f"--ray {address}: {reason}, expected the address of a running cluster") from exc


def _run(job: Job) -> Result:
    one_thread()
    return job.run()


def _ray() -> Any:  # noqa: ANN401 - a module without types
    """Ray itself.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return import_module("ray")
    except ImportError as exc:
        raise UsageError(f"{exc}: expected the extra cluster: pip install -e '.[convert,cluster]'") from exc
