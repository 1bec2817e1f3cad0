"""The section on fusion: the negative control, matched and mismatched pairs, and real speech if it was available.

measured fusion ──► Markdown
"""

from collections.abc import Mapping
from typing import Any

from convert.card.tables import share, table, title

_CONTROL = """\
**Negative control.** Clips with their own sentences, which were written to fit any emotion. The mutual information, in
bits, is what the words tell about the label. Text must stay at chance ({chance:.3f} with six labels), and fusion must
not lose more than 0.5 points. A sentence that is not English is no evidence; then every fusion that can leave a source
out equals the voice alone."""
_MATCHED = """\
**Matched pairs.** An unseen speaker's clip with a test sentence of GoEmotions of the same label, three draws. Voice and
words are independent by construction, so this is an upper bound and says nothing about a home."""
_MISMATCHED = """\
**Mismatched pairs.** The same with a sentence of another label: share of the answers that match the clip's label, the
sentence's, and neither."""
_REAL = "**Real speech with its transcripts.** UAR, and points against the voice alone."
_SHORT = {"emodb, in English": "EMO-DB, translated"}
_CHOSEN = "It was chosen on validation speakers, at most what MELD's validation sentences allow, in brackets."
_HEAD = "UAR with its 95 % interval over speakers, and points against the voice alone with theirs."


def fusion_section(found: Mapping[str, Any]) -> str:
    """All tables of ``evaluate --fusion``."""
    most = found["reliability_in_dialogue"]
    weights = ", ".join(f"{name} {weight:.2f} (of {most[name]:.2f})" for name, weight in found["reliability"].items())
    parts = [
        f"Reliability of the words: {weights}. {_CHOSEN} Seed {found['seed']}. {_HEAD}",
        _CONTROL.format(chance=1 / 6),
        _facts(found["control"]),
        _uars({name: group["rows"] for name, group in found["control"].items()}),
        _MATCHED,
        _uars({name: group["rows"] for name, group in found["matched"].items()}),
        _MISMATCHED,
        _sides({name: group["sides"] for name, group in found["mismatched"].items()}),
    ]
    if found["real"]:
        parts += [_REAL, _uars({name: group["rows"] for name, group in found["real"].items()})]
    return "\n\n".join(parts)


def _facts(groups: Mapping[str, Any]) -> str:
    lines = [
        [
            _name(name),
            str(group["clips"]),
            str(group["sentences"]),
            share(group["mutual_information"]),
            ", ".join(f"{value:.0%}" for value in group["no_evidence"].values()),
        ]
        for name, group in groups.items()
    ]
    return table(["clips of", "clips", "sentences", "mutual information", "without evidence"], lines)


def _uars(groups: Mapping[str, Mapping[str, Any]]) -> str:
    names = list(next(iter(groups.values())))
    lines = [[name, *(_cell(rows[name]) for rows in groups.values())] for name in names]
    return table(["", *map(_name, groups)], lines)


def _cell(row: Mapping[str, Any]) -> str:
    low, high = row["uar_95"]
    uar = f"{row['uar']:.3f} ({low:.3f} to {high:.3f})"
    if not any(row["gain"]):  # the voice, and a method that always gives its answer
        return uar
    gain, low, high = (100 * value for value in row["gain"])
    return f"{uar}, {gain:+.1f} ({low:+.1f} to {high:+.1f})"


def _sides(groups: Mapping[str, Mapping[str, Any]]) -> str:
    names = list(next(iter(groups.values())))
    lines = [
        [name, *(" / ".join(f"{value:.2f}" for value in rows[name].values()) for rows in groups.values())]
        for name in names
    ]
    return table(["clip / sentence / neither", *map(_name, groups)], lines)


def _name(group: str) -> str:
    return _SHORT.get(group, title(group))
