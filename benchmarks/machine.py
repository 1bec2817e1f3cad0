"""The machine, the versions and the commit that figures are of."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    *("edged", "numpy", "ai-edge-litert", "tflite-runtime", "paho-mqtt", "soxr"),
    *("python_speech_features", "librosa", "kaldi-native-fbank", "opensmile", "onnxruntime"),
)


def commit() -> str:
    """Abbreviated hash of the checkout, with a plus sign if files differ from it; "unknown" outside a checkout."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"], capture_output=True, text=True, check=False
    )
    return described.stdout.strip() or "unknown"


def processor() -> str:
    """The processor's name."""
    fields = dict(_fields(Path("/proc/cpuinfo")))
    return fields.get("model name") or fields.get("Model") or platform.machine()


def n_processors() -> int:
    """Processors that programs can use."""
    return os.cpu_count() or 1


def memory_gb() -> float:
    """Memory of the machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def load() -> float:
    """Runnable processes, mean of a minute."""
    return os.getloadavg()[0]


def versions() -> dict[str, str]:
    """Versions of Python and the packages that are installed."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def described() -> str:
    """One line of Markdown."""
    kernel = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{processor()}, {n_processors()} cores, {memory_gb():.0f} GB, {platform.machine()}, {kernel}"


def _fields(file: Path) -> list[tuple[str, str]]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in lines)]
