"""A call as ``/calls/state`` lists it, for pages whose program is played by the test."""

from pathlib import Path

import msgspec
from playwright.sync_api import Page, Route

from edged.web.calls.call import Call, CallView, view_of
from edged.web.calls.messages import Analysed


def listed(name: str) -> CallView:
    """A stereo call that asks for the customer's channel."""
    return view_of(Call("a-call", Path(), name, state="choose", question="channel"), ahead=0)


def without_score(name: str, reason: str) -> CallView:
    """A call whose report has no score."""
    result = Analysed(outcome="no_score", score=None, reason=reason, low=None, high=None, duration_s=60.0)
    return view_of(Call("a-call", Path(), name, state="done", result=result), ahead=0)


def play_list(page: Page, *calls: CallView) -> None:
    """From now on ``calls`` are all that the program lists."""
    body = msgspec.json.encode({"calls": calls})

    def answer(route: Route) -> None:
        route.fulfill(body=body, content_type="application/json")

    page.route("**/calls/state", answer)
