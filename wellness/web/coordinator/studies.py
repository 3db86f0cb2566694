"""Studies: which of mine needs me?"""

from typing import Any

from django.db.models import Count, Q
from django.views.generic import TemplateView

from wellness.studies.models import Phase, Role, Study
from wellness.web.access import StaffPage

COORDINATING = (Role.COORDINATOR, Role.ADMINISTRATOR)


class Studies(StaffPage, TemplateView):
    """Which studies do I run?"""

    roles = COORDINATING
    template_name = "coordinator/studies.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = Study.objects.staffed_by(self.user, *COORDINATING).order_by("name")
        counted = mine.annotate(
            n_enrolled=Count("enrollments", distinct=True),
            n_active=Count("enrollments", filter=Q(enrollments__phase=Phase.ACTIVE), distinct=True),
        )
        return super().get_context_data(**kwargs, studies=counted)
