"""The format of a body, by its Content-Type."""

from phenotyping.intake.decoding import csv_body, json_body
from phenotyping.intake.decoding.envelope import Envelope
from phenotyping.intake.faults import fault

JSON, CSV = "application/json", "text/csv"


def decode(raw: bytes, content_type: str, stream: str | None, max_rows: int) -> Envelope:
    """The envelope of a body; Refusal when it is malformed or names a stream or column there is not."""
    if media_type(content_type) == JSON:
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
