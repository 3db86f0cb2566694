"""Me: what may I do with what is kept of me?"""

from typing import Any

from django.views.generic import TemplateView

from wellness.web.access import ParticipantPage


class Privacy(ParticipantPage, TemplateView):
    """My data and my rights: every page on which a person looks after them."""

    template_name = "participant/privacy.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, study=self.enrollment.study)
