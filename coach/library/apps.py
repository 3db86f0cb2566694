from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "coach.library"
    label = "coach_library"
    verbose_name = "Library"
