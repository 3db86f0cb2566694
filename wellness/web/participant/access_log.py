"""Who looked: who opened or was shown my data?"""

from typing import Any

from django.views.generic import TemplateView

from wellness.studies.access_log import looks, told
from wellness.web.access import ParticipantPage

LENGTH = 50


class AccessLog(ParticipantPage, TemplateView):
    """Every look at my data by somebody else, newest first."""

    template_name = "participant/access_log.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person, before = self.enrollment, self.request.GET.get("before", "")
        found = looks(person)
        if before.isascii() and before.isdigit() and len(before) < len(str(2**63)):
            found = found.filter(pk__lt=int(before))
        shown = told(person, found[: LENGTH + 1])
        older = shown[LENGTH - 1].entry if len(shown) > LENGTH else None
        return super().get_context_data(
            **kwargs, study=person.study, looks=shown[:LENGTH], older=older, first_page=not before
        )
