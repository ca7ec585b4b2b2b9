"""The first tables of identity."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import kamao.kernel.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail")),
                ("name", models.CharField(blank=True, max_length=120, verbose_name="name")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("is_staff", models.BooleanField(default=False, verbose_name="staff of the operator")),
                (
                    "date_joined",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="joined at"),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                ("user_id", models.UUIDField(null=True, verbose_name="who")),
                ("api_key_id", models.UUIDField(null=True, verbose_name="API key")),
                ("impersonated_by_id", models.UUIDField(null=True, verbose_name="on behalf, by")),
                ("organisation_id", models.UUIDField(null=True, verbose_name="organisation")),
                ("act", models.CharField(max_length=64, verbose_name="act")),
                ("object_kind", models.CharField(blank=True, max_length=32, verbose_name="object")),
                ("object_id", models.CharField(blank=True, max_length=64, verbose_name="object id")),
                ("address", models.GenericIPAddressField(null=True, verbose_name="address")),
                ("details", models.JSONField(default=dict, verbose_name="details")),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit trail",
                "indexes": [
                    models.Index(fields=["organisation_id", "-id"], name="ix_identity_audit_org"),
                    models.Index(fields=["object_kind", "object_id"], name="ix_identity_audit_object"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("supplier", "supplier"),
                            ("merchant", "merchant"),
                            ("operator", "operator"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("legal_name", models.CharField(max_length=200, verbose_name="legal name")),
                ("display_name", models.CharField(max_length=80, verbose_name="display name")),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "active"), ("suspended", "suspended"), ("closed", "closed")],
                        default="active",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                ("status_reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                (
                    "business_zone",
                    models.CharField(default="Asia/Shanghai", max_length=64, verbose_name="time zone"),
                ),
                ("currency", models.CharField(default="CNY", max_length=3, verbose_name="currency")),
                ("level", models.SmallIntegerField(default=0, verbose_name="level")),
                (
                    "support_refund_limit_minor",
                    models.BigIntegerField(default=20000, verbose_name="refund limit of support"),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="registered at"),
                ),
            ],
            options={
                "verbose_name": "organisation",
                "verbose_name_plural": "organisations",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["supplier", "merchant", "operator"])),
                        name="ck_identity_organisation_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "suspended", "closed"])),
                        name="ck_identity_organisation_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("support_refund_limit_minor__gte", 0)),
                        name="ck_identity_organisation_refund_limit",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("admin", "administrator"),
                            ("operations", "operations"),
                            ("purchasing", "purchasing"),
                            ("finance", "finance"),
                            ("support", "customer service"),
                        ],
                        max_length=16,
                        verbose_name="role",
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="since")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="identity.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "member",
                "verbose_name_plural": "members",
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("admin", "administrator"),
                            ("operations", "operations"),
                            ("purchasing", "purchasing"),
                            ("finance", "finance"),
                            ("support", "customer service"),
                        ],
                        max_length=16,
                        verbose_name="role",
                    ),
                ),
                ("token_digest", models.BinaryField(max_length=32, unique=True)),
                ("created_at", models.DateTimeField(verbose_name="invited at")),
                ("expires_at", models.DateTimeField(verbose_name="expires at")),
                ("accepted_at", models.DateTimeField(null=True, verbose_name="accepted at")),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="revoked at")),
                (
                    "accepted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="identity.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation",
                "verbose_name_plural": "invitations",
            },
        ),
        migrations.CreateModel(
            name="Impersonation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("ends_at", models.DateTimeField(verbose_name="ends at")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended at")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="impersonations",
                        to="identity.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "impersonation",
                "verbose_name_plural": "impersonations",
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("cell", models.SmallIntegerField(verbose_name="mode")),
                ("label", models.CharField(max_length=80, verbose_name="label")),
                ("prefix", models.CharField(max_length=32, unique=True, verbose_name="key")),
                ("digest", models.BinaryField(max_length=32)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32), size=None, verbose_name="scopes"
                    ),
                ),
                (
                    "ip_networks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=49),
                        default=list,
                        size=None,
                        verbose_name="allowed addresses",
                    ),
                ),
                ("rate_limit_per_minute", models.IntegerField(null=True, verbose_name="requests per minute")),
                ("expires_at", models.DateTimeField(null=True, verbose_name="expires at")),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="revoked at")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("last_used_at", models.DateTimeField(null=True, verbose_name="last used")),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "replaced_by",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaces",
                        to="identity.apikey",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_keys",
                        to="identity.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "API key",
                "verbose_name_plural": "API keys",
            },
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"), name="uq_identity_user_email_folded"
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                fields=("organisation", "user"), name="uq_identity_membership_organisation_user"
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["admin", "operations", "purchasing", "finance", "support"])),
                name="ck_identity_membership_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["admin", "operations", "purchasing", "finance", "support"])),
                name="ck_identity_invitation_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("accepted_at__isnull", True), ("revoked_at__isnull", True), _connector="OR"
                ),
                name="ck_identity_invitation_one_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="impersonation",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("started_at"))),
                name="ck_identity_impersonation_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(("cell__in", [0, 1])), name="ck_identity_apikey_cell"
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rate_limit_per_minute__isnull", True), ("rate_limit_per_minute__gt", 0), _connector="OR"
                ),
                name="ck_identity_apikey_rate_limit",
            ),
        ),
    ]
