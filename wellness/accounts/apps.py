from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "wellness.accounts"
    label = "wellness_accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from wellness.accounts import factors, receivers  # noqa: F401  the receivers are joined by being read

        factors.watch()
