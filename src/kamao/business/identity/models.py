"""Rows of identity. Owns their shape and the constraints; writes go through `operations`, `api_keys` and
`audit`.

Refuses secrets in the clear: invitations and API keys are kept as SHA-256, TOTP seeds are sealed by the
adapter.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kamao.kernel.ids import new_uuid7

DIGEST_BYTES = 32


class UserManager(BaseUserManager["User"]):
    """Makes users whose e-mail is folded to lower case, so that one mailbox is one account."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Return a stored user; without a password the account can only be entered after a reset."""
        user = self.model(email=fold_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Return a stored member of staff; `manage.py createsuperuser` ends here."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Find by e-mail, whatever its case."""
        return self.get(email=fold_email(username or ""))


def fold_email(email: str) -> str:
    """Return an address the way it is stored: trimmed, lower case."""
    return email.strip().lower()


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with an e-mail address."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff of the operator"), default=False)
    date_joined = models.DateTimeField(_("joined at"), default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="uq_identity_user_email_folded"),
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email.partition("@")[0]


class OrganisationKind(models.TextChoices):
    """What an organisation is in the trade."""

    SUPPLIER = "supplier", _("supplier")
    MERCHANT = "merchant", _("merchant")
    OPERATOR = "operator", _("operator")


class OrganisationStatus(models.TextChoices):
    """Whether an organisation may act."""

    ACTIVE = "active", _("active")
    SUSPENDED = "suspended", _("suspended")
    CLOSED = "closed", _("closed")


class Organisation(models.Model):
    """A legal or natural person that acts as supplier, merchant or operator; its id is the engine's id."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=OrganisationKind)
    legal_name = models.CharField(_("legal name"), max_length=200)
    display_name = models.CharField(_("display name"), max_length=80)
    status = models.CharField(
        _("status"), max_length=16, choices=OrganisationStatus, default=OrganisationStatus.ACTIVE
    )
    status_reason = models.CharField(_("reason"), max_length=200, blank=True)
    business_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai")
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    level = models.SmallIntegerField(_("level"), default=0)
    support_refund_limit_minor = models.BigIntegerField(_("refund limit of support"), default=20_000)
    created_at = models.DateTimeField(_("registered at"), default=timezone.now)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["supplier", "merchant", "operator"]),
                name="ck_identity_organisation_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "suspended", "closed"]),
                name="ck_identity_organisation_status",
            ),
            models.CheckConstraint(
                condition=models.Q(support_refund_limit_minor__gte=0),
                name="ck_identity_organisation_refund_limit",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name


class Role(models.TextChoices):
    """The ready roles. What each may do is the table in `permissions`."""

    ADMIN = "admin", _("administrator")
    OPERATIONS = "operations", _("operations")
    PURCHASING = "purchasing", _("purchasing")
    FINANCE = "finance", _("finance")
    SUPPORT = "support", _("customer service")


_ROLE_VALUES = ["admin", "operations", "purchasing", "finance", "support"]


class Membership(models.Model):
    """A person's one role in one organisation."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role)
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"], name="uq_identity_membership_organisation_user"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=_ROLE_VALUES), name="ck_identity_membership_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} @ {self.organisation_id}: {self.role}"


class Invitation(models.Model):
    """An offer of a role to an e-mail address; its token is kept as SHA-256 and accepted by POST."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="invitations")
    email = models.EmailField(_("e-mail"), max_length=254)
    role = models.CharField(_("role"), max_length=16, choices=Role)
    token_digest = models.BinaryField(max_length=DIGEST_BYTES, unique=True)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("invited at"))
    expires_at = models.DateTimeField(_("expires at"))
    accepted_at = models.DateTimeField(_("accepted at"), null=True)
    accepted_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=_ROLE_VALUES), name="ck_identity_invitation_role"
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True) | models.Q(revoked_at__isnull=True),
                name="ck_identity_invitation_one_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} → {self.organisation_id}: {self.role}"

    def is_open(self, at: datetime) -> bool:
        """Tell whether the invitation can still be accepted."""
        return self.accepted_at is None and self.revoked_at is None and at < self.expires_at


class ApiKey(models.Model):
    """An API key of an organisation: public prefix in the clear, the whole key only as SHA-256."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="api_keys")
    cell = models.SmallIntegerField(_("mode"))
    label = models.CharField(_("label"), max_length=80)
    prefix = models.CharField(_("key"), max_length=32, unique=True)
    digest = models.BinaryField(max_length=DIGEST_BYTES)
    scopes = ArrayField(models.CharField(max_length=32), verbose_name=_("scopes"))
    ip_networks = ArrayField(
        models.CharField(max_length=49), verbose_name=_("allowed addresses"), default=list
    )
    rate_limit_per_minute = models.IntegerField(_("requests per minute"), null=True)
    expires_at = models.DateTimeField(_("expires at"), null=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)
    replaced_by = models.OneToOneField("self", models.PROTECT, related_name="replaces", null=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    created_at = models.DateTimeField(_("created at"))
    last_used_at = models.DateTimeField(_("last used"), null=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.CheckConstraint(condition=models.Q(cell__in=[0, 1]), name="ck_identity_apikey_cell"),
            models.CheckConstraint(
                condition=models.Q(rate_limit_per_minute__isnull=True)
                | models.Q(rate_limit_per_minute__gt=0),
                name="ck_identity_apikey_rate_limit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…"


class AuditEntry(models.Model):
    """One sensitive act. Rows are only added: the application's database role cannot change or delete them.

    Ids only, no foreign keys: an entry must outlive what it speaks of.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    at = models.DateTimeField(_("at"))
    user_id = models.UUIDField(_("who"), null=True)
    api_key_id = models.UUIDField(_("API key"), null=True)
    impersonated_by_id = models.UUIDField(_("on behalf, by"), null=True)
    organisation_id = models.UUIDField(_("organisation"), null=True)
    act = models.CharField(_("act"), max_length=64)
    object_kind = models.CharField(_("object"), max_length=32, blank=True)
    object_id = models.CharField(_("object id"), max_length=64, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    details = models.JSONField(_("details"), default=dict)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        indexes = [
            models.Index(fields=["organisation_id", "-id"], name="ix_identity_audit_org"),
            models.Index(fields=["object_kind", "object_id"], name="ix_identity_audit_object"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.act}"


class Impersonation(models.Model):
    """A member of staff looking at an organisation's console: read-only, short, announced, audited."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="impersonations")
    reason = models.CharField(_("reason"), max_length=200)
    started_at = models.DateTimeField(_("started at"))
    ends_at = models.DateTimeField(_("ends at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("impersonation")
        verbose_name_plural = _("impersonations")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("started_at")), name="ck_identity_impersonation_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} → {self.organisation_id}"
