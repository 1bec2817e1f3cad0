"""The clips of a corpus by their ids."""

from pathlib import Path

from convert import corpora as readers


def by_id(folder: Path) -> dict[str, readers.Clip]:
    """The clips of a corpus by their ids."""
    return {clip.id: clip for clip in readers.read(folder)}
