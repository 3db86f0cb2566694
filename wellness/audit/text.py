"""Text that can be stored and shown anywhere: no line breaks, no controls, not too long."""

REPLACED = "\N{REPLACEMENT CHARACTER}"


def clean(text: str, length: int) -> str:
    """The text on one line of at most `length` characters, so that no entry can pretend to be two."""
    if not text.isprintable():  # false for controls, line and paragraph breaks, surrogates, direction marks
        text = "".join(one if one.isprintable() else REPLACED for one in text)
    return text if len(text) <= length else f"{text[: length - 1]}…"
