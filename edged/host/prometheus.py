"""The metrics of ``health`` as Prometheus text on a loopback port; the only use of prometheus-client.

    Health ──daemon──► health() ──GET /metrics──► edged_windows_total 1021, edged_resident_mb 61.2, edged_info{…} 1

Every field becomes a metric by its kind: counts since the start are counters, other numbers gauges, texts labels of
``edged_info``.  prometheus-client answers requests in a thread of its own, which shares one reference with the
pipeline.
"""

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import msgspec

from edged.contract.health import Health
from edged.errors import ConfigError

_ADDRESS = "127.0.0.1"
_COUNTERS = frozenset(
    {"windows", "windows_speech", "windows_skipped", "samples_dropped", "overflows", "gaps", "recoveries", "reconnects"}
)  # they only grow, from the start of the daemon
_LEFT_OUT = frozenset({"v", "time"})  # Prometheus has its own clock; edged_health_age_seconds gives the age


class Exporter:
    """Serves the newest metrics on ``port``, or nothing if that is 0; ``with`` opens and closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._newest: tuple[Health, float] | None = None  # and the monotonic clock when it came
        self._server: Any = None

    def __enter__(self) -> Self:
        """Listens.

        Raises:
            ConfigError: the package is missing, or the port is taken.
        """
        if not self._port:
            return self
        try:
            import prometheus_client  # noqa: PLC0415 -- an extra, wanted only with a port
        except ImportError as exc:
            raise ConfigError(
                f"prometheus.port is {self._port}, expected 0 where the Python package prometheus-client is missing"
                " (pip install 'edged[prometheus]')"
            ) from exc
        registry = prometheus_client.CollectorRegistry()
        registry.register(self)  # all it asks for is collect()
        try:
            self._server, self._thread = prometheus_client.start_http_server(self._port, _ADDRESS, registry)
        except OSError as exc:
            raise ConfigError(
                f"prometheus.port is {self._port}: {exc.strerror or exc}, expected a port that is free"
            ) from exc
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Closes the port."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def health(self, payload: Health) -> None:
        """Stores the newest metrics."""
        self._newest = payload, time.monotonic()

    def collect(self) -> Iterator[Any]:
        """The metrics, as prometheus-client asks for them at each request."""
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily  # noqa: PLC0415 -- an extra

        if self._newest is None:
            return
        payload, stored_s = self._newest
        texts: dict[str, str] = {}
        yield GaugeMetricFamily("edged_health_age_seconds", "Age of these metrics.", time.monotonic() - stored_s)
        yield from _metrics("", msgspec.to_builtins(payload), texts)
        yield InfoMetricFamily("edged", "Texts among the metrics.", texts)


def _metrics(above: str, values: dict[str, Any], texts: dict[str, str]) -> Iterator[Any]:
    """Yields every number as a metric, and collects texts in ``texts``."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415 -- an extra

    for key, value in values.items():
        name = above + key.replace("-", "_")
        if name in _LEFT_OUT or value is None:
            continue
        what = f"{name} of the topic health."
        if isinstance(value, dict):
            yield from _metrics(f"{name}_", value, texts)
        elif isinstance(value, str):
            texts[name] = value
        elif isinstance(value, list):
            family = GaugeMetricFamily(f"edged_{name}", what, labels=["reason"])
            for reason in value:
                family.add_metric([str(reason)], 1)
            yield family
        elif name in _COUNTERS:
            yield CounterMetricFamily(f"edged_{name}", what, value)
        else:
            yield GaugeMetricFamily(f"edged_{name}", what, value)
