#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wellness.settings")
    import django
    from django.core.management import execute_from_command_line

    django.setup()
    from wellness.restored import HARMLESS, require_settled

    if len(sys.argv) > 1 and sys.argv[1] not in HARMLESS and not sys.argv[1].startswith("-"):
        require_settled()
    execute_from_command_line(sys.argv)
