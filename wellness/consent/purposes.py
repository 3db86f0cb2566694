"""What data may be used for, and which purposes each one rests on (trust.md section 2.1)."""

from collections.abc import Iterable
from types import MappingProxyType

from phenotyping.streams.catalogue import STREAM_NAMES
from wellness.lib.refusal import Refusal

COLLECT, STORE, FEATURE = "collect", "store", "feature"
MODEL, POPULATION, INTERVENE = "model.personal", "model.population", "intervene"
SHARE_CLINICIAN, SHARE_CAREGIVER = "share.clinician", "share.caregiver"
EXPORT_IDENTIFIED, EXPORT_DEIDENTIFIED = "export.research.identified", "export.research.deidentified"
CONTACT_STUDY, CONTACT_FUTURE, GENAI = "contact.study", "contact.future", "genai.external"

PURPOSES = MappingProxyType(
    {
        COLLECT: "Collect it from your phone",
        STORE: "Keep it, encrypted",
        FEATURE: "Compute daily measures from it",
        MODEL: "Use it in your personal model",
        POPULATION: "Use it in the group model that new people start from",
        INTERVENE: "Use it to choose suggestions for you",
        SHARE_CLINICIAN: "Show it to your clinician",
        SHARE_CAREGIVER: "Show it to a caregiver you name",
        EXPORT_IDENTIFIED: "Export it for research with your identity",
        EXPORT_DEIDENTIFIED: "Export it for research without your identity",
        CONTACT_STUDY: "Contact you about this study",
        CONTACT_FUTURE: "Contact you about future studies",
        GENAI: "Send it to an outside language model",
    }
)

NEEDS = MappingProxyType(
    {
        COLLECT: (),
        STORE: (COLLECT,),
        FEATURE: (STORE,),
        MODEL: (FEATURE,),
        POPULATION: (MODEL,),
        INTERVENE: (MODEL,),
        SHARE_CLINICIAN: (STORE,),
        SHARE_CAREGIVER: (STORE,),
        EXPORT_IDENTIFIED: (STORE,),
        EXPORT_DEIDENTIFIED: (STORE,),
        CONTACT_STUDY: (),
        CONTACT_FUTURE: (),
        GENAI: (STORE,),
    }
)

SURVEY = "survey"
CONSENT_STREAMS = (*STREAM_NAMES, SURVEY)

ANY = "*"
STREAMLESS = frozenset({CONTACT_STUDY, CONTACT_FUTURE})  # concern the person, not a stream: granted for ANY


Scope = tuple[str, str]
"""A purpose for a stream: one switch."""


def expand(scopes: Iterable[Scope]) -> list[Scope]:
    """Every (purpose, stream) meant, sorted; ANY stands for each stream; Refusal for an unknown one."""
    found: set[Scope] = set()
    for purpose, stream in scopes:
        if purpose not in PURPOSES or stream not in (*CONSENT_STREAMS, ANY):
            raise Refusal("unknown_scope", f"There is nothing to agree to named {purpose} of {stream}.")
        if purpose in STREAMLESS:
            found.add((purpose, ANY))
        else:
            found.update((purpose, one) for one in CONSENT_STREAMS if stream in (ANY, one))
    return sorted(found)


def prerequisites(purpose: str) -> tuple[str, ...]:
    """A purpose and all it rests on, the deepest first; KeyError when there is no such purpose."""
    chain = [purpose]
    while NEEDS[chain[0]]:
        chain[:0] = NEEDS[chain[0]]
    return tuple(chain)
