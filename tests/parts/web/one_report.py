"""A program that serves one finished report beside its recording, as `edged web` does after an analysis.

a made-up call, a silent recording ──python -m tests.parts.web.one_report FOLDER──► the report's address, until a signal
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edged.calls.files import write_report
from edged.config.structs import Config
from edged.web import assets
from edged.web.application import application
from edged.web.calls.call_queue import Calls
from edged.web.calls.endpoints import CallEndpoints
from edged.web.calls.messages import Analysed
from edged.web.guard import LOOPBACK
from edged.web.server import Origin, listening, serve
from tests.parts.calls.example import calming
from tests.parts.system.program import REPOSITORY
from tests.parts.web.recordings import silence
from tests.parts.web.running import RunningWeb

_SECONDS = 180
_RESULT = Analysed(outcome="calmed", score=7.4, reason=None, low=6.3, high=8.6, duration_s=_SECONDS)


@contextmanager
def one_report(folder: Path) -> Iterator[RunningWeb]:
    """The program, whose address is that of the report; killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, folder], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield RunningWeb(process, process.stdout.readline().strip(), folder)
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    """Serve the report below the first argument, a folder."""
    config = Config()
    calls = Calls(Path(sys.argv[1]), config)
    call = calls.reserve()
    report = calming()
    call.name, call.keep, call.state, call.result = report.call.file, True, "done", _RESULT
    call.recording = silence(call.folder / "recording.wav", _SECONDS)
    write_report(report, call.folder, recording=call.recording.name)
    calls._calls[call.identifier] = call  # noqa: SLF001 -- without the analysis that would put it there
    app = application([*CallEndpoints(calls, config.web).all(), *assets.endpoints()], LOOPBACK, calls.running)
    with listening("127.0.0.1", 0, Origin()) as bound:
        address = f"http://127.0.0.1:{bound.getsockname()[1]}/calls/{call.identifier}/report"
        serve(app, bound, lambda: print(address, flush=True))  # noqa: T201 -- to the test


if __name__ == "__main__":
    main()
