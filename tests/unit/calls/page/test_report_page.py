"""report_page: one file that loads nothing, holds everything the report says, and lets no name become markup."""

import base64
import hashlib
import json
import re

import msgspec
import pytest

from edged.calls.page.report_page import report_body, report_page
from edged.calls.page.timeline_section import address, columns
from edged.contract.call_report import NOTICE, Report
from tests.parts.calls.example import calming, changed, mono, named

_HOSTILE = "</title></script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;\u202e.wav"


@pytest.fixture(scope="module")
def report() -> Report:
    """A call with everything."""
    return calming()


def _policy(page: str) -> str:
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert found is not None
    return found[1].replace("&#x27;", "'")


def _elements(page: str, name: str) -> list[str]:
    return re.findall(rf"<{name}>(.*?)</{name}>", page, flags=re.DOTALL)


def test_report_page_holds_all(report: Report) -> None:
    """Score, interval, outcome, each moment, formula, note, telephone loss, notice and versions are in the page."""
    page = report_page(report)
    wanted = [
        "invoice 4711.wav",
        "7.4",
        "90 % interval 6.3 to 8.6",
        "Calmed",
        "customer on the left channel",
        report.note,
        "Telephone sound",
        "CREMA-D",
        "11.0",
        NOTICE,
        "default 0.1.0",
        *[moment.reason for moment in report.moments],
    ]
    missing = [words for words in wanted if words not in page]
    assert missing == []
    assert page.count('<button type="button" data-second=') == len(report.moments)


def test_recording_of_saved_and_served(report: Report) -> None:
    """A file asks for the recording in its folder, a page of `edged web` never does: it has no folder."""
    saved = report_page(report, "call.wav")
    assert "This recording cannot be played: put <bdi>call.wav</bdi> into the folder of this report." in saved
    served = report_body(report, "call.wav", is_served=True)
    assert "This browser cannot play the recording" in served
    assert "folder" not in served
    assert "The recording is not beside this report" in report_page(report)
    assert "The recording was deleted when the report was made" in report_body(report, is_served=True)


def test_recording_that_edged_web_renamed(report: Report) -> None:
    """A page saved alone says which recording it misses, and where to get both; `edged calls` keeps a file's name."""
    saved = report_page(report, "recording.wav")
    said = "It is <bdi>invoice 4711.wav</bdi>: “Download all (zip)” on its page in edged web saves both together."
    assert f"put <bdi>recording.wav</bdi> into the folder of this report. {said}" in saved
    assert "Download all" not in report_page(report, report.call.file)


def test_formula_unbroken(report: Report) -> None:
    """No line ends within the difference."""
    assert "(0.71\N{NO-BREAK SPACE}-\N{NO-BREAK SPACE}0.29)" in report_page(report)


def test_report_page_refers_to_nothing(report: Report) -> None:
    """No address of another host is loaded, and no style or handler stands in an attribute."""
    markup = re.sub(r"<(script|style)>.*?</\1>", "", report_page(report), flags=re.DOTALL)
    assert re.findall(r'(?:src|href)="(?!data:|\./)[^"]*"', markup) == []
    assert re.search(r'\s(?:style|on[a-z]+)="', markup) is None


def test_report_page_policy_names_each_script(report: Report) -> None:
    """The policy allows nothing but the styles and scripts of the page, each by its hash; uPlot has its licence."""
    page = report_page(report)
    policy = _policy(page)
    assert policy.startswith("default-src 'none';")
    for content in (*_elements(page, "style"), *_elements(page, "script")):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    uplot = _elements(page, "script")[0]
    assert "Copyright (c) 2022 Leon Sorokin" in uplot
    assert "uPlot (v1.6.32)" in uplot


def test_report_page_hostile_name(report: Report) -> None:
    """A file name with markup, quotes and marks that reverse text stays text, in the recording's address too."""
    page = report_page(named(report, _HOSTILE), recording=_HOSTILE)
    plain = report_page(report, recording="a.wav")
    assert page.count("<script") == plain.count("<script")
    assert "<img" not in page
    assert "\u202e" not in page
    page.encode()


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("a b.wav", "./a%20b.wav"),
        ("javascript:alert(1)", "./javascript%3Aalert%281%29"),
        ("../../etc/passwd", "./..%2F..%2Fetc%2Fpasswd"),
        ("//host/x.wav", "./%2F%2Fhost%2Fx.wav"),
        ("\udcff.wav", "./%FF.wav"),
        ("a#b?c.wav", "./a%23b%3Fc.wav"),
    ],
)
def test_recording_address(name: str, url: str) -> None:
    """The recording is a file beside the page, whatever its name is."""
    assert address(name) == url


def test_report_page_no_score(report: Report) -> None:
    """Without a score the reason stands in its place, and there are no moments; nothing claims to be a customer's."""
    page = report_page(mono(report))
    assert "both voices are in one channel" in page
    assert 'id="moments"' not in page
    assert "Emotions of both voices" in page
    assert "Telephone sound" not in page
    assert "cannot play it" in page
    assert "<audio" not in page


def test_report_page_crosstalk(report: Report) -> None:
    """How loud the agent's voice is on the customer's channel, and how much was left out for it."""
    call = msgspec.structs.replace(report.call, crosstalk_s=12.3, crosstalk_db=-20.4)
    assert (
        "The agent&#x27;s voice leaks into the customer&#x27;s channel, at \N{MINUS SIGN}20 dB. "
        "12.3\N{NO-BREAK SPACE}s with the agent&#x27;s voice alone on it were left out."
    ) in report_page(changed(report, call=call))


def test_report_page_empty_call(report: Report) -> None:
    """A call without speech has a page as well."""
    silent = changed(mono(report), windows=[], emotions={}, uncertain=None)
    page = report_page(silent)
    assert 'aria-valuemax="0"' in page
    assert 'id="emotions"' not in page


def test_columns_of_windows(report: Report) -> None:
    """Each field of the windows is a list of their length; without speech a value is null."""
    made = json.loads(json.dumps(columns(report, "a.wav")))
    n = len(report.windows)
    for name in ("start", "end", "label", "confidence", "distress", "valence", "smooth", "low", "high", "part"):
        assert len(made[name]) == n
    assert all(len(values) == n for values in made["scores"].values())
    silent = [index for index, window in enumerate(report.windows) if not window.speech]
    assert silent
    assert all(made["smooth"][index] is None for index in silent)
    assert made["recording"] == "./a.wav"
    assert [party["role"] for party in made["parties"]] == ["customer", "agent"]
