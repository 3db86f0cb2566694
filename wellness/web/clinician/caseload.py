"""Caseload: who needs me today?"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.views.generic import TemplateView

from wellness.consent.purposes import SHARE_CLINICIAN
from wellness.studies.models import Role
from wellness.web.access import PartialMixin, StaffPage
from wellness.web.clinician.left_alerts import left_alerts
from wellness.web.clinician.reading import dossiers, people
from wellness.web.clinician.row import Row, row
from wellness.web.trail import looked_over

NEVER = timedelta(days=36_500)
SORTS: dict[str, tuple[str, Callable[[Row], Any]]] = {
    "attention": ("Who needs me first", lambda r: (not r.reasons, _gravity(r), r.enrollment.code)),
    "name": ("Name", lambda r: r.enrollment.code),
    "data": ("Oldest data first", lambda r: (-(r.age or NEVER), r.enrollment.code)),
    "change": ("Largest change first", lambda r: (-abs(r.distance), r.enrollment.code)),
    "check-ins": ("Fewest check-ins first", lambda r: (r.n_check_ins or 0, r.enrollment.code)),
}
SHOWS: dict[str, tuple[str, Callable[[Row], bool]]] = {
    "all": ("Everyone", lambda r: True),
    "attention": ("Needs attention", lambda r: bool(r.reasons)),
    "changed": ("Changed", lambda r: r.change is not None and r.change[1] != "as usual"),
    "silent": ("No data for 3 days", lambda r: any("no data" in words for _, words in r.reasons)),
}
GRAVITY = ("danger", "warn", "plain")


def _gravity(one: Row) -> int:
    return min((GRAVITY.index(look) for look, _ in one.reasons), default=len(GRAVITY))


class CaseloadForm(forms.Form):
    """The caseload's state, which lives in the address."""

    q = forms.CharField(required=False, label="Find", max_length=40)
    show = forms.ChoiceField(required=False, label="Show", choices=[(k, v[0]) for k, v in SHOWS.items()])
    sort = forms.ChoiceField(required=False, label="Order", choices=[(k, v[0]) for k, v in SORTS.items()])

    def chosen(self) -> tuple[str, str, str]:
        """Search text, filter and order; what cannot be read counts as not given."""
        self.is_valid()
        clean = self.cleaned_data
        return clean.get("q") or "", clean.get("show") or "all", clean.get("sort") or "attention"


class Caseload(PartialMixin, StaffPage, TemplateView):
    """Who needs me today?"""

    roles = (Role.CLINICIAN,)
    template_name, partial_name = "clinician/caseload.html", "clinician/_caseload_rows.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, form = timezone.now(), CaseloadForm(self.request.GET)
        enrollments = people(self.user)
        known = dossiers(enrollments, now)
        rows = [row(one, now) for one in known if one.shown]
        q, show, sort = form.chosen()
        if enrollments:
            looked_over(
                enrollments,
                user=self.user,
                action="view.caseload",
                purpose=SHARE_CLINICIAN,
                now=now,
                about=" ".join(sorted({f"study:{one.study.slug}" for one in enrollments})),
                role=Role.CLINICIAN,
            )
        return super().get_context_data(
            **kwargs,
            now=now,
            left_alerts=left_alerts(self.user, now),
            rows=select(rows, q, show, sort),
            n_people=len(rows),
            silent=sorted(one.enrollment.code for one in known if not one.shown),
            n_attention=sum(bool(one.reasons) for one in rows),
            n_alerts=sum(any(look == "danger" for look, _ in one.reasons) for one in rows),
            form=form,
            chosen={"q": q, "show": show, "sort": sort},
            shows={key: words for key, (words, _) in SHOWS.items()},
            sorts={key: words for key, (words, _) in SORTS.items()},
        )


def select(rows: Sequence[Row], q: str, show: str, sort: str) -> list[Row]:
    """The rows that match, in order; equal ones by name, so that the order stays put."""
    wanted = [one for one in rows if q.casefold() in one.enrollment.code.casefold() and SHOWS[show][1](one)]
    return sorted(wanted, key=SORTS[sort][1])
