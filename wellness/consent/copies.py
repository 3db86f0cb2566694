"""The copy of an act of consent to keep: the text, and the signature under it (21 CFR 11.10(b), 11.50)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from html import escape
from io import BytesIO
from pathlib import Path
from unicodedata import combining, normalize
from zoneinfo import ZoneInfo

import reportlab
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate

from wellness.consent.models import ConsentEvent
from wellness.consent.signatures import authenticated_at, printed_name
from wellness.consent.wording import capacity_in_words, method_in_words, scopes_in_words

_FONTS = Path(reportlab.__file__).parent / "fonts"
_PLAIN, _BOLD = "Vera", "VeraBd"


def signature_block(event: ConsentEvent, *, zone: ZoneInfo) -> list[tuple[str, str]]:
    """Name, time, meaning, method, text and digests of an act of consent, times on the reader's clock."""
    document, proved_at = event.document, authenticated_at(event)
    return [
        ("Printed name", printed_name(event) or "not given, or no longer readable"),
        ("Signed as", capacity_in_words(event.capacity)),
        ("Date and time", _on_clock(event.at, zone)),
        ("Meaning", event.signature["meaning"]),
        ("Proved by", method_in_words(event.signature["method"])),
        *([("Proved at", _on_clock(proved_at, zone))] if proved_at else []),
        ("Text", f"version {document.version}, {document.get_audience_display()}, {document.locale}"),
        ("Digest of the text", event.document_sha256),
        ("Digest of what was signed", event.signature["payload_sha256"]),
        ("Key", f"{event.signature['kid']} ({event.signature['alg']})"),
        ("Receipt", str(event.public_id)),
    ]


def pdf_copy(event: ConsentEvent, *, zone: ZoneInfo) -> bytes:
    """A PDF of the text, of what was agreed to in it, and of the signature."""
    _fonts()
    study, out = event.enrollment.study, BytesIO()
    title = f"Consent: {study.name}"
    page = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=22 * mm,
        rightMargin=22 * mm,
        topMargin=20 * mm,
        bottomMargin=20 * mm,
        title=title,
        author=study.name,
        lang=event.document.locale,
        invariant=1,  # the same act gives the same bytes
    )
    page.build(list(_story(event, title, zone)))
    return out.getvalue()


def _story(event: ConsentEvent, title: str, zone: ZoneInfo) -> Iterator[Flowable]:
    yield _paragraph(title, "title")
    for name, text in event.document.body.items():
        yield KeepTogether([_paragraph(name.replace("_", " ").capitalize(), "heading"), _paragraph(text)])
    yield _paragraph(f"What this is about: {event.get_action_display()}", "heading")
    for streams, purposes in scopes_in_words(event.scopes):
        yield _paragraph(f"{'; '.join(streams)}: {'. '.join(purposes)}.")
    lines = [_paragraph(f"{name}: {text}") for name, text in signature_block(event, zone=zone)]
    yield KeepTogether([_paragraph("Signature", "heading"), *lines])


def _paragraph(text: str, style: str = "text") -> Paragraph:
    return Paragraph(escape(_drawable(str(text)), quote=False).replace("\n", "<br/>"), _styles()[style])


def _drawable(text: str) -> str:
    """The text with every letter that the font lacks without its marks, or named: nothing vanishes unseen."""
    known = pdfmetrics.getFont(_PLAIN).face.charToGlyph
    return "".join(
        sign if sign == "\n" or ord(sign) in known else _without_marks(sign, known) for sign in text
    )


def _without_marks(sign: str, known: dict[int, int]) -> str:
    base = "".join(part for part in normalize("NFKD", sign) if not combining(part))
    return base if base and all(ord(part) in known for part in base) else f"[U+{ord(sign):04X}]"


@cache
def _styles() -> dict[str, ParagraphStyle]:
    text = ParagraphStyle(
        "text", fontName=_PLAIN, fontSize=9.5, leading=13.5, alignment=TA_LEFT, spaceAfter=3
    )
    return {
        "text": text,
        "heading": ParagraphStyle(
            "heading", parent=text, fontName=_BOLD, fontSize=11, leading=15, spaceBefore=9
        ),
        "title": ParagraphStyle("title", parent=text, fontName=_BOLD, fontSize=16, leading=21, spaceAfter=8),
    }


@cache
def _fonts() -> None:
    for name in (_PLAIN, _BOLD):
        pdfmetrics.registerFont(TTFont(name, str(_FONTS / f"{name}.ttf")))


def _on_clock(at: datetime, zone: ZoneInfo) -> str:
    """An instant on a clock, to the second, with the offset."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S %z}"
