"""My data: how have I been?"""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.views.generic import TemplateView

from phenotyping.days.losses import lost
from wellness.web.access import ParticipantPage
from wellness.web.charts.reading import read_figures
from wellness.web.measures import OWN, shown
from wellness.web.words import missing

N_DAYS = 28


class MyData(ParticipantPage, TemplateView):
    """How have I been? Everything about oneself, whatever others may see."""

    template_name = "participant/my_data.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        figures = read_figures(self.enrollment, shown(OWN), n_days=N_DAYS, purpose=None, now=now)
        yesterday = self.enrollment.zones().local_date(now) - timedelta(days=1)
        week = lost([self.enrollment], yesterday - timedelta(days=6), yesterday)
        return super().get_context_data(
            **kwargs,
            missing=missing(week[self.enrollment.pk]),
            study=self.enrollment.study,
            figures=figures,
            any_data=any(drawn.last for drawn in figures),
            changed=[drawn for drawn in figures if drawn.verdict and drawn.verdict[1] != "as usual"],
            n_days=N_DAYS,
        )
