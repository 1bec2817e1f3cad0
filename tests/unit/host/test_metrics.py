"""Metrics of this process, and of other boards from copies of their files."""

import threading
import time
from pathlib import Path

import pytest

from edged.host.metrics import Metrics, available_mb, resident_mb, temperature_c, throttling, versions


def board(folder: Path, throttled: str) -> Path:
    """Platform devices of a Raspberry Pi whose firmware reports ``throttled``."""
    firmware = folder / "soc" / "soc:firmware"
    firmware.mkdir(parents=True)
    (firmware / "get_throttled").write_text(throttled)
    return folder


def test_cpu_share_is_of_the_time_since_the_last_call() -> None:
    """After equal work and rest the share is between bounds measured just outside and inside the call."""

    def clocks() -> tuple[float, float]:
        return time.process_time(), time.monotonic()

    metrics = Metrics()
    outer_cpu_s, outer_s = clocks()
    metrics.cpu_share()
    inner_cpu_s, inner_s = clocks()
    while time.process_time() - inner_cpu_s < 0.1:
        pass
    threading.Event().wait(time.monotonic() - inner_s)
    min_cpu_s, min_s = clocks()
    share = metrics.cpu_share()
    max_cpu_s, max_s = clocks()
    lower = (min_cpu_s - inner_cpu_s) / (max_s - outer_s)
    upper = (max_cpu_s - outer_cpu_s) / (min_s - inner_s)
    assert lower <= share <= upper < 0.9


def test_peak_is_the_greatest_since_the_last_call() -> None:
    """The peak is in dBFS: half of full scale is -6; without sound or in silence -96."""
    metrics = Metrics()
    metrics.count_sound(1, 0, 0.5)
    metrics.count_sound(1, 0, 0.25)
    assert metrics.peak_dbfs() == pytest.approx(-6.02, abs=0.01)
    assert metrics.peak_dbfs() == pytest.approx(-96)
    metrics.count_sound(1, 0, 0)
    assert metrics.peak_dbfs() == pytest.approx(-96)


def test_clipping_is_what_came_since_the_last_call() -> None:
    """A count that grew since the last call is clipping."""
    metrics = Metrics()
    assert [metrics.clipping(n_clipped) for n_clipped in (0, 3, 3, 4)] == [False, True, False, True]


def test_temperature_is_of_the_hottest_zone(tmp_path: Path) -> None:
    """Zones are in thousandths of a degree; one without a reading is ignored."""
    for zone, content in enumerate(["41250\n", "53400\n", "", "N/A\n"]):
        (tmp_path / f"thermal_zone{zone}").mkdir()
        (tmp_path / f"thermal_zone{zone}" / "temp").write_text(content)
    (tmp_path / "thermal_zone9").mkdir()
    assert temperature_c(tmp_path) == 53.4


def test_temperature_without_a_thermometer_is_none(tmp_path: Path) -> None:
    """A virtual machine has no thermometer."""
    assert temperature_c(tmp_path) is None
    assert temperature_c(tmp_path / "absent") is None


@pytest.mark.parametrize(
    ("throttled", "expected"),
    [
        ("0\n", []),
        ("0x0\n", []),
        ("50005\n", ["under_voltage", "throttled"]),
        ("50000\n", ["under_voltage_before", "throttled_before"]),
        ("80008\n", ["too_hot"]),
        ("e0002\n", ["frequency_capped", "throttled_before", "too_hot_before"]),
    ],
)
def test_throttling_is_in_words(tmp_path: Path, throttled: str, expected: list[str]) -> None:
    """Firmware bits become words: what holds now, and what occurred since boot."""
    assert throttling(board(tmp_path, throttled)) == expected


def test_throttling_where_the_board_does_not_tell_is_none(tmp_path: Path) -> None:
    """A missing or silent firmware gives null."""
    assert throttling(tmp_path) is None
    assert throttling(board(tmp_path, "")) is None


def test_memory_and_versions_are_of_this_process() -> None:
    """Memory is more than bare Python's, and versions match the process."""
    assert 10 < resident_mb() < 10_000
    assert {"numpy", "python"} <= versions("no such runtime").keys()


def test_available_mb(tmp_path: Path) -> None:
    """Memory that can be had without swapping, in MB; None where the kernel does not say."""
    file = tmp_path / "meminfo"
    file.write_text("MemTotal:  512000 kB\nMemAvailable:  250000 kB\n")
    assert available_mb(file) == pytest.approx(256.0)
    file.write_text("MemTotal:  512000 kB\n")
    assert available_mb(file) is None
    assert available_mb(tmp_path / "absent") is None
