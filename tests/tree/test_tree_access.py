"""How views come by rows: through querysets that ask who is looking, and by no field nobody let them set."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("wellness", "phenotyping", "coach")
SOURCES = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
VIEWS = [path for path in SOURCES if "web" in path.parts or path.name.endswith("api.py")]
FETCHERS = {"get_object_or_404", "get_list_or_404", "aget_object_or_404"}
ASKING = {
    "Enrollment": {"visible_to", "in_care_of", "in_studies_of", "on_record_for", "held_for", "of"},
    "Study": {"staffed_by", "visible_to", "none"},
}


def unasked(source: str) -> list[str]:
    """What is fetched without saying for whom."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    bad = []
    for said in (ast.unparse(call.func) for call in calls):
        model, _, method = said.partition(".objects.")
        if (
            said in FETCHERS
            or method in {"get", "all", "aget"}
            or "." not in method
            and method not in ASKING.get(model, {method})
        ):
            bad.append(said)
    return bad


def test_views_fetch_only_for_somebody() -> None:
    assert len(VIEWS) > 40
    bad = {str(path.relative_to(ROOT)): unasked(path.read_text()) for path in VIEWS}
    assert {name: calls for name, calls in bad.items() if calls} == {}


def test_the_pattern_would_notice() -> None:
    for line in (
        "Enrollment.objects.get(pk=1)",
        "get_object_or_404(Study, pk=1)",
        "Enrollment.objects.filter(public_id=1).first()",
        "Study.objects.all()",
    ):
        assert unasked(line), line
    assert not unasked("Enrollment.objects.visible_to(user).filter(public_id=1).first()")


def test_every_body_is_read_strictly() -> None:
    lax = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in SOURCES
        if path.name != "strict.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        and any(
            "Serializer" in ast.unparse(base) and "Strict" not in ast.unparse(base) for base in node.bases
        )
    ]
    assert lax == []
