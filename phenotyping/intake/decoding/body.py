"""The format of a body, by its Content-Type."""

import pyarrow as pa

from phenotyping.intake.decoding import csv_body, json_body
from phenotyping.intake.decoding.envelope import Envelope
from phenotyping.intake.faults import fault

JSON, CSV = "application/json", "text/csv"


def decode(raw: bytes, content_type: str, stream: str | None, max_rows: int) -> Envelope:
    """The envelope of a body; Refusal when it is malformed or names a stream or column there is not."""
    media = media_type(content_type)
    _require_utf8(raw, "bad_json" if media == JSON else "bad_csv")
    if media == JSON:
        return json_body.decode(raw, max_rows)
    if not stream:
        raise fault("unknown_stream", "Say which stream a CSV holds: ?stream=screen.")
    return Envelope({stream: csv_body.decode(raw, stream, max_rows)})


def media_type(content_type: str) -> str:
    """The media type of a Content-Type that can be read; else Refusal."""
    media, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [one.removeprefix("charset=").strip('"') for one in parameters if one.startswith("charset=")]
    if media not in (JSON, CSV) or any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise fault("unsupported_media_type", f"Send {JSON} or {CSV}, as UTF-8.", status=415)
    return media


def _require_utf8(raw: bytes, code: str) -> None:
    """Checked once for the whole: Arrow's readers look at some of it only, and fail on it in many ways."""
    try:
        pa.array([raw], pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        raise fault(code, "The body is not UTF-8.", status=400) from None
