"""The whole of ``python -m convert evaluate --stream``: scenes of every group, through the device, scored.

    groups of clips, surroundings ──► scenes ──replay where there is sound, windows where not──► rows
    the same scenes as windows, tracker's thresholds one after the other ──► the trade-off

What is shipped as default was chosen on the trade-off of validation; the rest is only counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.surroundings import Surroundings
from convert.score.isolated import apart
from convert.stream import episodes
from convert.stream.hearing import Told, Trace, all_replayed, followed, traces
from convert.stream.scenes import USUAL, Kind, Scene, scenes
from edged.config.structs import Config
from edged.models.bundle import Bundle

VALIDATION, OTHER = "validation", "other"
# Settings of the tracker (enter, leave, min_duration_s) of which the trade-off is made, from lively to strict.
SETTINGS = (
    (0.4, 0.3, 1.0),
    (0.5, 0.4, 1.0),
    (0.55, 0.45, 1.0),
    (0.6, 0.5, 1.0),
    (0.65, 0.55, 1.0),
    (0.7, 0.6, 1.0),
    (0.7, 0.6, 2.0),
)
_LEARNS = (False, True)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Seconds of scenes of one group, by kind."""

    moods: float = 3600.0
    neutral: float = 3600.0
    other: float = 7200.0

    def of(self, kind: Kind) -> float:
        """Those of ``kind``."""
        return {"moods": self.moods, "neutral": self.neutral, "other": self.other}[kind]


WHOLE, SHORT = Lengths(), Lengths(60.0, 60.0, 60.0)


def streamed(
    bundle: Bundle,
    groups: Mapping[str, Sequence[Clip]],
    around: Mapping[str, Surroundings],
    cache: Path,
    lengths: Lengths = WHOLE,
) -> dict[str, Any]:
    """Rows and trade-off of ``groups``, all prepared; one of them may be ``validation``.

    ``around`` has the surroundings by side, ``validation`` and ``test``.
    """
    config = Config()
    scripts: dict[str, dict[Kind, list[Scene]]] = {}
    for group, clips in groups.items():
        side = around["validation" if group == VALIDATION else "test"]
        kinds: tuple[Kind, ...] = ("moods", "neutral")
        scripts[group] = {kind: scenes(group, clips, kind, side, cache, lengths.of(kind)) for kind in kinds}
    for group, side in ((OTHER, around["test"]), (f"{VALIDATION} {OTHER}", around["validation"])):
        if side.sounds and (group == OTHER or VALIDATION in groups):
            scripts[group] = {"other": scenes(group, [], "other", side, cache, lengths.other)}
    scripts = {group: {kind: found for kind, found in kinds.items() if found} for group, kinds in scripts.items()}
    heard = {
        group: {kind: apart(traces, bundle, config, found, cache) for kind, found in kinds.items()}
        for group, kinds in scripts.items()
    }
    rows = [
        row
        for group, kinds in scripts.items()
        for kind, found in kinds.items()
        for row in _rows(bundle, config, group, found, heard[group][kind])
    ]
    tracker = msgspec.to_builtins(config.tracker)
    return {"tracker": tracker, "rows": rows, "trade_off": _trade_off(bundle, config, scripts, heard)}


def prepared(groups: Mapping[str, Sequence[Clip]], around: Mapping[str, Surroundings], cache: Path) -> None:
    """Puts the log-mel of all that scenes are made of into the ``cache``."""
    dataset.prepare([clip for clips in groups.values() for clip in clips], cache)
    dataset.prepare([clip for side in around.values() for clip in side.clips], cache)


def _rows(
    bundle: Bundle, config: Config, group: str, found: Sequence[Scene], heard: Sequence[Trace]
) -> list[dict[str, Any]]:
    """Without a baseline, and with one that begins with the scene."""
    from_sound = all(piece.clip.audio for scene in found for piece in scene.pieces)
    told: list[list[Told]]
    if from_sound:
        told = apart(all_replayed, bundle, config, found, _LEARNS)
    else:
        told = [[followed(bundle, config, own, learn=learn) for learn in _LEARNS] for own in heard]
    source = "sound" if from_sound else "log-mel"
    return [
        {"group": group, "from": source, "baseline": learn, **episodes.figures(found, [own[place] for own in told])}
        for place, learn in enumerate(_LEARNS)
    ]


def _trade_off(
    bundle: Bundle,
    config: Config,
    scripts: Mapping[str, Mapping[Kind, Sequence[Scene]]],
    heard: Mapping[str, Mapping[Kind, Sequence[Trace]]],
) -> list[dict[str, Any]]:
    """By threshold and group of clips: what is found and what is invented, with the baseline as it is shipped."""
    found = []
    default = config.tracker.enter, config.tracker.leave, config.tracker.min_duration_s
    for enter, leave, min_duration_s in dict.fromkeys((*SETTINGS, default)):
        tracker = msgspec.structs.replace(config.tracker, enter=enter, leave=leave, min_duration_s=min_duration_s)
        changed = msgspec.structs.replace(config, tracker=tracker)
        by_kind: dict[str, dict[str, Any]] = {
            group: {
                str(kind): episodes.figures(
                    own, [followed(bundle, changed, one, learn=True) for one in heard[group][kind]]
                )
                for kind, own in kinds.items()
            }
            for group, kinds in scripts.items()
        }
        for group, kinds in by_kind.items():
            if OTHER in group:
                continue
            sounds = by_kind.get(f"{VALIDATION} {OTHER}" if group == VALIDATION else OTHER, {}).get("other", {})
            moods: dict[str, Any] = kinds.get("moods", {})
            found.append(
                {
                    "group": group,
                    "enter": enter,
                    "leave": leave,
                    "min_duration_s": min_duration_s,
                    "shipped": (enter, leave, min_duration_s) == default,
                    "recall": moods.get("recall"),
                    "precision": moods.get("precision"),
                    "emotional": moods.get("emotional"),
                    "delay_s": moods.get("delay_s"),
                    "false_neutral_per_hour": kinds.get(USUAL, {}).get("false_per_hour"),
                    "false_other_per_hour": sounds.get("false_per_hour"),
                }
            )
    return found
