from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "phenotyping.surveys"
    label = "phenotyping_surveys"
    verbose_name = "Surveys"

    def ready(self) -> None:
        from phenotyping.surveys import forgetting
        from phenotyping.surveys.models import Answer, Prompt
        from wellness.consent.erasure.registry import erases
        from wellness.consent.hooks import on_withdrawal

        on_withdrawal(forgetting.withdrawn)
        erases(Prompt)
        erases(Answer, anonymise=forgetting.drop_words)
