"""Several microphones on one machine, an ``edged run`` for each: CPU time and memory of all together.

virtual microphone ──1, 2 and 4 of edged run──► mosquitto; CPU share and Pss, which counts a shared page once
"""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.daemon import lacking, running
from benchmarks.result import Curve, Outcome, Plot
from edged.demo.sample import SAMPLE
from tests.parts.broker.mosquitto import Mosquitto, mosquitto_program
from tests.parts.sound.pulse import VirtualMicrophone

_COUNTS = (1, 2, 4)
_SETTLE_S, _LISTEN_S = 4.0, 10.0


def measured() -> Outcome:
    """Two plots."""
    if reason := lacking():
        return Outcome(missing=reason)
    found = [_together(count) for count in _COUNTS]
    sizes = [float(count) for count in _COUNTS]
    return Outcome(
        plots={
            "microphones": Plot(
                "CPU time of several microphones",
                "microphones",
                "% of a core",
                [Curve("edged run, speech on all", sizes, [100 * share for share, _ in found])],
            ),
            "microphones-memory": Plot(
                "Memory of several microphones",
                "microphones",
                "MB (Pss)",
                [Curve("edged run", sizes, [megabytes for _, megabytes in found])],
            ),
        }
    )


def _together(count: int) -> tuple[float, float]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(Mosquitto(folder, mosquitto_program()))
        broker.start()
        microphone = stack.enter_context(VirtualMicrophone())
        mqtt = {"host": broker.mqtt.host, "port": broker.port}
        daemons = [
            stack.enter_context(
                running({"node": f"bench{n}", "mqtt": mqtt, "log_level": "error"}, microphone.environment)
            )
            for n in range(count)
        ]
        microphone.play(SAMPLE)
        time.sleep(_SETTLE_S)
        before_s, began_s = sum(one.cpu_s() for one in daemons), time.monotonic()
        time.sleep(_LISTEN_S)  # the measurement needs time to pass
        share = (sum(one.cpu_s() for one in daemons) - before_s) / (time.monotonic() - began_s)
        return share, sum(one.memory_mb() for one in daemons)
