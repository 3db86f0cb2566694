"""`manage.py up`: web server, Celery workers and beat as children of one command."""

from __future__ import annotations

import signal
import socket
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from kombu import Connection

from coach.library.services import load_library
from phenotyping.surveys.instruments import load_instruments
from wellness.children import Children
from wellness.lib.clock import utc_now

# A crisis never waits behind a computation: what somebody waits for has a worker of its own.
URGENT, PATIENT = "crisis,decide,ingest", "compute,erase,bulk"
GRACE_S = 20.0
THREADS = 6  # of a web process; large uploads take UPLOADS_AT_ONCE of them at most


class Command(BaseCommand):
    help = "Runs the web server, Celery workers and beat together until stopped or until one of them ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=2, help="processes of web server and Celery")

    def handle(self, *args: Any, bind: str, port: int, workers: int, **options: Any) -> None:
        _require_free(bind, port)
        _prepare()
        stopping = threading.Event()
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: stopping.set())
        children = Children(settings.BASE_DIR)
        try:
            self._start(children, bind, port, workers)
            dead = None
            while dead is None and not stopping.wait(0.2):
                dead = children.first_dead()
        finally:
            children.stop(GRACE_S)
        if dead:
            raise CommandError("The {} ended with code {}, so everything was stopped.".format(*dead))
        self.stdout.write("Stopped.")

    def _start(self, children: Children, bind: str, port: int, workers: int) -> None:
        # On SQLite a second writer only waits; in the embedded broker's pool one process that is killed could
        # take the lock of the others with it (pool.py).
        embedded = connection.vendor == "sqlite" or settings.CELERY_BROKER_URL == "filesystem://"
        n_celery = 1 if embedded else workers
        address = f"[{bind}]:{port}" if ":" in bind else f"{bind}:{port}"
        web = ["--bind", address, "--workers", str(workers), "--threads", str(THREADS), "--no-control-socket"]
        web += ["--config", "python:wellness.webserver", "--log-level", "warning"]
        children.start("web server", "gunicorn", "wellness.wsgi:application", *web)
        celery = ["--quiet", "--app", "wellness.celery"]
        alone = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
        for name, queues, n in (("urgent", URGENT, 1), ("patient", PATIENT, n_celery)):
            worker = ["--hostname", f"{name}@%h", "--concurrency", str(n), "--queues", queues, *alone]
            children.start(f"{name} worker", "celery", *celery, "worker", *worker)
        children.start("beat", "celery", *celery, "beat", "--pidfile=", "--loglevel", "WARNING")
        self.stdout.write(f"web server  http://{address}/ ({workers} processes)")
        self.stdout.write(f"workers     1 process for {URGENT}; {n_celery} for {PATIENT}")
        self.stdout.write(f"beat        {', '.join(settings.CELERY_BEAT_SCHEDULE)}")
        self.stdout.write(f"database    {_database()}")
        self.stdout.write(f"broker      {_broker()}")
        self.stdout.write(f"objects     {settings.STORAGES['chunks']['BACKEND'].rpartition('.')[2]}")
        self.stdout.write("Ctrl-C stops all of it.")
        self.stdout.flush()


def _require_free(bind: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as error:
            message = f"Cannot listen on {bind}, port {port}: {error.strerror}. Try --port."
            raise CommandError(message) from error


def _prepare() -> None:
    """Tables, content and static files as this version of the code wants them."""
    call_command("migrate", verbosity=0, interactive=False)
    load_library(now=utc_now())
    load_instruments()
    if not (settings.STATIC_ROOT / "staticfiles.json").exists():
        call_command("collectstatic", verbosity=0, interactive=False)
    connection.close()


def _database() -> str:
    at = connection.settings_dict
    where = f"{at['HOST']}:{at['PORT']}, " if at.get("HOST") else ""
    return f"{connection.display_name} {where}{at['NAME']}"


def _broker() -> str:
    files = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("data_folder_in")
    return f"files in {files}" if files else Connection(settings.CELERY_BROKER_URL).as_uri()
