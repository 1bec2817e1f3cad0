"""All of ``python -m convert evaluate --stream``: scenes of every group, through the device, scored.

    groups of clips, surroundings ──► scenes ──windows of sound, or of log-mel──► traces ──tracker──► rows
    the same traces with each setting of the tracker ──► the trade-off

The default settings were chosen on the trade-off of validation; nothing is chosen on the other groups.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.surroundings import Surroundings
from convert.score.isolated import each_apart
from convert.stream import episodes
from convert.stream.scenes import USUAL, Kind, Scene, scenes
from convert.stream.traces import Trace, has_sound, traces, tracked
from edged.config.structs import Config
from edged.models.bundle import Bundle

VALIDATION, OTHER = "validation", "other"
# Settings of the tracker (enter, leave, min_duration_s) in the trade-off, from many episodes to few.
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

    emotions: float = 3600.0
    neutral: float = 3600.0
    other: float = 7200.0

    def of(self, kind: Kind) -> float:
        """The seconds of ``kind``."""
        return {"emotions": self.emotions, "neutral": self.neutral, "other": self.other}[kind]


WHOLE, SHORT = Lengths(), Lengths(60.0, 60.0, 60.0)


def streamed(  # noqa: PLR0913, PLR0917 - clips and surroundings, and how much of them
    bundle: Bundle,
    groups: Mapping[str, Sequence[Clip]],
    around: Mapping[str, Surroundings],
    cache: Path,
    lengths: Lengths = WHOLE,
    only: Sequence[str] = (),
) -> dict[str, Any]:
    """Rows and trade-off of ``groups``, all prepared; one of them may be ``validation``.

    ``around`` has the surroundings by side, ``validation`` and ``test``; ``only`` names some of the rows' groups.
    """
    config = Config()
    scripts: dict[str, dict[Kind, list[Scene]]] = {}
    for group, clips in groups.items():
        side = around["validation" if group == VALIDATION else "test"]
        kinds: tuple[Kind, ...] = ("emotions", "neutral")
        scripts[group] = {kind: scenes(group, clips, kind, side, cache, lengths.of(kind)) for kind in kinds}
    for group, side in ((OTHER, around["test"]), (f"{VALIDATION} {OTHER}", around["validation"])):
        if side.sounds and (group == OTHER or VALIDATION in groups):
            scripts[group] = {"other": scenes(group, [], "other", side, cache, lengths.other)}
    scripts = {
        group: {kind: script for kind, script in kinds.items() if script}
        for group, kinds in scripts.items()
        if not only or group in only
    }
    calls = {
        (group, kind): (bundle, config, script, cache)
        for group, kinds in scripts.items()
        for kind, script in kinds.items()
    }
    found = each_apart(traces, calls, "recordings")
    scored = {group: {kind: found[group, kind] for kind in kinds} for group, kinds in scripts.items()}
    rows = [
        row
        for group, kinds in scripts.items()
        for kind, script in kinds.items()
        for row in _rows(bundle, config, group, script, scored[group][kind])
    ]
    tracker = msgspec.to_builtins(config.tracker)
    return {"tracker": tracker, "rows": rows, "trade_off": _trade_off(bundle, config, scripts, scored)}


def prepared(groups: Mapping[str, Sequence[Clip]], around: Mapping[str, Surroundings], cache: Path) -> None:
    """Puts the log-mel of all clips and sounds of scenes into the ``cache``."""
    dataset.prepare([clip for clips in groups.values() for clip in clips], cache)
    dataset.prepare([clip for side in around.values() for clip in side.clips], cache)


def _rows(
    bundle: Bundle, config: Config, group: str, scripts: Sequence[Scene], scored: Sequence[Trace]
) -> list[dict[str, Any]]:
    """Without adaptation, and with adaptation that starts with the scene."""
    published = [[tracked(bundle, config, scene, learn=learn) for learn in _LEARNS] for scene in scored]
    return [
        {
            "group": group,
            "from": _source(scripts),
            "adaptation": learn,
            **episodes.episode_metrics(scripts, [of_scene[way] for of_scene in published]),
        }
        for way, learn in enumerate(_LEARNS)
    ]


def _source(scripts: Sequence[Scene]) -> str:
    """What the windows of a group are cut from."""
    return "sound" if all(map(has_sound, scripts)) else "log-mel"


def _trade_off(
    bundle: Bundle,
    config: Config,
    scripts: Mapping[str, Mapping[Kind, Sequence[Scene]]],
    scored: Mapping[str, Mapping[Kind, Sequence[Trace]]],
) -> list[dict[str, Any]]:
    """By setting and group of clips: recall and false episodes, with adaptation as it is shipped."""
    points = []
    default = config.tracker.enter, config.tracker.leave, config.tracker.min_duration_s
    for enter, leave, min_duration_s in dict.fromkeys((*SETTINGS, default)):
        tracker = msgspec.structs.replace(config.tracker, enter=enter, leave=leave, min_duration_s=min_duration_s)
        changed = msgspec.structs.replace(config, tracker=tracker)
        by_kind: dict[str, dict[str, Any]] = {
            group: {
                str(kind): episodes.episode_metrics(
                    scenes_of_kind, [tracked(bundle, changed, scene, learn=True) for scene in scored[group][kind]]
                )
                for kind, scenes_of_kind in kinds.items()
            }
            for group, kinds in scripts.items()
        }
        for group, kinds in by_kind.items():
            if OTHER in group:
                continue
            sounds = by_kind.get(f"{VALIDATION} {OTHER}" if group == VALIDATION else OTHER, {}).get("other", {})
            emotional: dict[str, Any] = kinds.get("emotions", {})
            points.append(
                {
                    "group": group,
                    "from": _source(next(iter(scripts[group].values()))),
                    "enter": enter,
                    "leave": leave,
                    "min_duration_s": min_duration_s,
                    "shipped": (enter, leave, min_duration_s) == default,
                    "recall": emotional.get("recall"),
                    "precision": emotional.get("precision"),
                    "emotional": emotional.get("emotional"),
                    "delay_s": emotional.get("delay_s"),
                    "false_neutral_per_hour": kinds.get(USUAL, {}).get("false_per_hour"),
                    "false_other_per_hour": sounds.get("false_per_hour"),
                }
            )
    return points
