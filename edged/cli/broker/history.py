"""``edged history``: the events stored in the outbox, as a table or as JSON lines.

    outbox.sqlite3, read while the daemon writes ──► payloads since a time ──► stdout

    time                 event  emotion     confidence  duration  broker
    2026-01-02 03:04:05  start  angry             0.84            has it
    2026-01-02 03:04:12  end    angry             0.77     7.2 s  waits

``--jsonl`` prints the payloads as they were published, one per line.
"""

import argparse
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path

import msgspec

from edged.cli.config_file import config_from
from edged.cli.screen import width
from edged.config.structs import Config
from edged.contract.call import CallEnd
from edged.contract.fields import rfc3339
from edged.contract.payloads import EpisodeEnd, EpisodeStart
from edged.errors import HistoryError
from edged.host.state_dir import existing_state_file
from edged.outbox.database import FILE
from edged.outbox.reader import DamagedError, NoTablesError, history

_MOMENT = 19  # characters of date and time
_YEAR = len("2026-")
_HEAD = f"{'time':<{_MOMENT}}  {'event':<5}  {'emotion':<10}  {'confidence':>10}  {'duration':>8}  broker"
_NARROW_HEAD = f"{'time':<{_MOMENT - _YEAR}}  {'event':<5}  {'emotion':<9}  conf"
_WIDE_COLUMNS = len(_HEAD) + 1  # a narrower terminal gets fewer columns
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

_DESCRIPTION = """\
List the emotion events stored on this device, both published and waiting for the broker. Works while the daemon runs.
"""
_EXAMPLES = """\
examples:
  edged history --since 1h
  edged history --jsonl > events.jsonl
"""
_Event = EpisodeStart | EpisodeEnd | CallEnd


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Time range and output format."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    parser.add_argument("--since", type=since, metavar="TIME", help="only events of the last 90s, 15m, 1h or 7d")
    parser.add_argument("--jsonl", action="store_true", help="print one JSON object per line, as published")


def run(arguments: argparse.Namespace) -> int:
    """Print the events; returns the exit status."""
    return show_history(config_from(arguments), arguments.since, jsonl=arguments.jsonl)


def since(text: str) -> float:
    """A duration such as ``90s``, ``15m``, ``1h`` or ``7d`` in seconds, for argparse."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smhd])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration, expected one such as 90s, 15m, 1h or 7d")
    return float(match[1]) * _UNITS[match[2]]


def show_history(config: Config, since_s: float | None, *, jsonl: bool) -> int:
    """Print the events of the last ``since_s`` seconds, or all; returns the exit status.

    Raises:
        HistoryError: there is no outbox, or it cannot be read.
    """
    path = existing_state_file(config.state_dir, FILE)
    first = "" if since_s is None else rfc3339(max(0.0, time.time() - since_s))
    narrow = sys.stdout.isatty() and width(sys.stdout) < _WIDE_COLUMNS
    events = _events(path)
    first_one = next(events, None)  # an outbox that cannot be read fails here, before the heading
    if not jsonl:
        print(_NARROW_HEAD if narrow else _HEAD)
    for payload, event, acknowledged in chain([] if first_one is None else [first_one], events):
        if event.time < first:
            continue
        if jsonl:
            sys.stdout.buffer.write(payload + b"\n")
        else:
            print(_narrow_row(event) if narrow else _row(event, acknowledged=acknowledged))
    return 0


def _events(path: Path) -> Iterator[tuple[bytes, _Event, bool]]:
    decoder = msgspec.json.Decoder(_Event)
    try:
        for payload, acknowledged in history(path):
            yield payload, decoder.decode(payload), acknowledged
    except FileNotFoundError as exc:
        raise HistoryError(f"{path}: no such file, expected the outbox of an `edged run`") from exc
    except NoTablesError as exc:
        raise HistoryError(
            f"{path} holds no events yet, as when the disk was full at the start of `edged run`: make room there, and "
            "a running `edged run` stores events within a minute"
        ) from exc
    except DamagedError as exc:
        raise HistoryError(f"{path}: {exc}, expected a readable outbox: `edged run` starts a new one") from exc
    except (msgspec.DecodeError, UnicodeDecodeError, OSError, sqlite3.Error) as exc:
        raise HistoryError(f"{path}: {getattr(exc, 'strerror', None) or exc}, expected a readable outbox") from exc


def _row(event: _Event, *, acknowledged: bool) -> str:
    duration = "" if isinstance(event, EpisodeStart) else f"{event.duration_s:.1f} s"
    broker = "has it" if acknowledged else "waits"
    return f"{_moment(event)}  {_kind(event):<5}  {event.event_type:<10}  {_figure(event):>10}  {duration:>8}  {broker}"


def _narrow_row(event: _Event) -> str:
    return f"{_moment(event)[_YEAR:]}  {_kind(event):<5}  {event.event_type[:9]:<9}  {_figure(event)}"


def _kind(event: _Event) -> str:
    return {EpisodeStart: "start", EpisodeEnd: "end", CallEnd: "call"}[type(event)]


def _figure(event: _Event) -> str:
    """The confidence of an episode, the score of a call."""
    if isinstance(event, CallEnd):
        return "" if event.score is None else f"{event.score:.1f}"
    return f"{event.confidence:.2f}"


def _moment(event: _Event) -> str:
    try:
        return f"{datetime.fromisoformat(event.time).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError):  # 30 February or year 0: a damaged row must not hide the others
        return event.time[:_MOMENT]
