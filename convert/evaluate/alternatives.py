"""What else could have been shipped: other files, alone or averaged, beside the cascade on the same clips.

    NAME=FILE[,FILE…] of int8 models over all labels ──scores, mean──temperature on validation speakers──► figures

One file is a network of another size, several are an average (five first models of five seeds cost what the cascade's
five cost).  How they were trained is the caller's to know; they must not have heard the test speakers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convert.bundle import origin
from convert.card.tables import TITLES, interval, table
from convert.corpora.clip import Clip
from convert.recipes.cascade import LABELS
from convert.score import clip_scores
from convert.score.calibration import temperature
from convert.score.clip_scores import Heard
from convert.score.rows import told
from edged.errors import UsageError
from edged.features.logmel import Floats
from edged.models.cascade import sharpened
from edged.models.interpreter import installed_runtimes

_WAYS = {"hard": "cascade, hard", "soft": "cascade, soft", "first": "M1 alone"}


@dataclass(frozen=True, slots=True)
class Rival:
    """A name and the models whose scores are averaged."""

    name: str
    contents: tuple[bytes, ...]


def rival(argument: str) -> Rival:
    """``NAME=FILE[,FILE…]`` as it is given on the command line.

    Raises:
        UsageError: it is not of this form, or a file cannot be read.
    """
    name, equals, files = argument.partition("=")
    if not name or not equals or not files:
        raise UsageError(f"--rival {argument!r}: expected NAME=FILE[,FILE…] of .tflite files over all labels")
    try:
        return Rival(name, tuple(Path(file).read_bytes() for file in files.split(",")))
    except OSError as exc:
        raise UsageError(f"--rival {name}: {exc.filename}: {exc.strerror}, expected a .tflite file") from exc


def judged(
    rivals: Sequence[Rival], validation: Sequence[Clip], groups: Mapping[str, Sequence[Clip]], cache: Path, store: Path
) -> dict[str, Any]:
    """By rival and group of clips: figures; the temperature is fitted on ``validation``."""
    found: dict[str, Any] = {}
    held = clip_scores.heard(validation, cache)
    for one in rivals:
        warmth = temperature(_mean(one, held, store), held, LABELS)
        rows = {}
        for name, clips in groups.items():
            windows = clip_scores.heard(clips, cache)
            answers = windows.by_clip(sharpened(_mean(one, windows, store), warmth))
            rows[name] = told(LABELS, windows.place_of(LABELS), answers, windows)
        found[one.name] = {
            "models": len(one.contents),
            "temperature": warmth,
            "rows": rows,
            "commit": origin.commit(),
        }
    return found


def ways_table(rows: Mapping[str, Any], rivals: Mapping[str, Any]) -> str:
    """The cascade's routings and its rivals: UAR with interval, top-1 and top-3, by group of clips."""
    lines = []
    for name, row in rows.items():
        ways = {title: row[way] for way, title in _WAYS.items()}
        ways |= {title: found["rows"][name] for title, found in rivals.items() if name in found["rows"]}
        for title, figures in ways.items():
            rates = [f"{figures[key]:.3f}" for key in ("war", "top3", "ece")]
            lines.append([TITLES.get(name, name), title, interval(figures), *rates])
    return table(["clips of", "way", "UAR (95 %)", "top-1", "top-3", "ECE"], lines)


def origins(rivals: Mapping[str, Any]) -> str:
    """At which commit each rival was judged, which may be another one than the cascade's."""
    by_commit: dict[str, list[str]] = {}
    for name, found in rivals.items():
        by_commit.setdefault(found["commit"], []).append(name)
    return "".join(f"\nJudged at `{commit}`: {', '.join(names)}." for commit, names in by_commit.items())


def _mean(one: Rival, windows: Heard, store: Path) -> Floats:
    contents = {str(place): content for place, content in enumerate(one.contents)}
    n_labels = dict.fromkeys(contents, len(LABELS))
    raw = clip_scores.int8_scores(contents, n_labels, installed_runtimes()[0], windows, store)
    return np.asarray(np.mean(list(raw.values()), axis=0), np.float32)
