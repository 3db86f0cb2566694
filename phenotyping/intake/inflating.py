"""Undoing the compression of a body, never beyond the limit and never from half a frame."""

import zlib
from collections.abc import Callable, Iterator

import zstandard

from phenotyping.intake.faults import fault
from phenotyping.intake.room import Grow
from wellness.lib.refusal import Refusal

WINDOW_BYTES = 8 * 2**20
Inflater = Callable[[bytes], Iterator[bytes]]
RATIO = 200  # sensor data compress 8:1; what grows more than this is made to
RATIO_FROM_BYTES = 2**20
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_STEP = 64 * 2**10
_ZSTD_STEP = 512  # a block of 4 bytes may stand for 128 KiB, so one step makes at most 16 MiB


def inflate(body: bytes, encoding: str, limit: int, grow: Grow, raw_length: int | None = None) -> bytes:
    """The bytes as they were before `Content-Encoding`; Refusal when broken, cut, joined or too large.

    `grow` is told how many they are so far, and may refuse. `raw_length` is how many they are in the end,
    where the phone says so; other than that many are refused.
    """
    pieces = require_known(encoding)(body)
    raw = _joined(pieces, min(limit, max(RATIO_FROM_BYTES, RATIO * len(body))), grow)
    if raw_length not in (None, len(raw)):
        raise fault(
            "length_mismatch", "The body is not as long as X-Raw-Length says.", status=400, retry=True
        )
    return raw


def require_known(encoding: str) -> Inflater:
    """What undoes a compression, piece by piece; Refusal when it is not one of ours."""
    found = _INFLATERS.get(encoding.strip().lower())
    if found is None:
        raise fault("unsupported_media_type", "Content-Encoding is gzip, zstd or identity.", status=415)
    return found


def _joined(pieces: Iterator[bytes], limit: int, grow: Grow) -> bytes:
    whole, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            message = f"The body holds more than {limit} bytes, or more than {RATIO} times its own."
            raise fault("too_large", message, status=413)
        grow(size)
        whole.append(piece)
    return b"".join(whole)


def _plain(body: bytes) -> Iterator[bytes]:
    yield body


def _gzip(body: bytes) -> Iterator[bytes]:
    inflater = zlib.decompressobj(_GZIP)
    waiting = body
    while waiting and not inflater.eof:
        try:
            yield inflater.decompress(waiting, _GZIP_STEP)
        except zlib.error:
            raise _broken() from None
        waiting = inflater.unconsumed_tail
    yield _rest(inflater.flush)
    _require_one_frame(inflater.eof, inflater.unused_data)


def _zstd(body: bytes) -> Iterator[bytes]:
    inflater = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES).decompressobj()
    start = 0
    while start < len(body) and not inflater.eof:
        try:
            yield inflater.decompress(body[start : start + _ZSTD_STEP])
        except zstandard.ZstdError:
            raise _broken() from None
        start += _ZSTD_STEP
    _require_one_frame(inflater.eof, inflater.unused_data or body[start:])


def _rest(flush: Callable[[], bytes]) -> bytes:
    try:
        return flush()
    except zlib.error:
        raise _broken() from None


def _require_one_frame(ended: bool, left: bytes) -> None:
    """A cut frame and what follows a complete one are both data that would be lost without a word."""
    if not ended or left:
        raise _broken()


def _broken() -> Refusal:
    return fault("bad_encoding", "The compressed body is broken, cut or more than one frame.", status=400)


_INFLATERS: dict[str, Inflater] = {
    "": _plain,
    "identity": _plain,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "zstd": _zstd,
}
