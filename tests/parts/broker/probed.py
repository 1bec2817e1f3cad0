"""The stages of `edged check` with a broker, for the node lab: the result of each."""

from edged.config.structs import Mqtt
from edged.errors import PublishError
from edged.mqtt.probe import LiveClient, stages

NAMES = ["name", "TCP", "TLS", "login", "topics", "sizes"]
LAB = LiveClient(node="lab", filters=("edged/lab/info",), sizes={"info": 1500}, discovery=(9400, 900))


def stage_results(mqtt: Mqtt, live: LiveClient = LAB) -> dict[str, str]:
    """Result of each stage for the node lab, up to the first failure, which starts with FAULT."""
    results = {}
    for name, attempt in stages(mqtt, live):
        try:
            results[name] = attempt()
        except PublishError as exc:
            results[name] = f"FAULT {exc}"
            break
    return results
