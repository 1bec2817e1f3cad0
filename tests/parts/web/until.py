"""Waiting on a condition inside an event loop, without a sleep."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until ``condition`` holds; the caller sets the deadline."""
    while not condition():  # noqa: ASYNC110 -- a condition on the state of the code under test, which sets no event
        await asyncio.sleep(0)
