"""Charts drawn by the server."""

from typing import Any

from django import template

from wellness.web.charts.drawing import draw
from wellness.web.charts.figure import Figure

register = template.Library()


@register.inclusion_tag("partials/chart.html")
def chart(figure: Figure, heading: str = "h2") -> dict[str, Any]:
    """A measure's figure: heading, sentence, picture, strips and table."""
    return {"figure": figure, "drawing": draw(figure), "heading": heading}


@register.filter
def words(name: str) -> str:
    """A name of the field as words: heart_rate is "heart rate"."""
    return name.replace("_", " ")
