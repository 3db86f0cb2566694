from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "wellness.accounts"
    label = "wellness_accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from wellness.accounts import factors, receivers, trail  # noqa: F401  receivers are joined by being read

        factors.watch()
        trail.join()
