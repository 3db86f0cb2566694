"""The settings under test: throw-away folders, cheap hashes, PostgreSQL where TEST_DATABASE_URL names one."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# pytest-xdist starts each worker as a process of its own, so each has its own folder.
_FOLDER = Path(tempfile.mkdtemp(prefix="wellness-test-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
os.environ.setdefault("TEMPLATE_DIR", str(_FOLDER / "template"))  # workers inherit the first process's
os.environ |= {
    "DOTENV": os.devnull,
    "VAR_DIR": str(_FOLDER),
    "DATABASE_URL": os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{_FOLDER / 'wellness.sqlite3'}",
    "CACHE_URL": "locmemcache://",
    "CELERY_BROKER_URL": "memory://",
    "EMAIL_URL": "memorymail://",
    "STORAGES": "{}",
    "PRODUCTION": "false",
    "TLS": "false",
    "DEBUG": "false",
}

from wellness.settings import *  # noqa: E402, F403
from wellness.settings import STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The manifest exists only after collectstatic.
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
