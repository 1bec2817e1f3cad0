"""The settings of a stereo call with the customer on the left and the shipped models, and changes to them."""

from edged.calls.settings import CallSettings
from edged.config.structs import Config
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle

SETTINGS = CallSettings(config=Config(), bundle=load_bundle(DEFAULT_BUNDLE), customer="left")


def with_customer(customer: str | None) -> CallSettings:
    """The settings for another channel."""
    return replaced(customer=customer)


def replaced(**changes: object) -> CallSettings:
    """The settings with these changes."""
    fields = {name: getattr(SETTINGS, name) for name in ("config", "bundle", "customer", "turns", "speaker", "name")}
    return CallSettings(**{**fields, **changes})
