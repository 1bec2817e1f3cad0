"""Functions that jobs run, at the top of a module so that other processes can import them."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from convert.tasks.processes import BarLock

_PATIENCE_S = 240.0


def square(number: int, folder: str) -> dict[str, Any]:
    """The square; leaves a line for each time that it ran."""
    _note(folder, f"square{number}")
    return {"square": number**2}


def dies_once(number: int, folder: str) -> dict[str, Any]:
    """Kills its own process the first time, as a lack of memory does."""
    if len(_note(folder, f"dies{number}")) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"square": number**2}


def dies(folder: str) -> dict[str, Any]:
    """Kills its own process each time."""
    _note(folder, "dies")
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def held(number: int, folder: str) -> dict[str, Any]:
    """Ends once the file ``hold`` is gone."""
    _note(folder, f"held{number}")
    wait_for(lambda: not (Path(folder) / "hold").exists())
    return {"held": number}


def holds_bars(folder: str) -> dict[str, Any]:
    """Writes a bar for as long as it takes another to try."""
    with tqdm.get_lock():
        _note(folder, "holds")
        wait_for(lambda: runs(Path(folder), "tries") == 1)
    return {}


def tries_bars(folder: str) -> dict[str, Any]:
    """Whether a bar can be written while another is."""
    wait_for(lambda: runs(Path(folder), "holds") == 1)
    free = tqdm.get_lock().acquire()
    _note(folder, "tries")
    return {"free": free}


def dies_with(lock: BarLock) -> None:
    """Is killed while it writes a bar."""
    lock.acquire()
    os.kill(os.getpid(), signal.SIGKILL)


def fails(message: str) -> dict[str, Any]:
    """Raises what a user may have to see."""
    from edged.errors import RecordingError  # noqa: PLC0415 - as a worker imports it

    raise RecordingError(message)


def wait_for(condition: Callable[[], bool]) -> None:
    """Waits until ``condition`` holds, for minutes at most."""
    until_s = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > until_s:
            raise TimeoutError("the condition does not come")
        time.sleep(0.05)


def runs(folder: Path, name: str) -> int:
    """How often the job ran."""
    file = folder / f"{name}.ran"
    return len(file.read_text().splitlines()) if file.is_file() else 0


def _note(folder: str, name: str) -> list[str]:
    file = Path(folder) / f"{name}.ran"
    with file.open("a", encoding="utf-8") as lines:
        lines.write(f"{os.getpid()}\n")
    return file.read_text(encoding="utf-8").splitlines()
