"""Lines of the log and reports of crashes: places, never values."""

import logging
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from celery import shared_task
from django.conf import settings as used
from django.test import RequestFactory
from gunicorn.config import Config

from wellness.logs import Discreet, configuration
from wellness.reports import Report
from wellness.serverlog import ServerLogger

SECRET = "kestrel-4711"


def crash() -> BaseException:
    try:
        try:
            int(SECRET)
        except ValueError as error:
            raise LookupError(f"nothing for {SECRET}") from error
    except LookupError as error:
        return error


def line(
    message: str, *args: Any, name: str = "wellness", error: BaseException | None = None, **extra: Any
) -> str:
    told = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("wellness", logging.ERROR, __file__, 1, message, args, told)
    record.exc_text = SECRET  # what another handler left there
    vars(record).update(extra)
    return Discreet("%(levelname)s %(message)s").format(record)


def test_an_exception_is_told_by_its_types_and_places() -> None:
    told = line("failed", error=crash())
    assert SECRET not in told
    assert told.index("builtins.ValueError") < told.index("builtins.LookupError")
    assert f"{__file__}:" in told


def test_an_exception_among_the_arguments_is_told_by_its_type() -> None:
    assert line("%s: %s", "sweep", crash()) == "ERROR sweep: LookupError"


def test_a_request_is_told_by_its_route() -> None:
    known = SimpleNamespace(path=f"/clinic/{SECRET}/", resolver_match=SimpleNamespace(route="clinic/<uuid>/"))
    lost = SimpleNamespace(path=f"/ü{SECRET}", resolver_match=None)
    assert line("%s: %s", "Gone", known.path, request=known) == "ERROR Gone: clinic/<uuid>/"
    assert line("%s: %s", "Gone", f"/\\xfc{SECRET}", request=lost) == "ERROR Gone: an unknown address"


def test_a_task_that_fails_is_told_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    @shared_task(name="tests.stumble")
    def stumble() -> None:
        raise ValueError(SECRET)

    stumble.apply()
    lines = [Discreet().format(record) for record in caplog.records if record.name == "celery.app.trace"]
    assert SECRET in caplog.text
    assert lines
    assert "tests.stumble" in lines[0]
    assert "ValueError" in lines[0]
    assert SECRET not in "".join(lines)


def test_libraries_are_not_told_to_quote_what_they_handle() -> None:
    chatty = configuration("DEBUG")
    assert chatty["loggers"]["wellness"]["level"] == "DEBUG"
    assert chatty["root"]["level"] == "INFO"
    assert configuration("ERROR")["root"]["level"] == "ERROR"
    assert used.LOGGING["loggers"]["django"]["handlers"] == []


@pytest.mark.parametrize("debug", [False, True])
def test_a_report_has_values_only_for_a_developer(settings: Any, debug: bool) -> None:
    settings.DEBUG = debug
    error = crash()
    request = RequestFactory().post("/", {"note": SECRET})
    report = Report(request, type(error), error, error.__traceback__)
    texts = report.get_traceback_text(), report.get_traceback_html()
    assert [SECRET in text for text in texts] == [debug, debug]
    assert "LookupError" in texts[0]


def test_the_web_server_tells_no_query_and_no_agent(capsys: pytest.CaptureFixture[str]) -> None:
    config = Config()
    config.set("accesslog", "-")
    config.set("loglevel", "debug")
    config.set("access_log_format", config.access_log_format + " %(q)s %(U)s")
    logger = ServerLogger(config)
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": f"/x?{SECRET}",
        "QUERY_STRING": SECRET,
        "PATH_INFO": f"/{SECRET}",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": SECRET,
        "HTTP_USER_AGENT": SECRET,
        "HTTP_REFERER": SECRET,
    }
    took = SimpleNamespace(seconds=0, microseconds=1)
    logger.access(
        SimpleNamespace(status="200 OK", sent=3, headers=()), SimpleNamespace(headers=()), environ, took
    )
    logger.warning(f"Invalid request from ip={SECRET}: {SECRET}")
    logger.debug("%s %s", "GET", f"/{SECRET}")
    try:
        raise ValueError(SECRET)
    except ValueError:
        logger.exception("Error handling request %s", f"/x?{SECRET}")
    for handler in (*logger.error_log.handlers, *logger.access_log.handlers):
        handler.flush()
    told = "".join(capsys.readouterr())
    assert "GET" in told
    assert "ValueError" in told
    assert "Invalid request" in told
    assert SECRET not in told


def test_gunicorn_finds_our_logger() -> None:
    text = (used.BASE_DIR / "gunicorn.conf.py").read_text()
    assert 'logger_class = "wellness.serverlog.ServerLogger"' in text
    assert "wellness.serverlog" in sys.modules
