from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "wellness.accounts"
    label = "wellness_accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from wellness.accounts import factors, forgetting, receivers, sealed, trail  # noqa: F401

        sealed.take_over()
        factors.watch()
        trail.join()
