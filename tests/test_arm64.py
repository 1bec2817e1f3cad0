"""The same program on Arm, as on a Raspberry Pi with a system of 64 bits, emulated by qemu in a Debian 12.

``make test-arm64`` runs these; they need root, debootstrap and qemu-user-static, and are deselected otherwise.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.container import CHECKOUT, pack_checkout
from tests.debian import REPOSITORY, WHEELS, in_root, made_root

pytestmark = pytest.mark.arm64

EDGED = "/opt/edged/venv/bin/edged"
STEPS = 2 / 256  # of a quantized score
SAMPLE = "edged/demo/sample.flac"
RUNTIMES = ("ai_edge_litert", "tflite_runtime")
# One runtime at a time: the other one cannot be imported.
ONLY = "import sys; sys.modules[{other!r}] = None; from edged.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Debian of arm64 in which ``make install`` has been run; what it wrote goes away afterwards."""
    assert shutil.which("debootstrap"), "needs debootstrap: make test-arm64 installs it"
    assert os.geteuid() == 0, "needs root, for chroot: sudo make test-arm64"
    register_qemu()
    folder = tmp_path_factory.mktemp("arm64")
    layers = {name: folder / name for name in ("upper", "work", "merged")}
    for layer in layers.values():
        layer.mkdir()
    options = f"lowerdir={made_root('arm64')},upperdir={layers['upper']},workdir={layers['work']}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, layers["merged"]], check=True)
    try:
        checkout = layers["merged"] / CHECKOUT.removeprefix("/")
        checkout.mkdir()
        pack_checkout(folder / "checkout.tar")
        shutil.unpack_archive(folder / "checkout.tar", checkout, filter="tar")
        offline = ["env", "PIP_NO_INDEX=1", f"PIP_FIND_LINKS={WHEELS}"]
        in_root(layers["merged"], *offline, "make", "-C", CHECKOUT, "install")
        yield layers["merged"]
    finally:
        subprocess.run(["umount", layers["merged"]], check=True)


def register_qemu() -> None:
    """Lets the kernel run programs for arm64, unless it does: as Debian's package does where systemd runs."""
    registry = Path("/proc/sys/fs/binfmt_misc")
    if not (registry / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", registry], check=True)
    if not (registry / "qemu-aarch64").exists():
        rule = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
        assert rule.exists(), "needs qemu-user-static: make test-arm64 installs it"
        (registry / "register").write_text(rule.read_text())


def scores(lines: str) -> list[dict[str, Any]]:
    """The windows of a replay."""
    rows = [json.loads(line) for line in lines.splitlines()]
    return [row for row in rows if row["type"] == "window"]


def test_install_in_a_root_that_is_not_booted(root: Path) -> None:
    """Everything is in place and enabled; the processor is Arm's."""
    assert in_root(root, "uname", "-m").stdout == "aarch64\n"
    assert (root / "etc/systemd/system/multi-user.target.wants/edged.service").is_symlink()
    assert "edged" in in_root(root, "id", "-nG", "edged").stdout
    assert "audio" in in_root(root, "id", "-nG", "edged").stdout


def test_check_finds_bundle_and_runtime(root: Path) -> None:
    """All but what a chroot has not: a microphone and a broker."""
    done = in_root(root, EDGED, "check", "--config", "/etc/edged/config.yaml", check=False)
    found = dict(line.split()[:2] for line in done.stdout.splitlines())
    assert {part: found[part] for part in ("config", "bundle", "runtime")} == dict.fromkeys(
        ("config", "bundle", "runtime"), "OK"
    )
    assert done.returncode == 1


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_replay_has_the_scores_of_this_machine(root: Path, runtime: str) -> None:
    """The demo's conversation: the same windows, the same speech, each score within two quantization steps."""
    (other,) = set(RUNTIMES) - {runtime}
    command = ["-c", ONLY.format(other=other), "replay", "--jsonl"]
    there = in_root(root, "/opt/edged/venv/bin/python", *command, f"{CHECKOUT}/{SAMPLE}")
    here = subprocess.run(
        [sys.executable, *command, REPOSITORY / SAMPLE], check=True, capture_output=True, text=True, timeout=300
    )
    pairs = list(zip(scores(here.stdout), scores(there.stdout), strict=True))
    assert sum(row["speech"] for row, _ in pairs) > 10
    for expected, found in pairs:
        assert (found["start_s"], found["speech"]) == (expected["start_s"], expected["speech"])
        assert (found["scores"] is None) == (expected["scores"] is None)
        for label, score in (expected["scores"] or {}).items():
            assert found["scores"][label] == pytest.approx(score, abs=STEPS)
