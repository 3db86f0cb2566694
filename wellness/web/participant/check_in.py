"""Check-in: how am I now?"""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from phenotyping.surveys.instruments import severity
from phenotyping.surveys.models import Instrument, Prompt
from phenotyping.surveys.selectors import open_prompts
from phenotyping.surveys.services import answer
from wellness.consent import gate
from wellness.consent.purposes import STORE, SURVEY
from wellness.lib.refusal import Refusal
from wellness.web.access import ParticipantPage
from wellness.web.participant.sheet import SheetForm
from wellness.web.participant.support import support

INSTRUMENT = "check-in"


class CheckIn(ParticipantPage):
    """How am I now?"""

    def get(self, request: HttpRequest) -> HttpResponse:
        prompt, instrument = self.asked(timezone.now())
        form = None if instrument is None else SheetForm(instrument)
        return self.page(form, instrument, prompt)

    def post(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        prompt, instrument = self.asked(now)
        if instrument is None:
            return self.page(None, None, None, status=403)
        form = SheetForm(instrument, request.POST)
        kept = form.is_valid() and self.stored(form, instrument, prompt, now)
        grave = severity(instrument, form.known_values())
        if grave is not None:  # in this very response: nobody waits for help, nor has to fill in the rest
            return support(request, enrollment=self.enrollment, severity=grave, kept=kept, now=now)
        if not kept:
            return self.page(form, instrument, prompt, status=422)
        messages.success(request, "Thank you. Your check-in is saved.")
        return redirect("today")

    def asked(self, now: datetime) -> tuple[Prompt | None, Instrument | None]:
        """The open prompt and its questionnaire; the daily one without a prompt; nothing without consent."""
        if SURVEY not in gate.permitted(self.enrollment, STORE, [SURVEY], at=now):
            return None, None
        prompt = open_prompts(self.enrollment, now).first()
        if prompt is not None:
            return prompt, prompt.instrument
        return None, Instrument.objects.filter(slug=INSTRUMENT).order_by("version").last()

    def stored(self, form: SheetForm, instrument: Instrument, prompt: Prompt | None, now: datetime) -> bool:
        """True when the answer is kept; else the form says why not."""
        try:
            answer(
                enrollment=self.enrollment,
                instrument=instrument,
                public_id=form.answer_id,
                values=form.values(),
                recorded_at=now,
                now=now,
                prompt=prompt,
            )
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            return False
        return True

    def page(
        self, form: SheetForm | None, instrument: Instrument | None, prompt: Prompt | None, status: int = 200
    ) -> HttpResponse:
        """The questionnaire, or why there is none."""
        context = {"form": form, "instrument": instrument, "prompt": prompt, "study": self.enrollment.study}
        return render(self.request, "participant/check_in.html", context, status=status)
