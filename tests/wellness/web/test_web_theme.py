"""Colours can be told apart in both themes."""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[3] / "wellness/web/static/wellness/css"
TEXT = [
    ("ink", "page"),
    ("ink", "surface"),
    ("ink", "sunken"),
    ("ink-soft", "page"),
    ("ink-soft", "surface"),
    ("ink-soft", "sunken"),
    ("accent", "surface"),
    ("accent", "page"),
    ("accent-strong", "accent-soft"),
    ("on-accent", "accent"),
    ("on-full", "full"),
    ("warn", "warn-soft"),
    ("danger", "danger-soft"),
    ("danger", "surface"),
    ("good", "good-soft"),
    ("ink", "band"),
]
GRAPHICS = [
    ("data", "surface"),
    ("data", "band"),
    ("fan-line", "fan"),
    ("focus", "page"),
    ("focus", "surface"),
    ("edge", "surface"),
]


def themes() -> dict[str, dict[str, str]]:
    """The tokens of the light and the dark theme."""
    light, dark = (CSS / "theme.css").read_text().split("@media (prefers-color-scheme: dark)")[:2]
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part)) for part in (light, dark)]
    return {"light": found[0], "dark": found[0] | found[1]}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_graphics_have_contrast(theme: str) -> None:
    tokens = themes()[theme]
    for least, pairs in ((4.5, TEXT), (3.0, GRAPHICS)):
        for ink, ground in pairs:
            assert contrast(tokens[ink], tokens[ground]) >= least, (theme, ink, ground)


def test_dark_replaces_every_colour_of_light() -> None:
    light, dark = (CSS / "theme.css").read_text().split("@media (prefers-color-scheme: dark)")[:2]
    named = [set(re.findall(r"--([a-z-]+): #", part)) for part in (light, dark)]
    assert named[0] == named[1]


def test_style_sheets_stay_small_and_local() -> None:
    for sheet in CSS.glob("*.css"):
        text = sheet.read_text()
        assert len(text.splitlines()) <= 200, sheet.name
        assert "url(" not in text
        assert "@import" not in text
