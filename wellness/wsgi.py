"""The WSGI application that the web server runs."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from wellness import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wellness.settings")
django_application = get_wsgi_application()
from wellness.restored import Settled  # noqa: E402  it needs the apps

checks.enforce(databases=["default"])
application = Settled(django_application)
# What start-up made lives as long as the process: no need to look through it again and again for garbage.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
