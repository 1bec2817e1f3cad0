"""A task given to a worker process, and its last message.

    Task ──python -m edged.web.calls.worker──► Progress… to a callback ──► Inspected, Voices or Analysed, or WorkerFault

Cancelling the coroutine kills the process.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable

import msgspec

from edged.web.calls.messages import Analysed, Failed, Inspected, Message, Progress, Task, Voices

_MODULE = "edged.web.calls.worker"
_MAX_LINE_BYTES = 65_536
_MESSAGES: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)

_log = logging.getLogger(__name__)


class WorkerFault(Exception):  # noqa: N818 -- an answer: the recording's fault, in a sentence for the page
    """The task could not be done; ``str`` is a sentence for people."""


async def worked(task: Task, progress: Callable[[Progress], None]) -> Inspected | Voices | Analysed:
    """Do ``task`` in a process of its own.

    Raises:
        WorkerFault: the recording cannot be used, or the process died.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _MODULE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_MAX_LINE_BYTES,
        start_new_session=True,  # Ctrl-C on the terminal is for the program alone
    )
    try:
        result = await _last_message(process, task, progress)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    if isinstance(result, Failed):
        raise WorkerFault(result.sentence)
    if result is None:
        _log.warning("%s: the worker process ended with status %s", task.kind, process.returncode)
        raise WorkerFault(_died(process.returncode))
    return result


async def _last_message(
    process: asyncio.subprocess.Process, task: Task, progress: Callable[[Progress], None]
) -> Inspected | Voices | Analysed | Failed | None:
    assert process.stdin is not None  # noqa: S101 -- for mypy: both are pipes
    assert process.stdout is not None  # noqa: S101 -- as above
    try:
        process.stdin.write(msgspec.json.encode(task) + b"\n")
        await process.stdin.drain()  # and stays open: its end tells the worker that this program is gone
    except ConnectionError:  # it is dead already
        await process.wait()
        return None
    async for line in process.stdout:
        message = _MESSAGES.decode(line)
        if not isinstance(message, Progress):
            return message
        progress(message)
    await process.wait()
    return None


def _died(status: int | None) -> str:
    if status == -signal.SIGKILL:
        return "The analysis was stopped by the system, perhaps for lack of memory."
    return "This recording made the decoder crash, so there is no report."
