"""My answers: what did I say, and was it right?"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.generic import ListView

from phenotyping.surveys.instruments import severity
from phenotyping.surveys.models import Answer
from phenotyping.surveys.selectors import own_answers, versions
from phenotyping.surveys.services import correct, opened, reason_of
from wellness.lib.refusal import Refusal
from wellness.web.access import ParticipantPage
from wellness.web.participant.sheet import CorrectionForm, SheetForm
from wellness.web.participant.support import support


class Answers(ParticipantPage, ListView):  # type: ignore[type-arg]  # not subscriptable at run time
    """Everything I answered, as it stands now."""

    template_name = "participant/answers.html"
    context_object_name = "answers"
    paginate_by = 30

    def get_queryset(self) -> QuerySet[Answer]:
        """Answers that no later one replaces, newest first."""
        return own_answers(self.enrollment).filter(replaced_by=None)


class CorrectAnswer(ParticipantPage):
    """One of my answers: what was said before, and what it should have been."""

    def get(self, request: HttpRequest, answer: UUID) -> HttpResponse:
        standing = self.standing(answer)
        return self.page(standing, CorrectionForm(standing.instrument, given=opened(standing)))

    def post(self, request: HttpRequest, answer: UUID) -> HttpResponse:
        standing = self.standing(answer)
        form, now = CorrectionForm(standing.instrument, request.POST), timezone.now()
        kept = form.is_valid() and self.stored(standing, form, now)
        grave = severity(standing.instrument, form.known_values())
        if grave is not None:
            return support(request, enrollment=self.enrollment, severity=grave, kept=kept, now=now)
        if not kept:
            return self.page(standing, form, status=422)
        messages.success(request, "Your answer is corrected. What you said before stays in its history.")
        return redirect("own_answers")

    def standing(self, answer: UUID) -> Answer:
        """The person's own answer of that id, or the correction that stands in its place."""
        found = own_answers(self.enrollment).filter(public_id=answer).first()
        while found is not None and (later := Answer.objects.filter(replaces=found).first()) is not None:
            found = own_answers(self.enrollment).get(pk=later.pk)
        if found is None:
            raise Http404
        return found

    def stored(self, standing: Answer, form: CorrectionForm, now: datetime) -> bool:
        """True when the correction is kept; else the form says why not."""
        try:
            correct(
                original=standing,
                public_id=form.answer_id,
                values=form.values(),
                reason=form.cleaned_data["reason"],
                now=now,
            )
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            return False
        return True

    def page(self, standing: Answer, form: SheetForm, status: int = 200) -> HttpResponse:
        """The sheet with what stands now, and its history."""
        history = [self.told(one) for one in versions(standing)]
        context = {"answer": standing, "form": form, "history": history, "study": self.enrollment.study}
        return render(self.request, "participant/correct.html", context, status=status)

    def told(self, answer: Answer) -> dict[str, Any]:
        """One version in words: when it was said, why, and each item with its answer."""
        values = opened(answer)
        items = [(item["text"], _in_words(item, values[item["id"]])) for item in answer.instrument.items]
        return {"received_at": answer.received_at, "reason": reason_of(answer), "items": items}


def _in_words(item: dict[str, Any], value: int | str | None) -> str:
    if value is None:
        return "no answer"
    options = item.get("options")
    return str(options[int(value) - item["low"]]) if options else str(value)
