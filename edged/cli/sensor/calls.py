"""``edged calls``: recordings of calls to reports.

files, folders ──jobs──► worker processes ──► a folder with four files each ──► a line each, summary, exit status
"""

import argparse
import sys
from pathlib import Path

from edged.audio.formats.names import READ
from edged.calls.batch import Done, default_processes, jobs
from edged.calls.batch import run as run_jobs
from edged.calls.files import check_folder
from edged.calls.settings import CallSettings
from edged.calls.summary import write_summary
from edged.calls.voices.turns import Turns
from edged.cli.bundle import prepared
from edged.cli.config_file import config_file
from edged.cli.log import print_error
from edged.cli.screen import GREEN, RED, coloured, printable, wrapped
from edged.cli.sensor.json_lines import print_line
from edged.cli.sensor.progress import CallsProgress
from edged.cli.values import path
from edged.contract.call_report import SummaryRow
from edged.errors import RecordingError, UsageError, counted

_OUT = Path("edged-calls")
_MAX_JOBS = 64

_DESCRIPTION = """\
Analyse recordings of service calls: how the customer's emotion moved, and whether the call calmed the customer, as a
score from 1 to 10. Each call gets a folder with report.html, report.json, timeline.csv and timeline.png. Nothing leaves
this machine. Only the customer's channel reaches the models; in the agent's, only speech and silence are measured.
"""
_EXAMPLES = """\
examples:
  edged calls --customer left call.wav
  edged calls --customer right --summary --out reports recordings/
  edged calls --voice 2 call.mp3    # mono: the customer is the second to speak
  edged calls --turns call.rttm --speaker A call.mp3
  edged calls --customer left --json call.wav | jq .score
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Recordings, whose channel is whose, output."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "files",
        nargs="+",
        type=path,
        metavar="FILE",
        help=f"recordings, or folders of them: {READ}",
    )
    parser.add_argument(
        "--customer",
        choices=("left", "right", "mono"),
        help="the customer's channel in stereo recordings; mono: both channels hold both voices",
    )
    parser.add_argument(
        "--voice",
        type=int,
        choices=(1, 2),
        help="the customer's voice in mono recordings, which are split into two voices by sound; 1 speaks first",
    )
    parser.add_argument("--turns", type=path, metavar="FILE", help="who speaks when in mono recordings: RTTM or CSV")
    parser.add_argument(
        "--speaker", default="customer", metavar="NAME", help="the customer's name in the turns (default: customer)"
    )
    parser.add_argument("--out", type=path, metavar="DIR", help=f"folder for the reports (default: ./{_OUT})")
    parser.add_argument(
        "--json", action="store_true", help="print each report as a line of JSON; writes only with --out"
    )
    parser.add_argument("--summary", action="store_true", help="write summary.csv and summary.html, by call")
    parser.add_argument(
        "--jobs", type=_jobs, metavar="N", help="recordings analysed in parallel (default: one per core)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Analyse all recordings; returns the exit status."""
    config, bundle = prepared(config_file(arguments), of_calls=True)
    out: Path | None = arguments.out or (None if arguments.json else _OUT)
    if arguments.summary and out is None:
        raise UsageError("--summary with --json, expected --out too: a folder to write to")
    turns = None if arguments.turns is None else Turns(arguments.turns)
    if turns is not None and arguments.speaker.casefold() not in map(str.casefold, turns.speakers()):
        names = ", ".join(turns.speakers()[:8])
        raise UsageError(f"{turns.file}: no speaker {arguments.speaker!r}, expected --speaker with one of: {names}")
    if arguments.voice and (turns is not None or arguments.customer in {"left", "right"}):
        given = "--turns" if turns is not None else f"--customer {arguments.customer}"
        raise UsageError(f"--voice with {given}, expected one of the two: it is for mono recordings without turns")
    settings = CallSettings(
        config=config,
        bundle=bundle,
        customer=arguments.customer,
        speaker=arguments.speaker,
        voice=arguments.voice,
    )
    todo = jobs(arguments.files, out, returned=arguments.json)
    if out is not None:
        check_folder(out)
    rows: list[SummaryRow] = []
    n_bad = 0
    with CallsProgress(sys.stderr) as progress:
        n_processes = arguments.jobs or default_processes()
        for one in run_jobs(todo, settings, turns, n_processes=n_processes, progress=progress.show):
            progress.erase()
            if one.row is None:
                n_bad += 1
                print_error(f"edged: {one.fault}")
                continue
            rows.append(one.row)
            _print(one, as_json=arguments.json)
    if arguments.summary and out is not None:
        write_summary(sorted(rows, key=lambda row: row.report), out)
    if not arguments.json:
        _print_end(len(rows), n_bad, out)
    return RecordingError.exit_status if n_bad else 0


def _print(one: Done, *, as_json: bool) -> None:
    row = one.row
    if as_json and one.report is not None:
        print_line(one.report)
    elif row is not None and not as_json:
        name = printable(str(one.job.file)) + (" (done before)" if one.resumed else "")
        print(wrapped(f"{_score(row)}  {name}" + (f": {row.reason}" if row.reason else ""), sys.stdout), flush=True)


def _score(row: SummaryRow) -> str:
    outcome = f"{row.outcome.replace('_', ' '):<15}"
    colour = {"calmed": GREEN, "escalated": RED}.get(row.outcome)
    shown = outcome if colour is None else coloured(outcome, colour, sys.stdout)
    if row.score is None:
        return f"   -              {shown}"
    return f"{row.score:4.1f}  {row.low:4.1f} to {row.high:4.1f}  {shown}"


def _print_end(n_reports: int, n_bad: int, out: Path | None) -> None:
    bad = f", {counted(n_bad, 'recording')} could not be used" if n_bad else ""
    print(f"{counted(n_reports, 'report')} in {printable(str(out))}{bad}")


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_JOBS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of jobs, expected 1 to {_MAX_JOBS}")
    return int(text)
