"""The daemon's unit file, and what it shares with the hub's: systemd's rating, and consistency with the program."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from edged.audio.microphone import HUNG_S
from edged.errors import ConfigError, ModelError
from edged.mqtt.security.password import CREDENTIAL
from edged.mqtt.security.tls import KEY_CREDENTIAL

UNIT = Path(__file__).parents[2] / "systemd" / "edged.service"
HUB = UNIT.with_name("edged-hub.service")
_MAX_EXPOSURE = 15  # tenths; a unit with only User= has 92


def setting(name: str, unit: Path = UNIT) -> list[str]:
    """Every value of one setting of a unit, in order."""
    return [line.partition("=")[2] for line in unit.read_text().splitlines() if line.startswith(f"{name}=")]


@pytest.fixture
def analyze() -> str:
    """Path of ``systemd-analyze``; skips the test if it is missing."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("needs systemd-analyze: apt-get install systemd")
    return program


@pytest.mark.parametrize("unit", [UNIT, HUB], ids=lambda unit: unit.stem)
def test_exposure_is_low(analyze: str, unit: Path) -> None:
    """``systemd-analyze security`` rates it 1.5 or better."""
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", f"--threshold={_MAX_EXPOSURE}", unit],
        check=False,
        capture_output=True,
        text=True,
    )
    assert "Overall exposure level" in done.stdout, done.stderr
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("unit", [UNIT, HUB], ids=lambda unit: unit.stem)
def test_unit_has_no_fault(analyze: str, tmp_path: Path, unit: Path) -> None:
    """``systemd-analyze verify`` accepts every setting; another program replaces the one not installed here."""
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/edged/venv/bin/edged", "/bin/true").replace("file:/opt/", "file:/"))
    done = subprocess.run([analyze, "verify", "--man=no", copy], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert copy.name not in done.stderr


def test_memory_is_never_writable_and_executable() -> None:
    """MemoryDenyWriteExecute= is set, which is why the microphone uses blocking reads."""
    assert setting("MemoryDenyWriteExecute") == ["yes"]


def test_memory_never_reaches_a_disk() -> None:
    """Memory, which holds recorded sound, reaches no core dump and no swap."""
    assert setting("LimitCORE") == ["0"]
    assert setting("MemorySwapMax") == ["0"]


def test_sound_devices_stay_within_reach() -> None:
    """PrivateDevices= would hide them, so their class is allowed by name; its module is loaded before."""
    assert setting("PrivateDevices") == []
    assert setting("DeviceAllow") == ["char-alsa rw"]
    assert "modprobe@snd.service" in setting("After")[0]
    assert "modprobe@snd.service" in setting("Wants")[0]


def test_driver_that_hangs_is_never_given_up() -> None:
    """systemd restarts it without limit after hangs: the start limit only stops processes that end faster."""
    restart_s, burst, minutes = (
        int(setting(name)[0].removesuffix("min")) for name in ("RestartSec", "StartLimitBurst", "StartLimitIntervalSec")
    )
    assert burst * (HUNG_S + restart_s) > 60 * minutes


def test_statuses_that_no_restart_mends_are_the_programs() -> None:
    """A wrong config or bundle causes no restart."""
    assert setting("RestartPreventExitStatus") == [str(ConfigError.exit_status)]
    assert ModelError.exit_status == ConfigError.exit_status


def test_credentials_are_those_that_are_read() -> None:
    """Credential names match the program's, and a missing file is an empty line, not a failed start."""
    names = (CREDENTIAL, KEY_CREDENTIAL)
    assert setting("LoadCredential") == [f"{name}:/etc/edged/{name}" for name in names]
    assert setting("SetCredential") == [rf"{name}:\n" for name in names]


def test_unit_is_an_ini_file_without_double_sections() -> None:
    """Three sections, each once."""
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.read(UNIT)
    assert parsed.sections() == ["Unit", "Service", "Install"]
    assert sum(line.startswith("[") for line in UNIT.read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("prefix", "why"),
    [
        ("/home/pi/edged", "which the service cannot read"),
        ("/tmp/edged", "which the service cannot read"),  # noqa: S108 -- refused, nothing is written
        ("/opt/my edged", "expected an absolute path"),
        ("edged", "expected an absolute path"),
        ("/", "expected an absolute path"),
    ],
)
def test_prefix_that_cannot_work_is_refused(prefix: str, why: str) -> None:
    """A folder that the sandbox hides, or a path that the unit cannot name, is refused before anything is done."""
    bash = shutil.which("bash")
    assert bash is not None
    installer = UNIT.with_name("install.sh")
    done = subprocess.run(
        [bash, installer, "install"],
        env={"PATH": "", "PREFIX": prefix},  # without a PATH it could do nothing if it continued
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert f"install: PREFIX is '{prefix}', {why}" in done.stderr
