"""Study board: is the study on track?"""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.views.generic import TemplateView

from wellness.studies.models import Phase, Role
from wellness.web.coordinator.funnel import Silence, funnel, members, silences
from wellness.web.coordinator.gaps import losses
from wellness.web.coordinator.quality import Waiting, ledger, matrix, randomisation, waiting
from wellness.web.coordinator.study import StudyPage
from wellness.web.trail import looked_over


class Board(StudyPage, TemplateView):
    """Is the study on track? Only of the coordinator's own studies; no clinical values.

    How much arrives and what is lost is how a study is run, whether or not people share with clinicians;
    of those who left nothing but their number is shown.
    """

    roles = (Role.COORDINATOR,)
    template_name = "coordinator/board.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        study = self.study
        found = members(study, self.user)
        people = [one.enrollment for one in found if one.enrollment.phase != Phase.WITHDRAWN]
        silent, work = silences(found, now), waiting(people, now)
        about = f"study:{study.slug}"
        looked_over(people, user=self.user, action="view.board", purpose="", now=now, about=about)
        return super().get_context_data(
            **kwargs,
            now=now,
            funnel=funnel(found),
            n_enrolled=len(found),
            enrolled_share=min(round(100 * len(found) / study.target_n), 100) if study.target_n else None,
            silences=silent,
            headline=headline(silent, work),
            matrix=matrix(people, now),
            losses=losses(people, now),
            ledger=ledger(people),
            work=work,
            trial=randomisation(people),
        )


def headline(silent: Sequence[Silence], work: Sequence[Waiting]) -> str:
    """Today's problems in one sentence."""
    never, *fell = (len(group.people) for group in silent)
    counts = {
        "never started": never,
        "silent for a day or longer": sum(fell),
        "pieces of work given up": sum(one.dead for one in work),
    }
    problems = [f"{n} {words}" for words, n in counts.items() if n]
    return (
        f"{', '.join(problems)}." if problems else "Everyone sends data and no work is stuck. Nothing to do."
    )
