"""One reader per corpus: a folder in its authors' layout, or with an index, to clips.

    folder ──whichever reader fits──► list[Clip]

Each reader states its corpus' licence at the top and maps the corpus' emotions to words, six of which are the labels.
``read(folder)`` has the same form in all of them.
"""

from pathlib import Path
from types import ModuleType

from convert.corpora import cremad, emodb, emovo, iemocap, index_csv, nemo, ravdess, savee, tess
from convert.corpora.clip import LABELS, Clip, Stored
from edged.errors import UsageError

__all__ = ["LABELS", "READERS", "Clip", "Stored", "read", "reader_of"]

READERS: dict[str, ModuleType] = {
    reader.NAME: reader for reader in (cremad, ravdess, emodb, nemo, emovo, iemocap, tess, savee)
}


def reader_of(folder: Path) -> ModuleType:
    """The reader whose layout ``folder`` has; an index goes before any other.

    Raises:
        UsageError: there is no such folder, or no reader knows it.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder, expected a corpus (option --corpora, variable EDGED_CORPORA)")
    for reader in (index_csv, *READERS.values()):
        if reader.fits(folder):
            return reader
    raise UsageError(f"{folder}: no layout that is known, expected index.csv or one of {', '.join(READERS)}")


def read(folder: Path) -> list[Clip]:
    """The clips of the corpus in ``folder``, at least one, ids unlike each other.

    Raises:
        UsageError: no reader knows the folder, or what it reads there is not a corpus.
    """
    clips: list[Clip] = reader_of(folder).read(folder)
    if not clips:
        raise UsageError(f"{folder}: no clips, expected at least one")
    seen: set[str] = set()
    for clip in clips:
        if clip.id in seen:
            raise UsageError(f"{folder}: clip {clip.id} is there twice, expected each once")
        seen.add(clip.id)
    return clips
