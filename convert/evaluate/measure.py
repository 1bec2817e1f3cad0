"""All figures for which a bundle and clips are enough.

    Bundle, clips by corpus ──► rows of clips, what a baseline is worth, worse conditions, the stream, rivals

No network in float, no training material: what stands here can be repeated on any clips by whoever has the bundle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convert.corpora.clip import Clip
from convert.data.surroundings import Surroundings, surroundings
from convert.evaluate import adaptation_curves, alternatives, robustness, seeds
from convert.evaluate.alternatives import Rival
from convert.score import clip_scores
from convert.score.rows import judged
from convert.score.runtimes import compared, int8
from convert.stream import stage
from edged.models.bundle import Bundle

PROTOCOL = (
    "Speakers are disjoint between train, validation and test (convert/data/splits). Epochs, temperatures, weights and"
    " the default routing were chosen on validation speakers. Clips longer than a window get the mean of windows"
    " every 0.496 s, as edged classify does. UAR is the mean recall over the labels that occur; intervals are 95 %, by"
    " bootstrap over speakers. Corpora that were never trained on are judged over all of their speakers."
)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is put beside a bundle's own figures."""

    corpora: Path  # where sounds, noises and rooms are
    rivals: Sequence[Rival] = ()
    runs: Sequence[Path] = ()
    lengths: stage.Lengths = stage.WHOLE
    clips_alone: bool = False  # neither worse conditions nor the stream

    @property
    def around(self) -> dict[str, Surroundings]:
        """By side."""
        return {"validation": surroundings(self.corpora, "validation"), "test": surroundings(self.corpora, "test")}


def measured(  # noqa: PLR0913, PLR0917 - what is judged, on what, and where it is kept
    bundle: Bundle,
    groups: Mapping[str, Sequence[Clip]],
    validation: Sequence[Clip],
    cache: Path,
    store: Path,
    beside: Beside,
) -> dict[str, Any]:
    """All figures for which a bundle and prepared clips are enough."""
    manifest, around = bundle.manifest, beside.around
    windows = {name: clip_scores.heard(clips, cache) for name, clips in groups.items()}
    return {
        "protocol": PROTOCOL,
        "rows": {name: judged(manifest, int8(bundle, own, store), own) for name, own in windows.items()},
        "heard": heard(bundle, groups, validation, cache, store),
        "robust": {} if beside.clips_alone else robustness.judged(bundle, groups, around["test"]),
        "stream": {} if beside.clips_alone else streamed(bundle, groups, validation, cache, beside),
        "runtimes": compared(bundle, next(iter(windows.values())), store),
        **beside_it(groups, validation, cache, store, beside),
    }


def beside_it(
    groups: Mapping[str, Sequence[Clip]], validation: Sequence[Clip], cache: Path, store: Path, beside: Beside
) -> dict[str, Any]:
    """The figures of rivals and of runs, which tell nothing of the bundle."""
    judged_rivals = alternatives.judged(beside.rivals, validation, groups, cache, store) if beside.rivals else {}
    return {"rivals": judged_rivals, **({"runs": seeds.gathered(beside.runs)} if beside.runs else {})}


def streamed(
    bundle: Bundle, groups: Mapping[str, Sequence[Clip]], validation: Sequence[Clip], cache: Path, beside: Beside
) -> dict[str, Any]:
    """What the device makes of long recordings of the groups and of ``validation``."""
    everyone = {**({stage.VALIDATION: validation} if validation else {}), **groups}
    around = beside.around
    stage.prepared(everyone, around, cache)
    return stage.streamed(bundle, everyone, around, cache, beside.lengths)


def heard(
    bundle: Bundle, groups: Mapping[str, Sequence[Clip]], validation: Sequence[Clip], cache: Path, store: Path
) -> dict[str, Any]:
    """What the device's baseline is worth, by group of clips; ``validation`` is what its numbers were chosen on."""
    manifest = bundle.manifest
    found = {}
    if manifest.mean_log_scores:
        for name, clips in {stage.VALIDATION: validation, **groups}.items():
            if clips:
                windows = clip_scores.heard(clips, cache)
                raw = int8(bundle, windows, store)
                own = name == stage.VALIDATION
                table = (
                    adaptation_curves.table_without(manifest, raw, windows)
                    if own
                    else adaptation_curves.table_of(manifest)
                )
                found[name] = adaptation_curves.figures(adaptation_curves.homes(manifest, raw, windows, cache), table)
    return found
