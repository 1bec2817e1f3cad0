"""A button for a moment of the recording: it plays it, or shows it on the timeline if there is nothing to play.

start_s, end_s ──► <button data-second="…">▶ 1:23 to 1:26</button>
"""

from edged.calls.page.markup import Html, tag
from edged.calls.page.words import span


def place_button(start_s: float, end_s: float, *, can_play: bool) -> Html:
    """From ``start_s`` to ``end_s`` seconds of the recording."""
    return tag(
        "button",
        tag("span", "▶ " if can_play else "", aria_hidden="true", class_="play"),
        tag("span", "play " if can_play else "show ", class_="unseen"),
        span(start_s, end_s),
        type="button",
        data_second=f"{start_s:.3f}",
        class_="time",
    )
