"""What a benchmark ran on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from django.db import connection

PACKAGES = ("django", "pyarrow", "numpy", "psycopg", "gunicorn")


def machine() -> dict[str, str | int | float]:
    """Processor, how many of them may be used, how busy they are (load of the last minute) and the system."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "load": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """The versions of what was measured."""
    found = {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            found["postgresql"] = cursor.fetchone()[0]
    return found


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
