"""The files of a report to one archive, which works where it is unpacked.

folder, names, recording ──► all.zip: report.html beside the recording that it plays
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path

ALL = "all.zip"


def zipped(folder: Path, names: Sequence[str], recording: Path | None) -> Path:
    """The archive, made once; sound is stored as it is, since it is compressed already or hardly compresses."""
    archive = folder / ALL
    if archive.is_file():
        return archive
    temporary = archive.with_suffix(".new")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as written:
        for name in names:
            if (folder / name).is_file():
                written.write(folder / name, name)
        if recording is not None:
            written.write(recording, recording.name, zipfile.ZIP_STORED)
    temporary.replace(archive)
    return archive
