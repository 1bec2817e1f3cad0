"""Results of subscriptions, without a broker."""

from edged.mqtt.subscriptions import Subscription, Subscriptions


def test_answers_are_in_the_order_of_the_filters() -> None:
    """A plain string is a required filter; refusals of the others are kept until the next SUBACK."""
    subscriptions = Subscriptions(["a", Subscription("b", required=False), Subscription("c", required=False)])
    assert subscriptions.answered([False, False, True]) == ()
    assert subscriptions.refused == ("c",)
    assert subscriptions.answered([True, True, False]) == ("a",)
    assert subscriptions.refused == ("b",)


def test_answer_that_is_too_short_is_a_refusal() -> None:
    """A SUBACK with one result for two filters has not granted the second."""
    assert Subscriptions(["a", "b"]).answered([False]) == ("b",)
