"""The WSGI application that the web server runs."""

import os

from django.core.wsgi import get_wsgi_application

from wellness import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wellness.settings")
application = get_wsgi_application()
checks.enforce()
