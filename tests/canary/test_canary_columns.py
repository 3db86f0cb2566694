"""Every column that can hold a text is sealed or in clear by decision: a new one must be one of both here."""

from collections.abc import Iterator

from django.apps import apps
from django.db import models

from wellness.sealedtext import SealedText

TEXTUAL = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.BinaryField,
    models.GenericIPAddressField,
    models.FileField,
)
DIGEST = ("_sha256", "_digest", "digest", "hash", "seal")
CODES = {
    "action",
    "fault",
    "purpose",
    "role",
    "stream",
    "variable",
    "unit",
    "missing_because",
    "silence",
    "mode",
}
VERSIONS = {"locale", "feature_set", "model_version", "policy_version", "seed_version", "code_version"}
# In clear by decision, and why.
CLEAR = {
    "words of the site, the same for everybody": """
        auth.Permission.name auth.Permission.codename auth.Group.name
        contenttypes.ContentType.app_label contenttypes.ContentType.model
        phenotyping_surveys.Instrument.slug phenotyping_surveys.Instrument.title
        phenotyping_surveys.Instrument.source phenotyping_surveys.Instrument.items
        coach_library.Intervention.slug coach_library.Intervention.title coach_library.Intervention.evidence
        coach_library.Intervention.source coach_library.Intervention.contraindications
        coach_library.Message.slug coach_library.Message.text coach_library.Message.tags
    """,
    "words of a study, published by those who run it": """
        wellness_studies.Study.slug wellness_studies.Study.name wellness_studies.Site.slug
        wellness_studies.Site.name wellness_studies.Protocol.body wellness_consent.ConsentDocument.body
        wellness_consent.ConsentDocument.irb_ref wellness_consent.ConsentScope.recipients
        wellness_consent.RecipientNotice.recipient
        coach_decisions.DecisionRule.name coach_decisions.DecisionRule.body wellness_gateways.Release.why
    """,
    "learned from a cohort, of nobody in particular": "phenotyping_twins.CohortPrior.parameters",
    "pseudonyms and numbers of rows": """
        wellness_audit.AuditHead.chain wellness_audit.AuditEntry.chain wellness_audit.AuditEntry.actor
        wellness_audit.AuditEntry.on_behalf_of wellness_audit.AuditEntry.object
        wellness_audit.AuditEntry.request_id wellness_audit.RosterMember.chain
        wellness_studies.Enrollment.code coach_safety.LeftAlert.code phenotyping_intake.Chunk.object_name
        wellness_consent.RecipientNotice.pseudonym wellness_consent.RecipientNotice.about
        phenotyping_twins.CohortPrior.lenders
        phenotyping_intake.Upload.boot_id admin.LogEntry.object_id
        coach_safety.Alert.source coach_decisions.Decision.posterior_id
    """,
    "codes of ours that say what was done, and no more": """
        wellness_audit.AuditEntry.reason wellness_consent.ConsentEvent.reason coach_safety.Alert.rule
        coach_safety.LeftAlert.rule
        coach_delivery.Delivery.blocked_by coach_decisions.Decision.reasons
        coach_decisions.Decision.fallback phenotyping_intake.UploadPart.refusals
    """,
    "consent itself, which must be verified without anybody's key": """
        wellness_consent.ConsentEvent.scopes wellness_consent.ConsentEvent.withdrawal_mode
        wellness_consent.ConsentEvent.signature wellness_consent.ConsentEvent.expiries
        wellness_consent.RecipientNotice.scopes
        wellness_consent.ConsentEvent.evidence wellness_consent.PaperConsent.scopes
        wellness_consent.StudyKey.kid wellness_consent.StudyKey.public
        wellness_consent.DeletionReceipt.statement wellness_consent.DeletionReceipt.signature
    """,
    "the zone of a wall clock, by which work comes due while no key is open": """
        wellness_studies.ZoneChange.zone wellness_consent.ConsentEvent.client_zone
        phenotyping_intake.Upload.zone phenotyping_days.Day.zone coach_decisions.DecisionPoint.zone
    """,
    "state of work and counts": """
        wellness_consent.ErasureRequest.mode wellness_consent.DeletionReceipt.mode
        wellness_consent.ErasureRequest.done wellness_consent.ErasureRequest.counts
        wellness_studies.Device.purge phenotyping_intake.Upload.receipt phenotyping_intake.Upload.content_type
        phenotyping_intake.PartialUpload.content_type phenotyping_intake.PartialUpload.content_encoding
        wellness_gateways.Takeout.runs phenotyping_days.Day.lost_min usersessions.UserSession.data
    """,
    "what was randomised, which the trial counts": """
        coach_decisions.Decision.option coach_decisions.Decision.probabilities
    """,
    "versions that tell a phone from no other of its kind": """
        wellness_studies.Device.os_version wellness_studies.Device.app_version
    """,
    "secrets as what cannot be turned back": """
        wellness_accounts.User.password account.EmailConfirmation.key wellness_studies.Invitation.handle
        sessions.Session.session_key
    """,
    "sealed by its room": """
        sessions.Session.session_data phenotyping_intake.Chunk.sealed phenotyping_intake.Piece.sealed
    """,
}


def _decided(field: models.Field) -> bool:  # type: ignore[type-arg]  # of any type
    sealed = isinstance(field, models.BinaryField) and field.name.startswith(("sealed_", "wrapped"))
    known = field.name in CODES | VERSIONS | {"last_error", "consent_events"} or field.name.endswith(DIGEST)
    return bool(sealed or known or field.choices or isinstance(field, SealedText))


def _columns() -> Iterator[tuple[str, bool]]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, TEXTUAL):
                yield f"{model._meta.label}.{field.name}", _decided(field)


def test_every_textual_column_is_sealed_or_in_clear_by_decision() -> None:
    clear = {name for names in CLEAR.values() for name in names.split()}
    columns = {name: decided for name, decided in _columns() if not name.startswith("wellness_work.")}
    undecided = {name for name, decided in columns.items() if not decided} - clear
    assert undecided == set(), "seal it (wellness.sealedtext), or say here why it may be read"
    assert clear - columns.keys() == set(), "there is no such column any more"


def test_what_is_sealed_is_known_to_be() -> None:
    sealed = {name for name, _ in _columns() if isinstance(_field(name), SealedText)}
    assert sealed >= {
        "wellness_accounts.User.email",
        "wellness_accounts.User.first_name",
        "account.EmailAddress.email",
        "usersessions.UserSession.ip",
        "usersessions.UserSession.session_key",
        "mfa.Authenticator.data",
        "admin.LogEntry.object_repr",
        "wellness_studies.Device.model_name",
        "wellness_studies.Device.given_name",
        "coach_safety.Alert.disposition",
        "coach_safety.Contraindication.condition",
    }


def _field(name: str) -> object:
    label, _, column = name.rpartition(".")
    return apps.get_model(label)._meta.get_field(column)
