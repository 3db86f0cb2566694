"""Record of processing: what is done with which data, and on what ground?"""

from typing import Any

from django.http import Http404
from django.utils import timezone
from django.views.generic import TemplateView

from wellness.consent.register import processing_register
from wellness.studies.models import Role, Study
from wellness.web.access import StaffPage
from wellness.web.trail import looked_over

ANSWERABLE = (Role.COORDINATOR, Role.ADMINISTRATOR, Role.AUDITOR)


class Register(StaffPage, TemplateView):
    """What is done with which data of one study; counts of people, nothing of anyone."""

    roles = ANSWERABLE
    template_name = "coordinator/processing.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        study = Study.objects.staffed_by(self.user, *ANSWERABLE).filter(slug=self.kwargs["slug"]).first()
        if study is None:
            raise Http404
        now = timezone.now()
        about = f"study:{study.slug}"
        looked_over([], user=self.user, action="view.register", purpose="", now=now, about=about)
        return super().get_context_data(**kwargs, study=study, register=processing_register(study), now=now)
