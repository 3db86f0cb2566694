"""One participant: how is this person, compared with themselves?"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from django.views.generic import TemplateView

from coach.safety.models import Hold
from wellness.accounts.models import User
from wellness.consent.purposes import CONSENT_STREAMS, SHARE_CLINICIAN, SURVEY
from wellness.studies.models import EmergencyAccess, Enrollment, Phase, Role
from wellness.web.access import StaffPage
from wellness.web.charts.figure import Figure
from wellness.web.charts.reading import read_figures
from wellness.web.clinician.coaching import coaching_log, suggested_at
from wellness.web.clinician.reading import Dossier, dossiers
from wellness.web.trail import looked_at
from wellness.web.words import freshness

RANGES = (28, 56, 84)


class Person(StaffPage, TemplateView):
    """How is this person, compared with themselves? Only of people in the clinician's own care."""

    roles = (Role.CLINICIAN,)
    template_name = "clinician/person.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, person = timezone.now(), self.person(self.user, self.kwargs["enrollment"])
        emergency = self.emergency(self.user, person, now)
        looked_at(
            person,
            user=self.user,
            action="view.participant",
            now=now,
            role=Role.CLINICIAN,
            access=emergency,
        )
        n_days = next((n for n in RANGES if str(n) == self.request.GET.get("days")), RANGES[0])
        dossier = dossiers([person], now)[0]
        streams = dossier.streams
        figures = self.figures(dossier, n_days, now)
        return super().get_context_data(
            **kwargs,
            person=person,
            emergency=emergency,
            study=person.study,
            zone=person.zones().at(now),
            study_day=(now - person.started_at).days + 1 if person.started_at and streams else None,
            withdrawn=person.phase == Phase.WITHDRAWN,
            freshness=freshness(dossier.last_at, now) if streams else ("none", ""),
            check_ins=None if dossier.checked_in_on is None else len(dossier.checked_in_on),
            figures=figures,
            summary=summary(figures),
            n_days=n_days,
            ranges=RANGES,
            alerts=dossier.alerts,
            holds=Hold.objects.in_force(now).filter(enrollment=person) if streams else (),
            log=coaching_log(person, now, sees_outcome="steps" in streams, sees_answers=SURVEY in streams)
            if streams
            else [],
            shared=[name for name in CONSENT_STREAMS if name in streams],
            not_shared=[name for name in CONSENT_STREAMS if name not in streams],
        )

    @staticmethod
    def person(user: User, public_id: UUID) -> Enrollment:
        """The person, when they are in the user's care."""
        visible = Enrollment.objects.visible_to(user, Role.CLINICIAN).exclude(phase=Phase.INVITED)
        found = visible.select_related("study", "site").prefetch_related("zone_changes")
        person = found.filter(public_id=public_id).first()
        if person is None:
            raise Http404
        return person

    @staticmethod
    def emergency(user: User, person: Enrollment, now: datetime) -> EmergencyAccess | None:
        """What opened the record, when the person is not in the user's care."""
        cared_for = Enrollment.objects.in_care_of(user, Role.CLINICIAN).filter(pk=person.pk)
        opened = EmergencyAccess.objects.open(now).filter(enrollment=person, user=user)
        return None if cared_for.exists() else opened.first()

    @staticmethod
    def figures(dossier: Dossier, n_days: int, now: datetime) -> list[Figure]:
        """The charts of everything shared, with the days of suggestions marked."""
        person = dossier.enrollment
        sent = suggested_at(person, now - timedelta(days=n_days)) if dossier.streams else frozenset()
        marks = frozenset(map(person.zones().local_date, sent))
        return read_figures(
            person, dossier.measures, n_days=n_days, purpose=SHARE_CLINICIAN, now=now, marks=marks
        )


def summary(figures: list[Figure]) -> list[Figure]:
    """The figures worth a sentence at the top: those away from usual, the farthest first."""
    away = [one for one in figures if one.verdict and one.verdict[1] != "as usual"]
    return sorted(away, key=lambda one: -abs(one.distance or 0.0))
