"""The device of Home Assistant's tests: the node kitchen with the shipped labels and a bundle that calibrates."""

from edged.homeassistant.entity import Device

LABELS = ("angry", "disgust", "fear", "happy", "neutral", "sad")
KITCHEN = Device(node="kitchen", device_id="0123456789abcdef", labels=LABELS, version="0.1.0", calibrates=True)
