"""Ids of events: unique over devices and restarts, and in the order of time.

the wall clock, random bits ──► "01a21922-7a0c-7759-b319-b00d0630aad9"
"""

import secrets
import time


def new_id() -> str:
    """A UUID of version 7 (RFC 9562): 48 bits of Unix milliseconds, so that ids sort by time, then random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)  # at once: each call asks the kernel
    high = (milliseconds & (2**48 - 1)) << 16 | 0x7000 | random >> 62
    low = 0b10 << 62 | random & (2**62 - 1)
    digits = f"{high:016x}{low:016x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
