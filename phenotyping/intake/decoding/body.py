"""The format of a body, by its Content-Type."""

from collections.abc import Callable

import pyarrow as pa

from phenotyping.intake.decoding import cell, csv_body, json_body, ndjson_body
from phenotyping.intake.decoding.envelope import Envelope
from phenotyping.intake.decoding.formats import ARROW_STREAM, CSV, JSON, MEDIA_TYPES, NDJSON, PARQUET
from phenotyping.intake.faults import fault
from wellness.lib.refusal import Refusal

_BAD = {JSON: "bad_json", NDJSON: "bad_ndjson", CSV: "bad_csv"}
_ONE_STREAM: dict[str, Callable[[bytes, str, int], pa.Table]] = {
    CSV: csv_body.decode,
    NDJSON: ndjson_body.decode,
    ARROW_STREAM: cell.decode_arrow,
    PARQUET: cell.decode_parquet,
}


def decode(raw: bytes, content_type: str, stream: str | None, max_rows: int) -> Envelope:
    """The envelope of a body; Refusal when it is malformed, or names a stream or column there is not."""
    media = media_type(content_type)
    if media in _BAD:
        _require_utf8(raw, _BAD[media])
    if media == JSON:
        return json_body.decode(raw, max_rows)
    if stream:
        return Envelope({stream: _ONE_STREAM[media](raw, stream, max_rows)})
    if media == NDJSON:
        return Envelope(ndjson_body.decode_many(raw, max_rows))
    raise fault("unknown_stream", "Say which stream the body holds: ?stream=screen.")


def media_type(content_type: str) -> str:
    """The media type of a Content-Type that can be read; else Refusal."""
    media, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [one.removeprefix("charset=").strip('"') for one in parameters if one.startswith("charset=")]
    if media not in MEDIA_TYPES or any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise _unsupported()
    return media


def _unsupported() -> Refusal:
    message = f"Send {', '.join(MEDIA_TYPES)}; text as UTF-8."
    return fault("unsupported_media_type", message, status=415)


def _require_utf8(raw: bytes, code: str) -> None:
    """Checked once for the whole: Arrow's readers look at some of it only, and fail on it in many ways."""
    if raw.isascii():
        return
    try:
        pa.array([raw], pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        raise fault(code, "The body is not UTF-8.", status=400) from None
