"""Record of a study: who did and saw what of its people?"""

from typing import Any

from django.db.models import QuerySet
from django.views.generic import ListView

from wellness.audit.models import AuditEntry
from wellness.audit.services import enrollment_chain
from wellness.studies.models import Enrollment, Role
from wellness.web.coordinator.study import StudyPage


class Record(StudyPage, ListView):  # type: ignore[type-arg]  # not subscriptable at run time
    """Who did and saw what? The entries of this study's people, by pseudonym; reading it is recorded too."""

    roles = (Role.AUDITOR,)
    template_name = "coordinator/record.html"
    context_object_name = "entries"
    paginate_by = 50

    def get_queryset(self) -> QuerySet[AuditEntry]:
        """The entries of everyone, or of one person, newest first."""
        people = Enrollment.objects.on_record_for(self.user).filter(study=self.study)
        self.code = self.request.GET.get("person", "").strip()
        if self.code:
            people = people.filter(code=self.code)
        self.people = {enrollment_chain(one.public_id): one for one in people}
        return AuditEntry.objects.filter(chain__in=list(self.people)).order_by("-at", "-pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        rows = [(self.people[entry.chain].code, entry) for entry in context["entries"]]
        self.note("view.record", [self.people[entry.chain] for _, entry in rows])
        return context | {"rows": rows, "code": self.code}
