"""The program on 64-bit Arm, as on a Raspberry Pi, emulated by qemu in a Debian 12.

``make test-arm64`` runs these tests; they need root, debootstrap and qemu-user-static, and are deselected otherwise.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.parts.system.container import CHECKOUT, pack_checkout
from tests.parts.system.debian import REPOSITORY, WHEELS, debian_root, in_root

pytestmark = pytest.mark.arm64

PYTHON = "/opt/edged/venv/bin/python"
STEPS = 2 / 256  # of a quantised score
SAMPLE = "edged/demo/sample.flac"
REGISTRY = Path("/proc/sys/fs/binfmt_misc")  # of the kernel: which program runs which foreign binaries
RULE = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An arm64 Debian after ``make install``; its changes are discarded afterwards."""
    assert shutil.which("debootstrap"), "needs debootstrap: make test-arm64 installs it"
    assert os.geteuid() == 0, "needs root, for chroot: sudo make test-arm64"
    folder = tmp_path_factory.mktemp("arm64")
    layers = {name: folder / name for name in ("upper", "work", "merged")}
    for layer in layers.values():
        layer.mkdir()
    with qemu_registered():
        options = f"lowerdir={debian_root('arm64')},upperdir={layers['upper']},workdir={layers['work']}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, layers["merged"]], check=True)
        try:
            subprocess.run(["mount", "-t", "proc", "proc", layers["merged"] / "proc"], check=True)
            checkout = layers["merged"] / CHECKOUT.removeprefix("/")
            checkout.mkdir()
            pack_checkout(folder / "checkout.tar")
            shutil.unpack_archive(folder / "checkout.tar", checkout, filter="tar")
            offline = ["env", "PIP_NO_INDEX=1", f"PIP_FIND_LINKS={WHEELS}"]
            in_root(layers["merged"], *offline, "make", "-C", CHECKOUT, "install")
            yield layers["merged"]
        finally:
            subprocess.run(["umount", "--recursive", layers["merged"]], check=True)


@contextmanager
def qemu_registered() -> Iterator[None]:
    """qemu for arm64 is registered with the kernel, as by Debian's package under systemd; undone afterwards."""
    with ExitStack() as undo:
        if not (REGISTRY / "register").exists():
            subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", REGISTRY], check=True)
            undo.callback(lambda: subprocess.run(["umount", REGISTRY], check=True))
        entry = REGISTRY / "qemu-aarch64"
        if not entry.exists():
            assert RULE.exists(), "needs qemu-user-static: make test-arm64 installs it"
            (REGISTRY / "register").write_text(RULE.read_text())
            undo.callback(entry.write_text, "-1")
        yield


def test_install_in_a_root_that_is_not_booted(root: Path) -> None:
    """Everything is installed and enabled; the processor is Arm."""
    assert in_root(root, "uname", "-m").stdout == "aarch64\n"
    assert (root / "etc/systemd/system/multi-user.target.wants/edged.service").is_symlink()
    assert "edged" in in_root(root, "id", "-nG", "edged").stdout
    assert "audio" in in_root(root, "id", "-nG", "edged").stdout


def test_check_finds_bundle_and_runtime(root: Path) -> None:
    """All checks pass except for the microphone and the broker, which a chroot lacks."""
    done = in_root(root, PYTHON, "-m", "edged", "check", "--config", "/etc/edged/config.yaml", check=False)
    emulated = dict(line.split()[:2] for line in done.stdout.splitlines())
    assert {part: emulated[part] for part in ("config", "bundle", "runtime")} == dict.fromkeys(
        ("config", "bundle", "runtime"), "OK"
    )
    assert done.returncode == 1


@pytest.mark.parametrize("runtime", ["ai-edge-litert", "tflite-runtime"])
def test_models_have_the_scores_of_this_machine(root: Path, tmp_path: Path, runtime: str) -> None:
    """Demo conversation: inputs differ by at most one step, and rarely; scores for equal inputs by at most two."""
    here, there = tmp_path / "here.npy", root / "root" / "there.npy"
    expected = json.loads(
        local_output(sys.executable, "tests/parts/models/model_scores.py", runtime, SAMPLE, str(here), str(here))
    )
    for file in (REPOSITORY / "tests" / "parts" / "models" / "model_scores.py", here):
        shutil.copy(file, root / "root")
    arguments = (runtime, f"{CHECKOUT}/{SAMPLE}", "/root/there.npy", "/root/here.npy")
    emulated = json.loads(in_root(root, PYTHON, "/root/model_scores.py", *arguments).stdout)
    off = np.abs(np.load(here).astype(int) - np.load(there))
    assert off.max() <= 1
    assert np.count_nonzero(off) < off.size / 1000
    assert len(emulated) == 5
    for name, scores in expected.items():
        difference = np.abs(np.array(emulated[name]) - np.array(scores)).max()
        assert difference <= STEPS, f"{name}: {difference * 256:.1f} steps"


def test_replay_answers_as_on_this_machine(root: Path) -> None:
    """A replay gives the same windows and speech; labels may differ where two scores are nearly equal."""
    pairs = list(
        zip(
            windows(local_output(sys.executable, "-m", "edged", "replay", "--jsonl", SAMPLE)),
            windows(in_root(root, PYTHON, "-m", "edged", "replay", "--jsonl", f"{CHECKOUT}/{SAMPLE}").stdout),
            strict=True,
        )
    )
    assert all((here["start_s"], here["speech"]) == (there["start_s"], there["speech"]) for here, there in pairs)
    speech = [(here, there) for here, there in pairs if here["speech"]]
    assert len(speech) > 10
    assert sum(here["label"] == there["label"] for here, there in speech) >= 0.95 * len(speech)


def local_output(*command: str) -> str:
    """Stdout of a command on this machine."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=300, cwd=REPOSITORY, env=environment
    )
    return done.stdout


def windows(lines: str) -> list[dict[str, Any]]:
    """The windows in the output of a replay."""
    rows = [json.loads(line) for line in lines.splitlines()]
    return [row for row in rows if row["type"] == "window"]
