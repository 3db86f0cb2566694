from __future__ import annotations

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "wellness.consent"
    label = "wellness_consent"
    verbose_name = "Consent"

    def ready(self) -> None:
        from wellness.consent import errands, guardians
        from wellness.consent.erasure import own

        own.join()
        errands.join()
        guardians.listen()
