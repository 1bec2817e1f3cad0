"""The browser of the tests: it waits for a page whose policy forbids ``eval``, as the pages of `edged web` do."""

from pathlib import Path

from playwright.sync_api import Browser

from tests.parts.web.browser import wait_in_page, watched

_TESTS = Path(__file__).parents[1]
_STRICT = "<meta http-equiv='Content-Security-Policy' content=\"script-src 'self'\"><title>policy</title>"


def test_waits_under_policy(browser: Browser, tmp_path: Path) -> None:
    """A value that comes after several looks is found, and the policy is not complained about."""
    (tmp_path / "strict.html").write_text(_STRICT, encoding="utf-8")
    with watched(browser) as seen:
        seen.page.goto((tmp_path / "strict.html").as_uri())
        seen.page.evaluate("() => { window.looks = 0; }")
        assert wait_in_page(seen.page, "least => ++window.looks > least && window.looks", arg=2) == 3
        assert seen.complaints == []


def test_waits_in_one_way() -> None:
    """No test waits with playwright's ``wait_for_function``, which fails if its first look comes too early."""
    forbidden = ".wait_for_" + "function("
    assert [path.name for path in _TESTS.rglob("*.py") if forbidden in path.read_text(encoding="utf-8")] == []
