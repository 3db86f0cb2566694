"""Consent: what am I asked, what did I agree to, and may it rest for a while?"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid5

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language

from wellness.accounts.presence import require_recent
from wellness.consent.asking import Answer, Offer, agree, offers
from wellness.consent.models import Action, ConsentEvent
from wellness.consent.pausing import pause, resume
from wellness.consent.purposes import Scope
from wellness.consent.services import withdraw
from wellness.consent.wording import SECTION_TITLES
from wellness.lib.ids import uuid7
from wellness.lib.refusal import Refusal
from wellness.studies.models import Phase
from wellness.web.access import ParticipantPage
from wellness.web.participant.switches import Flips, flips, groups
from wellness.web.proof import signing_of

PAUSES = {"1": "for a day", "7": "for a week", "30": "for a month", "": "until I resume"}
MOVED = "Something about your consent changed meanwhile. Look at it again, then save."
NEEDED = "Taking part needs what is marked as needed. To leave, use Stop or leave."


class OwnConsent(ParticipantPage):
    """What am I asked, and what did I agree to?"""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page()

    def post(self, request: HttpRequest) -> HttpResponse:
        act = {"save": self.save, "pause": self.pause, "resume": self.resume}.get(request.POST.get("act", ""))
        if act is None:
            return self.page("Choose what to do.", status=422)
        try:
            done = act()
        except Refusal as refusal:
            return self.page(refusal.message, status=refusal.status)
        messages.success(request, done)
        return redirect("own_consent")

    def save(self) -> str:
        """Agree to what was switched on, take back what was switched off; what was done, in words."""
        said = self.request.POST
        offer = self.offer(said.get("document", ""))
        if offer is None or said.get("epoch") != str(self.enrollment.consent_epoch):
            raise Refusal("consent_moved", MOVED, status=409)
        wanted = flips(groups(offer.switches), said.getlist("on"))
        if wanted.required:
            raise Refusal("required_scope_missing", NEEDED)
        if wanted.granted or wanted.confirmed:
            require_recent(self.request)
            self.answer(offer, wanted)
        if wanted.withdrawn:
            withdraw(
                enrollment=self.enrollment,
                scopes=wanted.withdrawn,
                now=timezone.now(),
                signer=self.user,
                signing=signing_of(self.request),
            )
        return "Saved. It holds from now on."

    def answer(self, offer: Offer, wanted: Flips) -> None:
        """Hand in what is agreed to anew, and what is confirmed in the new text."""
        try:
            sheet = UUID(self.request.POST.get("sheet", ""))
        except ValueError:
            raise Refusal("bad_id", MOVED) from None
        self.say(sheet, offer, wanted.granted, Action.GRANT)
        self.say(uuid5(sheet, "confirmed"), offer, wanted.confirmed, Action.REAFFIRM)

    def say(self, sheet: UUID, offer: Offer, scopes: tuple[Scope, ...], action: str) -> None:
        """One answer, unless it would be about nothing."""
        if scopes:
            said = Answer(
                id=sheet,
                document=offer.document.public_id,
                sha256=self.request.POST.get("sha256", ""),
                scopes=scopes,
                capacity=offer.capacity,
                action=action,
            )
            signing = signing_of(self.request, self.request.POST.get("printed_name", "")[:200])
            agree(said, enrollment=self.enrollment, by=self.user, signing=signing, now=timezone.now())

    def pause(self) -> str:
        """Let everything rest; what was done, in words."""
        days, now = self.request.POST.get("days", ""), timezone.now()
        if days not in PAUSES:
            raise Refusal("unknown_pause", "Choose how long.")
        until = now + timedelta(days=int(days)) if days else None
        signing = signing_of(self.request)
        pause(enrollment=self.enrollment, now=now, until=until, signer=self.user, signing=signing)
        return "Paused. Nothing is collected, used or shown."

    def resume(self) -> str:
        """Go on; what was done, in words."""
        require_recent(self.request)
        signing = signing_of(self.request)
        resume(enrollment=self.enrollment, now=timezone.now(), signer=self.user, signing=signing)
        return "It goes on. What happened during the pause stays out."

    def offer(self, document: str = "") -> Offer | None:
        """The document named, else the one in the reader's language, else any; None when there is none."""
        found = offers(self.enrollment, timezone.now())
        if document:
            return next((one for one in found if str(one.document.public_id) == document), None)
        language = (get_language() or "").partition("-")[0]
        return next((one for one in found if one.document.locale == language), found[0] if found else None)

    def page(self, problem: str = "", status: int = 200) -> HttpResponse:
        """The text in force, the switches as they stand, and the pause."""
        self.enrollment.refresh_from_db(fields=["phase", "consent_epoch"])
        offer = self.offer()
        events = ConsentEvent.objects.filter(enrollment=self.enrollment)
        shown = groups(offer.switches) if offer else []
        paused = events.filter(action=Action.PAUSE).order_by("-seq").first()
        context = {
            "study": self.enrollment.study,
            "offer": offer,
            "sections": [(title, offer.document.body[name]) for name, title in SECTION_TITLES.items()]
            if offer
            else [],
            "groups": shown,
            "stale": any(lever.stale for group in shown for lever in group.levers),
            "recorded": events.exclude(evidence={}).order_by("-seq")[:3],
            "paused": paused if self.enrollment.phase == Phase.PAUSED else None,
            "pauses": PAUSES.items(),
            "sheet": uuid7(),
            "epoch": self.enrollment.consent_epoch,
            "problem": problem,
        }
        return render(self.request, "participant/consent.html", context, status=status)
