from django.apps import AppConfig


class StudiesConfig(AppConfig):
    name = "wellness.studies"
    label = "wellness_studies"
    verbose_name = "Studies"

    def ready(self) -> None:
        from wellness.accounts import staff
        from wellness.studies import joining, trail
        from wellness.studies.models import Membership

        staff.join(lambda user: Membership.objects.filter(user=user, ended_at=None).exists())
        trail.join()
        joining.join()
