"""Metrics as Prometheus text over a real socket."""

import sys
import urllib.error
import urllib.request

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from edged.contract.health import AdaptationMetrics, FeatureMetrics
from edged.errors import ConfigError
from edged.host.prometheus import Exporter
from tests.parts.broker.mosquitto import free_port
from tests.parts.broker.payloads import health


def metrics(port: int) -> dict[str, float]:
    """Every sample of a GET, without labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_every_number_of_health_is_a_metric() -> None:
    """Counts are counters, other numbers gauges, and none is missing."""
    port = free_port()
    with Exporter(port) as exporter:
        exporter.health(health())
        served = metrics(port)
    numbers = {
        name: value
        for name, value in msgspec.to_builtins(health()).items()
        if isinstance(value, int | float) and name != "v"
    }
    for name, value in numbers.items():
        assert served.get(f"edged_{name}", served.get(f"edged_{name}_total")) == float(value), name
    assert served["edged_windows_total"] == health().windows
    assert 0 <= served["edged_health_age_seconds"] < 60


def test_texts_are_labels_of_one_metric() -> None:
    """edged_info has versions, bundle and microphone; each throttling reason is a metric of its own."""
    port = free_port()
    with Exporter(port) as exporter:
        exporter.health(msgspec.structs.replace(health(), throttling=["under_voltage"]))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
            text = answer.read().decode()
    (info,) = [line for line in text.splitlines() if line.startswith("edged_info{")]
    assert f'bundle="{health().bundle}"' in info
    assert all(version in info for version in health().versions.values())
    assert 'edged_throttling{reason="under_voltage"} 1.0' in text


def test_adaptation_is_served() -> None:
    """Seconds, distance and effect by label are numbers; a date that is not known is left out."""
    features = FeatureMetrics(speech_s=61.0, calibration_s=6.2, distance=1.9, effect={"sad": 0.7})
    port = free_port()
    with Exporter(port) as exporter:
        baseline = AdaptationMetrics(heard_s=61.0, shift={"sad": 0.1}, frozen=False, features=features)
        exporter.health(msgspec.structs.replace(health(), baseline=baseline))
        served = metrics(port)
    names = ("speech_s", "calibration_s", "distance", "effect_sad")
    assert [served[f"edged_baseline_features_{name}"] for name in names] == [61.0, 6.2, 1.9, 0.7]
    assert served["edged_baseline_shift_sad"] == 0.1
    assert not [name for name in served if "since" in name or "calibrated" in name]


def test_before_the_first_figures_there_are_none() -> None:
    """A request before the first metrics gets an empty response."""
    port = free_port()
    with Exporter(port):
        assert metrics(port) == {}


def test_port_is_free_again_afterwards() -> None:
    """After close the same port can be opened again."""
    port = free_port()
    for _ in range(2):
        with Exporter(port):
            metrics(port)
    with pytest.raises(urllib.error.URLError):
        metrics(port)


def test_port_zero_is_off() -> None:
    """The default opens no port and needs no package."""
    with Exporter(0) as exporter:
        exporter.health(health())


def test_port_in_use_is_a_config_error() -> None:
    """The error has key, port and the system's reason."""
    port = free_port()
    with (
        Exporter(port),
        pytest.raises(ConfigError, match=rf"prometheus\.port is {port}: Address already in use, expected"),
        Exporter(port),
    ):
        pass


def test_missing_package_is_a_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the error has the install command."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ConfigError, match=r"pip install 'edged\[prometheus\]'"), Exporter(9):
        pass
