"""Record of processing: what is done with which data, and on what ground?"""

from typing import Any

from django.utils import timezone
from django.views.generic import TemplateView

from wellness.consent.register import processing_register
from wellness.studies.models import Role
from wellness.web.coordinator.study import StudyPage
from wellness.web.trail import looked_over

ANSWERABLE = (Role.COORDINATOR, Role.ADMINISTRATOR, Role.AUDITOR)


class Register(StudyPage, TemplateView):
    """What is done with which data of one study; counts of people, nothing of anyone."""

    roles = ANSWERABLE
    template_name = "coordinator/processing.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, about = timezone.now(), f"study:{self.study.slug}"
        looked_over([], user=self.user, action="view.register", purpose="", now=now, about=about)
        return super().get_context_data(**kwargs, register=processing_register(self.study), now=now)
