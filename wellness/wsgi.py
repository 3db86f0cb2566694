"""The WSGI application that the web server runs."""

import gc
import os

import pyarrow as pa
from django.core.wsgi import get_wsgi_application

from phenotyping.intake.decoding import csv_body
from wellness import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wellness.settings")
django_application = get_wsgi_application()
from wellness.restored import Settled  # noqa: E402  it needs the apps

checks.enforce(databases=["default"])
application = Settled(django_application)
# The heap that webserver.py has kept: one of Arrow's own would keep a hundred megabytes beside it.
pa.set_memory_pool(pa.system_memory_pool())
# Now, for threads that begin later stay on the worker's processor (webserver.py); Arrow's need not.
csv_body.start_threads()
# What start-up made lives as long as the process: no need to look through it again and again for garbage.
gc.collect()
gc.freeze()
gc.set_threshold(5_000, 20, 50)  # garbage of thirty requests: a hundred milliseconds at once are felt
