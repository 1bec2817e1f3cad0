"""No log line or error can contain sound, log-mel or scores: static check of everything that goes into them.

edged/**/*.py ──ast──► arguments of logging calls, fields of errors' messages ──► none is an array
                  └──► every format as a pattern, ``SHAPES``, for test_privacy.py to match real logs
"""

import ast
import os
import re
import signal
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.parts.broker.mosquitto import free_port, wait_until
from tests.parts.faults.leaks import Allowed, outlets
from tests.parts.faults.trace import Traced, strace  # noqa: F401 -- a fixture

EDGED = Path(__file__).parents[2] / "edged"
_ARRAYS = ("Floats", "Seen", "NDArray", "ndarray", "AudioChunk", "Window", "Judged", "Answer", "Began", "Ended")
_LEVELS = ("debug", "info", "warning", "error", "critical", "exception", "log")
_ABOUT = ("level_dbfs", "shape", "dtype", "size", "ndim", "start", "end")  # scalars of an array or window
_MAX_MESSAGE = 300  # characters of a %s: a path, a fault in words
_STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (DEBUG|INFO|WARNING|ERROR)\s+"
_FIGURES = (  # the one line whose text is built before it is logged
    r"\d+ windows?, \d+ with speech, \d+ skipped; \d+ samples? dropped; level -?\d+ dBFS; [\d.]+ % busy"
)


@cache
def _parsed() -> dict[str, ast.Module]:
    return {str(file.relative_to(EDGED)): ast.parse(file.read_text(encoding="utf-8")) for file in EDGED.rglob("*.py")}


def trees() -> dict[str, ast.Module]:
    """Every module of the program; a caller may add others."""
    return dict(_parsed())


def array_names(modules: dict[str, ast.Module]) -> set[str]:
    """Names of arguments, variables and fields annotated as sound, log-mel, scores or a container of these."""
    names = set()
    for node in (node for tree in modules.values() for node in ast.walk(tree)):
        annotation = getattr(node, "annotation", None)
        if annotation is None or not re.search(rf"\b({'|'.join(_ARRAYS)})\b", ast.unparse(annotation)):
            continue
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.attr if isinstance(node.target, ast.Attribute) else ast.unparse(node.target))
    return names


def logged_expressions(tree: ast.Module) -> Iterator[tuple[int, ast.expr]]:
    """Every expression that goes into a log line or an error message, with its line number."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LEVELS:
            if ast.unparse(node.func.value) in {"_log", "logging", "logger", "log"}:
                yield from ((node.lineno, argument) for argument in node.args)
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            yield from ((node.lineno, argument) for argument in node.exc.args)


def held(expression: ast.AST, arrays: set[str]) -> Iterator[str]:
    """Arrays in ``expression``, except for their lengths, shapes and counts."""
    if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name) and expression.func.id == "len":
        return
    if isinstance(expression, ast.Attribute):
        if expression.attr in _ABOUT:
            return
        if expression.attr in arrays:
            yield expression.attr
    if isinstance(expression, ast.Name) and expression.id in arrays:
        yield expression.id
    for child in ast.iter_child_nodes(expression):
        yield from held(child, arrays)


def array_faults(modules: dict[str, ast.Module]) -> list[str]:
    """Places where an array goes into a log line or an error."""
    arrays = array_names(modules)
    return [
        f"{name}:{line}: {held_name}"
        for name, tree in modules.items()
        for line, expression in logged_expressions(tree)
        for held_name in held(expression, arrays)
    ]


def log_patterns() -> list[str]:
    """A pattern for every line that the program's logging can produce."""
    patterns = [_FIGURES]
    for tree in trees().values():
        for _, expression in logged_expressions(tree):
            if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
                text = re.sub(r"%[.\d]*[rs]", "\x00", expression.value)
                if text == "\x00":
                    continue  # would match everything; _FIGURES covers it
                text = re.escape(re.sub(r"%(?:\.\d+)?[dfg]", "\x01", text).replace("%%", "%"))
                patterns.append(text.replace("\x00", rf"[^\n]{{0,{_MAX_MESSAGE}}}").replace("\x01", r"-?[\d.]+"))
    return patterns


