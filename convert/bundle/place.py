"""The folder of a bundle: what it may be, and how a new one takes its place.

--out ──nothing, an empty folder, a bundle──► fit; anything else is somebody's, and refused
--bundle ──a bundle of convert, in a folder that can be written──► Bundle
NAME.part, verified ──► NAME, whose old content is removed last
"""

import shutil
from pathlib import Path

from convert.data.atomic_file import check_place
from edged.errors import UsageError
from edged.models.bundle import Bundle, load_bundle

_MANIFEST = "bundle.json"


def check_out(out: Path) -> None:
    """Checks that a bundle can be written to ``out``, and would replace nothing but a bundle.

    Raises:
        UsageError: it is a file, a folder of something else, or in a folder that takes no files.
    """
    place, expected = out.resolve(), "expected a new folder, or that of a bundle"
    if not place.name:
        raise UsageError(f"--out {out}: is the root folder, {expected}")
    if place.is_dir() and any(place.iterdir()) and not (place / _MANIFEST).is_file():
        raise UsageError(f"--out {out}: holds files but no {_MANIFEST}, {expected}, which is replaced")
    check_place("--out", out, "folder")


def made_here(path: Path) -> Bundle:
    """The bundle in the folder ``path``, checked so that figures or a gate can be put into it.

    Raises:
        ModelError: there is none, or it is damaged.
        UsageError: it was not made by ``convert``, or its folder takes no files.
    """
    made = load_bundle(path)
    if "command" not in made.manifest.training:
        raise UsageError(f"{path / _MANIFEST}: training has no command, expected a bundle that convert made")
    check_place("--bundle", path / _MANIFEST, "file")
    return made


def replace(out: Path, part: Path) -> None:
    """Moves ``part`` to ``out``; the old folder is removed only once the new one is there."""
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.replace(old)
    part.replace(out)
    shutil.rmtree(old, ignore_errors=True)
