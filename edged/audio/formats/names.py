"""The sound formats that are read, by name: one list for messages, help, folders of recordings and pages.

    SUFFIXES: name ──► endings of such files;  READ, PLAYED ──► "wav, flac, ogg, opus or mp3", for people

libsndfile decodes more, which ``SoundFile`` takes too, but what nobody sends is not named.  Files are known by their
content, except in a folder, where the ending says what is a recording.
"""

from collections.abc import Iterable

SUFFIXES = {
    "wav": (".wav", ".wave"),
    "flac": (".flac",),
    "ogg": (".ogg", ".oga"),
    "opus": (".opus",),
    "mp3": (".mp3",),
    "aiff": (".aiff", ".aif", ".aifc"),
    "au": (".au", ".snd"),
    "caf": (".caf",),
    "w64": (".w64",),
    "rf64": (".rf64",),
}
IN_BROWSERS = ("wav", "flac", "ogg", "opus", "mp3")  # what all of them play


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}"


READ, PLAYED = _listed(SUFFIXES), _listed(IN_BROWSERS)
ENDINGS = tuple(ending for endings in SUFFIXES.values() for ending in endings)
