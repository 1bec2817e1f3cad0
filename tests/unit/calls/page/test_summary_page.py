"""summary_page: a row a call, sortable by values, with links to the reports, and nothing about people."""

import re

import msgspec

from edged.calls.page.summary_page import summary_page
from edged.contract.call_report import NOTICE, SummaryRow, summary_row
from tests.parts.calls.example import calming, mono, named


def _rows() -> list[SummaryRow]:
    hostile = named(calming(), "<script>alert(1)</script>.wav")
    return [summary_row(calming(), "invoice 4711"), summary_row(mono(hostile), 'javascript:x/"<b>')]


def test_summary_page_rows() -> None:
    """Each call has a row with its values as sort keys, and a link below the folder of the summary."""
    page = summary_page(_rows())
    assert "<h1>2 calls</h1>" in page
    assert page.count("<tr>") == 3
    assert 'href="./invoice%204711/report.html"' in page
    assert 'href="./javascript%3Ax/%22%3Cb%3E/report.html"' in page
    assert 'data-key="7.4"' in page
    assert "6.3 to 8.6" in page
    assert "both voices are in one channel" in page


def test_summary_page_text_only() -> None:
    """A hostile name stays text, and only the sorting and the word about its width are scripts."""
    assert len(re.findall("<script>", summary_page(_rows()))) == 2


def test_summary_page_no_value_no_key() -> None:
    """A missing value has no sort key, so it comes last."""
    page = summary_page([msgspec.structs.replace(_rows()[0], score=None, low=None, high=None)])
    assert 'data-key="7.4"' not in page


def test_summary_page_by_call() -> None:
    """No column is about who the agent was; the notice says why."""
    page = summary_page(_rows())
    heads = re.findall(r'<button type="button">([^<]+)', page)
    assert [name for name in heads if "gent" in name] == ["Agent speaks"]
    assert NOTICE.partition(". ")[2] in page


def test_summary_page_empty() -> None:
    """No report, no table."""
    assert "There is no report" in summary_page([])
