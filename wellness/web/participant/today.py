"""Today: what is there for me now?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.views.generic import TemplateView

from coach.decisions.explain import why
from coach.decisions.models import Decision
from coach.delivery.models import Delivery
from coach.delivery.selectors import inbox, told
from phenotyping.days.selectors import day_values
from phenotyping.surveys.models import Answer
from phenotyping.surveys.selectors import open_prompts
from wellness.studies.models import Enrollment
from wellness.web.access import ParticipantPage
from wellness.web.charts.figure import Figure
from wellness.web.charts.reading import figure
from wellness.web.charts.usual import WINDOW
from wellness.web.measures import shown
from wellness.web.words import amount, named_day, span

RECENT = 6
TILES = {"sleep.duration": "sleep", "steps.total": "steps"}
GREETINGS = ((5, "Good night"), (12, "Good morning"), (18, "Good afternoon"), (24, "Good evening"))


@dataclass(frozen=True)
class Tile:
    """One measure in a nutshell."""

    icon: str
    label: str
    value: str
    when: str
    usual: str


class Today(ParticipantPage, TemplateView):
    """What is there for me now?"""

    template_name = "participant/today.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, person = timezone.now(), self.enrollment
        suggestion = inbox(person, now).first()
        return super().get_context_data(
            **kwargs,
            study=person.study,
            greeting=greeting(person, now),
            name=self.user.first_name,
            suggestion=suggestion,
            why=explanation(suggestion),
            prompts=open_prompts(person, now),
            checked_in=latest_answer(person, now),
            tiles=tiles(person, now),
            recent=recent(person, suggestion, now),
        )


def greeting(enrollment: Enrollment, now: datetime) -> str:
    """A greeting for the time on the person's own clock."""
    hour = now.astimezone(ZoneInfo(enrollment.zones().at(now))).hour
    return next(words for until, words in GREETINGS if hour < until)


def explanation(delivery: Delivery | None) -> str:
    """Why a suggestion was made, in one sentence; empty for one that no rule made."""
    decision = Decision.objects.filter(delivery=delivery).select_related("rule", "enrollment__study").first()
    return why(decision) if delivery and decision else ""


def latest_answer(enrollment: Enrollment, now: datetime) -> Answer | None:
    """Today's latest check-in on the person's own calendar."""
    zones = enrollment.zones()
    since = zones.day(zones.local_date(now)).starts_at
    return (
        Answer.objects.filter(enrollment=enrollment, recorded_at__gte=since).order_by("-recorded_at").first()
    )


def recent(enrollment: Enrollment, suggestion: Delivery | None, now: datetime) -> list[Delivery]:
    """The last suggestions that the person may be shown, but not the one on the card."""
    shown = told(enrollment, now)
    return list((shown.exclude(pk=suggestion.pk) if suggestion else shown)[:RECENT])


def tiles(enrollment: Enrollment, now: datetime) -> list[Tile]:
    """Sleep and steps: the latest value and the usual range, in words."""
    today = enrollment.zones().local_date(now)
    first = today - timedelta(days=6)
    days = day_values(enrollment, first - WINDOW, today, purpose=None, at=now)
    return [tile(figure(measure, days, first, today)) for measure in shown(TILES)]


def tile(drawn: Figure) -> Tile:
    """A figure's latest value as a tile."""
    measure, last, normal = drawn.measure, drawn.last, drawn.usual
    icon = TILES[measure.phenotype]
    if last is None or last.value is None:
        return Tile(icon, measure.label, "No data", "in the last seven days", "Keep your phone with you.")
    usual = (
        f"Usually {span(measure, normal.low, normal.high)}."
        if normal
        else "Your usual range needs seven days."
    )
    if drawn.verdict:
        usual = f"{drawn.verdict[1].capitalize()}. {usual}"
    return Tile(icon, measure.label, amount(measure, last.value), named_day(last.on, drawn.today), usual)
