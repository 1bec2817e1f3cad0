"""Jobs on a Ray cluster of two nodes on this machine: results, a worker killed in the middle, a node that goes."""

import contextlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convert.tasks.job import Job
from convert.tasks.running import run_all
from edged.errors import RecordingError, UsageError
from tests.convert.tasks import jobs
from tests.parts.broker.mosquitto import free_port

_PATIENCE_MS = 240_000
_HAS_RAY = importlib.util.find_spec("ray") is not None
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not _HAS_RAY, reason="needs Ray: pip install -e '.[cluster]'"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head and a second node, a core each; a loaded machine starts them slowly."""
    from ray._private import services  # noqa: PLC0415 - an extra
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - an extra

    once = services.get_node

    def patient(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - of Ray
        found: list[Any] = []

        def there() -> bool:
            with contextlib.suppress(RuntimeError):
                found.append(once(*given, **named))
            return bool(found)

        jobs.wait_for(there)
        return found[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "get_node", patient)
        patch.setenv("RAY_agent_register_timeout_ms", str(_PATIENCE_MS))
        patch.setenv("RAY_enable_metrics_collection", "0")
        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False, **ports()})
        made.add_node(num_cpus=1, **ports())
        made.wait_for_nodes(timeout=_PATIENCE_MS / 1000)
        yield made
        made.shutdown()


def ports() -> dict[str, int]:
    """Of a node's agents: where they are given, a node does not wait for its agents to choose them."""
    names = ("metrics_agent_port", "dashboard_agent_listen_port", "runtime_env_agent_port", "metrics_export_port")
    return {name: free_port() for name in names}


def squares(folder: Path, count: int) -> list[Job]:
    """``count`` jobs."""
    return [Job(f"square{number}", jobs.square, (number, str(folder))) for number in range(count)]


def test_killed_worker_loses_no_result(cluster: Any, tmp_path: Path) -> None:  # noqa: ANN401 - of Ray
    """Over two nodes; the job whose worker was killed runs again; errors come as they are; nothing is repeated."""
    from convert.tasks.on_ray import OnRay  # noqa: PLC0415 - an extra

    workers = OnRay(cluster.address)
    some = [*squares(tmp_path, 6), Job("dies", jobs.dies_once, (7, str(tmp_path)))]
    results = run_all(some, tmp_path, workers, "test")
    assert results == {**{f"square{n}": {"square": n**2} for n in range(6)}, "dies": {"square": 49}}
    assert jobs.runs(tmp_path, "dies7") == 2
    run_all(some, tmp_path, workers, "test")
    assert jobs.runs(tmp_path, "square0") == 1
    with pytest.raises(RecordingError, match=r"a\.wav: no samples"):
        run_all([Job("bad", jobs.fails, ("a.wav: no samples",))], tmp_path, workers, "test")


def test_job_that_always_dies_is_refused(cluster: Any, tmp_path: Path) -> None:  # noqa: ANN401 - of Ray
    """After three times, in words."""
    from convert.tasks.on_ray import OnRay  # noqa: PLC0415 - an extra

    with pytest.raises(UsageError, match="kills: its worker died 3 times"):
        run_all([Job("kills", jobs.dies, (str(tmp_path),))], tmp_path, OnRay(cluster.address), "test")
    assert jobs.runs(tmp_path, "dies") == 3


def test_killed_node_loses_no_result(cluster: Any, tmp_path: Path) -> None:  # noqa: ANN401 - of Ray
    """A node that goes while it works: what it had begun runs on the other."""
    from convert.tasks.on_ray import OnRay  # noqa: PLC0415 - an extra

    (second,) = cluster.worker_nodes
    (tmp_path / "hold").touch()
    held = [Job(f"held{number}", jobs.held, (number, str(tmp_path))) for number in range(2)]
    results = {}
    for job, result in OnRay(cluster.address).results([*squares(tmp_path, 1), *held]):
        results[job.name] = result
        if job.name == "square0":
            jobs.wait_for(lambda: jobs.runs(tmp_path, "held0") + jobs.runs(tmp_path, "held1") >= 2)
            cluster.remove_node(second, allow_graceful=False)
            (tmp_path / "hold").unlink()
    assert results == {"square0": {"square": 0}, "held0": {"held": 0}, "held1": {"held": 1}}


def test_no_cluster_at_the_address(tmp_path: Path) -> None:
    """One line with the address."""
    from convert.tasks.on_ray import OnRay  # noqa: PLC0415 - an extra

    with pytest.raises(UsageError, match=r"--ray 127\.0\.0\.1:1: "):
        list(OnRay("127.0.0.1:1").results(squares(tmp_path, 1)))
