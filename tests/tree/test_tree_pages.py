"""What is sent to browsers: nothing from another host, nothing inline."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SENT = [
    path
    for folder in ("templates", "wellness", "phenotyping", "coach")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".html", ".css", ".js", ".svg", ".webmanifest"}
]
# A link a person follows may leave the site, and a namespace is a name; what a page loads may not.
LOADED = re.compile(
    r"""<(?:script|img|iframe|audio|video|source|embed|form|use)\b[^>]*\b(?:src|href|action)=["']?(?:https?:)?//
    | <link\b[^>]*\bhref=["']?(?:https?:)?//
    | url\(\s*["']?(?:https?:)?//
    | @import\s+["'](?:https?:)?//
    | \b(?:fetch|import|importScripts|EventSource|WebSocket)\(\s*["'`](?:https?:|wss?:)?//
    | \bfrom\s+["'](?:https?:)?//""",
    re.VERBOSE | re.IGNORECASE,
)
INLINE = re.compile(
    r"""<script(?![^>]*\bsrc=)[^>]*>|<style\b|\sstyle=|\son[a-z]+=["']|javascript:""", re.IGNORECASE
)


def _found(pattern: re.Pattern[str], *suffixes: str) -> dict[str, list[str]]:
    files = [path for path in SENT if not suffixes or path.suffix in suffixes]
    found = {str(path.relative_to(ROOT)): pattern.findall(path.read_text()) for path in files}
    return {name: hits for name, hits in found.items() if hits}


def test_nothing_is_loaded_from_another_host() -> None:
    assert _found(LOADED) == {}


def test_nothing_is_inline() -> None:
    assert _found(INLINE, ".html") == {}


def test_the_patterns_would_notice() -> None:
    assert LOADED.search('<script defer src="https://cdn.example.org/x.js">')
    assert LOADED.search("<link rel=stylesheet href=//cdn.example.org/x.css>")
    assert LOADED.search("@font-face { src: url(https://fonts.example.org/x) }")
    assert not LOADED.search('<svg xmlns="http://www.w3.org/2000/svg">')
    assert INLINE.search("<script>alert(1)</script>") and INLINE.search('<p style="color: red">')
    assert not INLINE.search('<script src="/static/x.js" defer></script>')
