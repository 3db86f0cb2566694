"""The WSGI application that the web server runs."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from wellness import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wellness.settings")
application = get_wsgi_application()
checks.enforce(databases=["default"])
# What start-up made lives as long as the process: no need to look through it again and again for garbage.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
