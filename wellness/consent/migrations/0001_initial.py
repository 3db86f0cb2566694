import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from wellness.audit.appendonly import ForbidChanges
from wellness.consent.frozen import FreezeOncePublished


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("wellness_studies", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DeletionReceipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token_digest", models.CharField(max_length=64, unique=True)),
                ("mode", models.CharField(max_length=20)),
                ("requested_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("statement", models.JSONField(default=dict)),
                ("signature", models.CharField(blank=True, max_length=128)),
            ],
        ),
        migrations.CreateModel(
            name="TombstoneMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seq", models.PositiveBigIntegerField(default=0)),
                ("seal", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="ConsentDocument",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("adult", "adult"),
                            ("guardian", "guardian"),
                            ("assent", "assent of a child"),
                            ("representative", "legal representative"),
                        ],
                        default="adult",
                        max_length=15,
                    ),
                ),
                ("locale", models.CharField(default="en", max_length=10)),
                ("version", models.PositiveIntegerField()),
                (
                    "change",
                    models.CharField(
                        choices=[("editorial", "editorial"), ("material", "material")],
                        default="material",
                        max_length=10,
                    ),
                ),
                (
                    "grace_days",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="how long what people agreed to before holds, where it is unchanged",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "draft"), ("published", "published"), ("retired", "retired")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                (
                    "body",
                    models.JSONField(help_text="sections by name: controller, purposes, recipients, ..."),
                ),
                ("body_sha256", models.CharField(blank=True, max_length=64)),
                ("effective_from", models.DateTimeField(blank=True, null=True)),
                ("irb_ref", models.CharField(blank=True, max_length=80)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consent_documents",
                        to="wellness_studies.study",
                    ),
                ),
                (
                    "supersedes",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="superseded_by",
                        to="wellness_consent.consentdocument",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ApprovalRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_after", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("fence", models.PositiveBigIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=200)),
                ("document_sha256", models.CharField(max_length=64)),
                ("asked_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="approval_requests",
                        to="wellness_consent.consentdocument",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("document_sha256", models.CharField(default="", max_length=64)),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "approver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="wellness_consent.consentdocument",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConsentEnding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("purpose", models.CharField(max_length=40)),
                ("stream", models.CharField(max_length=40)),
                ("ends_at", models.DateTimeField()),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="endings",
                        to="wellness_consent.consentdocument",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wellness_consent.consentdocument",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConsentEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("seq", models.PositiveIntegerField()),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("grant", "granted"),
                            ("deny", "declined"),
                            ("withdraw", "withdrawn"),
                            ("pause", "paused"),
                            ("expire", "expired"),
                            ("supersede", "superseded"),
                            ("reaffirm", "reaffirmed"),
                            ("import", "imported"),
                            ("resume", "resumed"),
                            ("proxy", "proxy changed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("document_sha256", models.CharField(max_length=64)),
                ("scopes", models.JSONField()),
                ("covers_from", models.DateTimeField(blank=True, null=True)),
                ("withdrawal_mode", models.CharField(blank=True, max_length=20)),
                (
                    "capacity",
                    models.CharField(
                        choices=[
                            ("self", "the participant"),
                            ("parent", "parent"),
                            ("guardian", "guardian"),
                            ("representative", "legal representative"),
                            ("assent", "child's assent"),
                            ("staff", "recorded by staff"),
                        ],
                        default="self",
                        max_length=15,
                    ),
                ),
                ("signature", models.JSONField(default=dict)),
                ("client_at", models.DateTimeField(blank=True, null=True)),
                ("client_zone", models.CharField(blank=True, max_length=64)),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("expiries", models.JSONField(blank=True, default=list)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("evidence", models.JSONField(blank=True, default=dict)),
                ("prev_hash", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
                (
                    "device",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wellness_studies.device",
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="wellness_consent.consentdocument",
                    ),
                ),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consent_events",
                        to="wellness_studies.enrollment",
                    ),
                ),
                (
                    "proxy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "signer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["enrollment", "seq"],
            },
        ),
        migrations.CreateModel(
            name="ConsentNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_after", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("fence", models.PositiveBigIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=200)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consent_notices",
                        to="wellness_studies.enrollment",
                    ),
                ),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notice",
                        to="wellness_consent.consentevent",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ConsentScope",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("purpose", models.CharField(max_length=40)),
                ("stream", models.CharField(max_length=40)),
                ("required", models.BooleanField(default=False)),
                ("retention_days", models.PositiveIntegerField(blank=True, null=True)),
                ("recipients", models.CharField(blank=True, max_length=200)),
                ("min_age", models.PositiveSmallIntegerField(default=0)),
                (
                    "valid_days",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="after so many days the person is asked again; empty: never",
                        null=True,
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scopes",
                        to="wellness_consent.consentdocument",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConsentState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("purpose", models.CharField(max_length=40)),
                ("stream", models.CharField(max_length=40)),
                ("valid_from", models.DateTimeField()),
                ("valid_to", models.DateTimeField(blank=True, null=True)),
                ("covers_from", models.DateTimeField()),
                (
                    "party",
                    models.CharField(
                        choices=[
                            ("self", "the person, or who represents them"),
                            ("permission", "a guardian's permission"),
                            ("assent", "a child's assent"),
                        ],
                        default="self",
                        max_length=10,
                    ),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("paused", models.BooleanField(default=False)),
                ("resumed_seq", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wellness_consent.consentdocument",
                    ),
                ),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consent_states",
                        to="wellness_studies.enrollment",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wellness_consent.consentevent",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ErasureRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_after", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("fence", models.PositiveBigIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=200)),
                ("mode", models.CharField(max_length=20)),
                ("event_id", models.UUIDField(help_text="the withdrawal that asked for it")),
                ("requested_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("done", models.JSONField(default=list, help_text="names of the steps that are done")),
                (
                    "counts",
                    models.JSONField(default=dict, help_text="how much there was when it began, by kind"),
                ),
                (
                    "enrollment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasure_request",
                        to="wellness_studies.enrollment",
                    ),
                ),
                (
                    "receipt",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wellness_consent.deletionreceipt",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Minority",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("majority_on", models.DateField()),
                ("sealed_birth", models.BinaryField()),
                (
                    "enrollment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="minority",
                        to="wellness_studies.enrollment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PaperConsent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("scopes", models.JSONField()),
                (
                    "capacity",
                    models.CharField(
                        choices=[
                            ("self", "the participant"),
                            ("parent", "parent"),
                            ("guardian", "guardian"),
                            ("representative", "legal representative"),
                            ("assent", "child's assent"),
                            ("staff", "recorded by staff"),
                        ],
                        max_length=15,
                    ),
                ),
                ("signed_on", models.DateField()),
                ("scan_sha256", models.CharField(max_length=64)),
                ("sealed_names", models.BinaryField(help_text="printed name of the signer, and the witness")),
                ("recorded_at", models.DateTimeField()),
                ("checked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "checked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wellness_consent.consentdocument",
                    ),
                ),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paper_consents",
                        to="wellness_studies.enrollment",
                    ),
                ),
                (
                    "event",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paper",
                        to="wellness_consent.consentevent",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RecipientNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_after", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("fence", models.PositiveBigIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=200)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("recipient", models.CharField(blank=True, max_length=200)),
                (
                    "about",
                    models.CharField(blank=True, help_text="what was taken: release:<id>", max_length=60),
                ),
                ("pseudonym", models.CharField(blank=True, max_length=40)),
                ("scopes", models.JSONField()),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("stop", "stop"),
                            ("stop_anonymise", "stop_anonymise"),
                            ("stop_erase", "stop_erase"),
                            ("regulatory_hold", "regulatory_hold"),
                        ],
                        max_length=20,
                    ),
                ),
                ("withdrawn_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(help_text="until when they must have been told")),
                (
                    "by_hand",
                    models.BooleanField(
                        help_text="no address is known, or none that takes mail: staff tell them"
                    ),
                ),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "enrollment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recipient_notices",
                        to="wellness_studies.enrollment",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wellness_studies.site",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recipient_notices",
                        to="wellness_studies.study",
                    ),
                ),
                (
                    "told_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StudyKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kid", models.CharField(max_length=16, unique=True)),
                ("public", models.BinaryField(max_length=32)),
                ("first_used_at", models.DateTimeField()),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consent_keys",
                        to="wellness_studies.study",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ConsentAgenda",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_after", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("fence", models.PositiveBigIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=200)),
                ("next_at", models.DateTimeField(blank=True, null=True)),
                (
                    "enrollment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consent_agenda",
                        to="wellness_studies.enrollment",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["next_at"], name="wellness_consent_agenda_due")],
            },
        ),
        migrations.AddConstraint(
            model_name="consentdocument",
            constraint=models.UniqueConstraint(
                fields=("study", "audience", "locale", "version"),
                name="wellness_consent_consentdocument_one_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "draft"),
                    models.Q(("effective_from__isnull", False), models.Q(("body_sha256", ""), _negated=True)),
                    _connector="OR",
                ),
                name="wellness_consent_consentdocument_published_is_dated",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(("grace_days__lte", 30)),
                name="wellness_consent_consentdocument_grace_is_short",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrequest",
            constraint=models.UniqueConstraint(
                fields=("document", "document_sha256"), name="wellness_consent_approvalrequest_one_each"
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.UniqueConstraint(
                fields=("document", "approver", "document_sha256"), name="wellness_consent_approval_one_each"
            ),
        ),
        migrations.AddConstraint(
            model_name="consentending",
            constraint=models.UniqueConstraint(
                fields=("document", "purpose", "stream", "ended_by"),
                name="wellness_consent_consentending_one_each",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentevent",
            constraint=models.UniqueConstraint(
                fields=("enrollment", "seq"), name="wellness_consent_consentevent_one_seq"
            ),
        ),
        migrations.AddConstraint(
            model_name="consentscope",
            constraint=models.UniqueConstraint(
                fields=("document", "purpose", "stream"), name="wellness_consent_consentscope_one_switch"
            ),
        ),
        migrations.AddConstraint(
            model_name="consentstate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("valid_to", None)),
                fields=("enrollment", "purpose", "stream", "party"),
                name="wellness_consent_consentstate_one_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentstate",
            constraint=models.CheckConstraint(
                condition=models.Q(("covers_from__lte", models.F("valid_from"))),
                name="wellness_consent_consentstate_covers_before_valid",
            ),
        ),
        migrations.AddIndex(
            model_name="erasurerequest",
            index=models.Index(
                condition=models.Q(("finished_at", None)), fields=["run_after"], name="consent_erasure_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="paperconsent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("checked_by", None),
                    models.Q(("checked_by", models.F("recorded_by")), _negated=True),
                    _connector="OR",
                ),
                name="wellness_consent_paperconsent_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="paperconsent",
            constraint=models.CheckConstraint(
                condition=models.Q(("event", None), ("checked_at__isnull", False), _connector="OR"),
                name="wellness_consent_paperconsent_checked_before_granted",
            ),
        ),
        migrations.AddIndex(
            model_name="recipientnotice",
            index=models.Index(
                condition=models.Q(("told_at", None)), fields=["run_after"], name="consent_recipient_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="recipientnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("recipient", ""), ("user__isnull", False)),
                    models.Q(("user", None), models.Q(("recipient", ""), _negated=True)),
                    _connector="OR",
                ),
                name="wellness_consent_recipientnotice_one_recipient",
            ),
        ),
        migrations.AddConstraint(
            model_name="recipientnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("told_at", None), ("told_by", None), models.Q(("pseudonym", ""), _negated=True)
                    ),
                    models.Q(("pseudonym", ""), ("told_at__isnull", False)),
                    _connector="OR",
                ),
                name="wellness_consent_recipientnotice_told_is_forgotten",
            ),
        ),
        migrations.AddConstraint(
            model_name="recipientnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(("due_at__gt", models.F("withdrawn_at"))),
                name="wellness_consent_recipientnotice_has_time",
            ),
        ),
        ForbidChanges("ConsentEvent"),
        ForbidChanges("StudyKey"),
        ForbidChanges("ConsentEnding"),
        FreezeOncePublished(),
    ]