def unknown_lines(log: str) -> list[str]:
    """Log lines that match no format of the program, or have more than a dozen numbers."""
    patterns = log_patterns()
    lines = []
    for line in log.splitlines():
        stamp = re.match(_STAMP, line)
        text = line[stamp.end() :] if stamp else ""
        known = any(re.fullmatch(pattern, text) for pattern in patterns)
        numbers = re.findall(r"-?\d+(?:\.\d+)?", re.sub(r"/[^\s,]+", "", text))  # those of paths do not count
        if not known or len(numbers) > 12:
            lines.append(line)
    return lines


def test_no_array_is_logged_or_raised() -> None:
    """No logging call and no error message gets an array of sound, log-mel or scores."""
    modules = trees()
    assert {"samples", "scores", "image"} <= array_names(modules)
    assert array_faults(modules) == []


@pytest.mark.parametrize(
    "line",
    [
        '_log.debug("%s", samples)',
        '_log.info("heard %s", samples[:10].tolist())',
        '_log.debug(f"image {window.image}")',
        'raise ValueError(f"samples {list(samples)} are wrong")',
        '_log.warning("best of %s", max(answer.scores))',
    ],
)
def test_logged_array_is_found(line: str) -> None:
    """A logged array makes the check above fail."""
    modules = trees()
    modules["deliberate.py"] = ast.parse(line)
    assert array_faults(modules) != []


def test_length_of_an_array_may_be_logged() -> None:
    """Counts are no sound."""
    modules = trees()
    modules["harmless.py"] = ast.parse('_log.debug("%d of %s", len(samples), scores.shape)')
    assert array_faults(modules) == []


def test_log_line_of_no_format_is_unknown() -> None:
    """A line from another library or a stray print is reported; the program's own lines are not."""
    stamp = "2026-11-21 06:14:14,485 INFO    "
    known = [stamp + "broker 127.0.0.1:33371: connected", stamp + "capture online: pulse"]
    other = [stamp + "scores [0.1, 0.2]", "0.1 0.2 0.3", stamp + "capture online: " + "0.1 " * 13]
    assert unknown_lines("\n".join(known + other)) == other


@pytest.mark.usefixtures("strace")
def test_crash_tells_where_and_not_what(tmp_path: Path) -> None:
    """On SIGABRT, as sent by the watchdog, the log gets stacks without values, and nothing else is written."""
    config = tmp_path / "config.yaml"
    port = free_port()
    broker = f"{{host: 127.0.0.1, port: {port}}}"
    config.write_text(f"state_dir: {tmp_path}/state\naudio: {{device: no such one}}\nmqtt: {broker}\n")
    with Traced([sys.executable, "-m", "edged", "run", "--config", config], tmp_path, {**os.environ}) as traced:
        wait_until(lambda: traced.ended or "% busy" in traced.output(), "the daemon's start")
        assert not traced.ended, traced.output()
        traced.send(signal.SIGABRT)
        assert traced.exit_status() == -signal.SIGABRT
    log, _, stacks = traced.output().partition("Fatal Python error: Aborted")
    assert unknown_lines(log) == []
    thread = r"(Current t|T)hread 0x[0-9a-f]+ .*\(most recent call first\):"
    line = rf"|{thread}|  File \".*\", line \d+ in .*|  <.*>|Extension modules: .*"
    assert [row for row in stacks.splitlines() if not re.fullmatch(line, row)] == []
    assert stacks
    outlet = outlets(traced.calls(), Allowed(("127.0.0.1", port), state=tmp_path / "state", log=traced.log))
    # ALSA tries the user's sound server in several places.
    assert [fault for fault in outlet.faults if not re.fullmatch("connect: the socket .*pulse.*/native", fault)] == []
