"""A questionnaire as a form."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict

from phenotyping.surveys.instruments import Values
from phenotyping.surveys.models import Instrument
from phenotyping.surveys.services import MAX_REASON
from wellness.lib.ids import uuid7

SKIP = "skip"
UNANSWERED = 'Choose an answer, or "Prefer not to say".'


class SheetForm(forms.Form):
    """One field an item; `public_id` names the answer, so that sending the form twice stores it once."""

    public_id = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self, instrument: Instrument, data: QueryDict | None = None, *, given: Values | None = None
    ) -> None:
        earlier = {name: SKIP if value is None else str(value) for name, value in (given or {}).items()}
        super().__init__(data, initial={"public_id": uuid7()} | earlier)
        self.items = instrument.items
        for item in self.items:
            self.fields[item["id"]] = _field(item)

    @property
    def questions(self) -> list[tuple[dict[str, Any], forms.BoundField]]:
        """Each item with its field, in order."""
        return [(item, self[item["id"]]) for item in self.items]

    @property
    def answer_id(self) -> UUID:
        """The id that this sheet was sent under."""
        found: UUID = self.cleaned_data["public_id"]
        return found

    def known_values(self) -> dict[str, int | str | None]:
        """The answers that can be read, of a sheet that as a whole may not be valid."""
        read = (item for item in self.items if item["id"] in self.cleaned_data)
        return {item["id"]: _value(item, self.cleaned_data[item["id"]]) for item in read}

    def values(self) -> dict[str, int | str | None]:
        """The answers by item id; None for "prefer not to say"."""
        return {item["id"]: _value(item, self.cleaned_data[item["id"]]) for item in self.items}


def _field(item: dict[str, Any]) -> forms.Field:
    if item["kind"] == "text":
        area = forms.Textarea(attrs={"rows": 4, "class": "form-control"})
        return forms.CharField(label=item["text"], required=False, max_length=4_000, widget=area)
    numbers = range(item["low"], item["high"] + 1)
    words = item.get("options") or [str(number) for number in numbers]
    choices = [*zip(map(str, numbers), words, strict=True), (SKIP, "Prefer not to say")]
    return forms.ChoiceField(
        label=item["text"], choices=choices, widget=forms.RadioSelect, error_messages={"required": UNANSWERED}
    )


class CorrectionForm(SheetForm):
    """A sheet as it should have been, and why."""

    reason = forms.CharField(
        label="Why is it to be corrected?",
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 2, "class": "form-control"}),
    )


def _value(item: dict[str, Any], given: str) -> int | str | None:
    if item["kind"] == "text":
        return given or None
    return None if given == SKIP else int(given)
