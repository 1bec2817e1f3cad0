"""The two voices of a mono recording, each with a moment to listen to, so that a person can choose the customer's.

Report ──► "The two voices"; nothing for a recording with a channel per party, or with turns
"""

from edged.calls.page.markup import Html, joined, tag
from edged.calls.page.place_button import place_button
from edged.calls.page.words import clock, length
from edged.contract.call_report import Report, Voice

_NO_CHOICE = "Listen to each, and run the analysis again with the customer's: --voice 1 or --voice 2."
_CHOSEN = (
    "The speakers were separated by the sound of their voices alone, which is sometimes wrong: a single person is split"
    " in two as well."
)


def voices_section(report: Report, recording: str | None) -> Html:
    """Each voice with a moment of the recording to recognise it by."""
    if not report.voices:
        return joined([])
    chosen = report.call.separated_by == "voices"
    voices = [_voice(voice, report, can_play=recording is not None) for voice in report.voices]
    return tag(
        "section",
        tag("h2", "The two voices", id="voices"),
        tag("p", _CHOSEN if chosen else f"{_CHOSEN} {_NO_CHOICE}"),
        tag("ol", *voices, class_="moments"),
        aria_labelledby="voices",
    )


def _voice(voice: Voice, report: Report, *, can_play: bool) -> Html:
    sample, customers = voice.sample, report.call.voice
    turns = f"turns of {length(voice.speech_s)} in all"
    whose = "" if customers is None else "the customer, " if customers == voice.number else "the agent, "
    return tag(
        "li",
        place_button(sample.start_s, sample.end_s, can_play=can_play),
        tag("strong", f"Voice {voice.number}"),
        tag("span", f"{whose}speaks first at {clock(voice.first_s)}, {turns}", class_="reason"),
    )
