"""Studies: which of mine needs me?"""

from typing import Any

from django.db.models import Count, Q
from django.views.generic import TemplateView

from wellness.studies.models import Phase, Study
from wellness.web.access import STAFF_ROLES, StaffPage
from wellness.web.coordinator.study import RUNNING, places


class Studies(StaffPage, TemplateView):
    """Which studies do I work in, other than as a clinician?"""

    roles = STAFF_ROLES["coordinator"]
    template_name = "coordinator/studies.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = Study.objects.staffed_by(self.user, *self.roles).order_by("name")
        counted: Any = mine.annotate(
            n_enrolled=Count("enrollments", distinct=True),
            n_active=Count("enrollments", filter=Q(enrollments__phase=Phase.ACTIVE), distinct=True),
        )
        run = set(Study.objects.staffed_by(self.user, *RUNNING).values_list("pk", flat=True))
        studies = list(counted)
        for one in studies:
            one.places, one.runs = places(one, self.user), one.pk in run
        return super().get_context_data(**kwargs, studies=studies)
