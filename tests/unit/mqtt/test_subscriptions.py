"""What came of the filters that were asked for, without a broker."""

from edged.mqtt.subscriptions import Subscription, Subscriptions


def test_answers_are_in_the_order_of_the_filters() -> None:
    """A plain text is a required filter; what is refused of the others is kept until the next answer."""
    subscriptions = Subscriptions(["a", Subscription("b", required=False), Subscription("c", required=False)])
    assert subscriptions.answered([False, False, True]) == ()
    assert subscriptions.refused == ("c",)
    assert subscriptions.answered([True, True, False]) == ("a",)
    assert subscriptions.refused == ("b",)


def test_answer_that_is_too_short_is_a_refusal() -> None:
    """A broker that answers one filter of two has not granted the other."""
    assert Subscriptions(["a", "b"]).answered([False]) == ("b",)
