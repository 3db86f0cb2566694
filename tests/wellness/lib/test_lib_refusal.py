from wellness.lib.refusal import Refusal


def test_a_refusal_says_what_why_and_whether_to_try_again() -> None:
    refusal = Refusal("too_large", "The body is too large.", status=413, field="body")
    assert (refusal.code, refusal.status, refusal.field, refusal.retry) == ("too_large", 413, "body", False)
    assert str(refusal) == "too_large: The body is too large."


def test_two_refusals_share_nothing() -> None:
    one, other = Refusal("a", "A."), Refusal("b", "B.")
    one.extra["x"] = 1
    assert other.extra == {}
