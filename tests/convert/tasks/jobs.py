"""Functions that jobs run, at the top of a module so that other processes can import them."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
