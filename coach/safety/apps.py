from django.apps import AppConfig


class SafetyConfig(AppConfig):
    name = "coach.safety"
    label = "coach_safety"
    verbose_name = "Safety"

    def ready(self) -> None:
        from coach.delivery import guards as delivery_guards
        from coach.safety import guards, leaving, services
        from coach.safety.models import Alert, Contraindication, Hold, LeftAlert
        from phenotyping.surveys import hooks
        from wellness.consent.erasure.registry import dropping, erases, keeps
        from wellness.consent.hooks import on_leaving

        delivery_guards.register(guards.blocking)
        delivery_guards.register_silencer(guards.silencing)
        delivery_guards.keep_private(guards.HOLD_CODES.values())
        hooks.on_answer(services.answer_given)
        erases(Hold, anonymise=dropping(Hold))
        erases(Alert, anonymise=dropping(Alert))
        erases(Contraindication, anonymise=dropping(Contraindication))
        on_leaving(leaving.stay)
        keeps(LeftAlert, "a call for help that was open: a vital interest, with staff until they close it")
        keeps(LeftAlert.assignees.through, "who of the staff sees such a call")
