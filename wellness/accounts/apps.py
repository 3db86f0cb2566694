from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "wellness.accounts"
    label = "wellness_accounts"
    verbose_name = "Accounts"
