"""Results of subscriptions, without a broker."""

import pytest

from edged.mqtt.subscriptions import Subscription, Subscriptions

BROKER = "broker localhost:1883"


def test_answers_are_in_the_order_of_the_filters() -> None:
    """A plain string is a required filter; refusals of the others are kept until the next SUBACK."""
    subscriptions = Subscriptions(["a", Subscription("b", required=False), Subscription("c", required=False)])
    assert subscriptions.answered([False, False, True], BROKER) == ()
    assert subscriptions.refused == ("c",)
    assert subscriptions.answered([True, True, False], BROKER) == ("a",)
    assert subscriptions.refused == ("b",)


def test_answer_that_is_too_short_is_a_refusal() -> None:
    """A SUBACK with one result for two filters has not granted the second."""
    assert Subscriptions(["a", "b"]).answered([False], BROKER) == ("b",)


def test_optional_refusals_are_logged_when_they_change(caplog: pytest.LogCaptureFixture) -> None:
    """Each reconnect asks again; the same answer is no news, and where a required one fails that is the reason."""
    subscriptions = Subscriptions(["a", Subscription("b", required=False), Subscription("c", required=False)])
    for failed in ([False, True, True], [False, True, True], [True, False, True]):
        subscriptions.answered(failed, BROKER)
    assert caplog.messages == ["broker localhost:1883: subscription to b, c refused, continuing without it"]
