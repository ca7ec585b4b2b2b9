"""Rows of supply: suppliers' offers by their own item numbers, imports with their rows, and what people
decided.

Refuses codes in the clear: an uploaded file is stored sealed, and rows of code files hold no cells.
"""

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kamao.business.catalog.models import Sku
from kamao.business.identity.models import Organisation
from kamao.kernel.ids import new_uuid7

IMPORT_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    "uploaded": frozenset({"parsed", "previewed", "failed", "cancelled"}),
    "parsed": frozenset({"previewed", "failed", "cancelled"}),
    "previewed": frozenset({"parsed", "previewed", "applying", "cancelled", "failed"}),
    "applying": frozenset({"done", "cancelled", "failed"}),
    "failed": frozenset({"applying", "cancelled"}),
    "done": frozenset(),
    "cancelled": frozenset(),
}
"""``parsed``: the columns are not certain and a person must choose them; ``failed`` may be taken up again."""


class ImportKind(models.TextChoices):
    """What a file holds."""

    OFFERS = "offers", _("price sheet")
    CODES = "codes", _("codes")
    MEMBERS = "members", _("members")
    GOODS = "goods", _("goods")


class ImportState(models.TextChoices):
    """The states of an import; moves are in ``IMPORT_TRANSITIONS``."""

    UPLOADED = "uploaded", _("uploaded")
    PARSED = "parsed", _("choose columns")
    PREVIEWED = "previewed", _("ready to apply")
    APPLYING = "applying", _("being applied")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("interrupted")


class Fate(models.TextChoices):
    """What becomes of a row."""

    OFFER = "offer", _("take over")
    REVIEW = "review", _("to be decided")
    REFUSED = "refused", _("refused")
    SKIPPED = "skipped", _("not goods")


class OfferStatus(models.TextChoices):
    """Whether an offer is on sale; the engine's words."""

    ACTIVE = "active", _("on sale")
    PAUSED = "paused", _("off sale")
    WITHDRAWN = "withdrawn", _("withdrawn")


class SupplierOffer(models.Model):
    """A supplier's offer under the supplier's own item number; its id is the engine offer's id.

    An ``item`` that starts with ``~`` is ours: the supplier names none, so there is one offer per SKU.
    ``awaiting_quote``: made for codes that came before a price; it is paused and its price is only a
    stand-in. ``unit_price_e4`` is the price sent last; the engine holds the history and which price is in
    force.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    supplier = models.ForeignKey(
        Organisation, models.PROTECT, related_name="supplier_offers", verbose_name=_("supplier")
    )
    livemode = models.BooleanField(_("live"), default=True)
    item = models.CharField(_("item number"), max_length=120)
    title = models.CharField(_("title in the sheet"), max_length=200, blank=True)
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="supplier_offers", verbose_name=_("SKU"))
    unit_price_e4 = models.BigIntegerField(_("supply price (1/10 000)"))
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    tax_included = models.BooleanField(_("tax included"), default=True)
    fulfilment = models.CharField(_("fulfilment"), max_length=8, default="stock")
    sale_model = models.CharField(_("sale model"), max_length=16, default="self_operated")
    status = models.CharField(_("status"), max_length=12, choices=OfferStatus, default=OfferStatus.ACTIVE)
    awaiting_quote = models.BooleanField(_("waiting for a price"), default=False)
    stated_stock = models.BigIntegerField(_("stock stated in the sheet"), null=True, blank=True)
    effective_from = models.DateTimeField(_("price holds from"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now)

    class Meta:
        verbose_name = _("supplier's offer")
        verbose_name_plural = _("suppliers' offers")
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "livemode", "item"], name="uq_supply_supplieroffer_item"
            ),
            models.CheckConstraint(condition=Q(unit_price_e4__gt=0), name="ck_supply_supplieroffer_price"),
            models.CheckConstraint(
                condition=Q(status__in=["active", "paused", "withdrawn"]),
                name="ck_supply_supplieroffer_status",
            ),
            models.CheckConstraint(
                condition=Q(awaiting_quote=False) | ~Q(status="active"), name="ck_supply_supplieroffer_quoted"
            ),
        ]
        indexes = [models.Index(fields=["supplier", "sku"], name="ix_supply_supplieroffer_sku")]

    def __str__(self) -> str:
        return f"{self.item} {self.title}"


class SheetImport(models.Model):
    """One file on its way in. ``place_done`` is how many rows were applied: it commits together with them."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="imports", verbose_name=_("organisation")
    )
    livemode = models.BooleanField(_("live"), default=True)
    kind = models.CharField(_("kind"), max_length=8, choices=ImportKind)
    filename = models.CharField(_("file"), max_length=200)
    file_digest = models.CharField(_("SHA-256 of the file"), max_length=64)
    options_digest = models.CharField(max_length=64)
    round = models.IntegerField(_("round"), default=1)
    state = models.CharField(_("state"), max_length=12, choices=ImportState, default=ImportState.UPLOADED)
    options = models.JSONField(_("options"), default=dict)
    effective_at = models.DateTimeField(_("prices hold from"), null=True, blank=True)
    mappings = models.JSONField(_("columns"), default=list)
    doubts = models.JSONField(_("doubts"), default=list)
    sheets_left_out = models.JSONField(_("sheets without a table"), default=list)
    counts = models.JSONField(_("counts"), default=dict)
    rows_total = models.IntegerField(_("rows"), default=0)
    place_done = models.IntegerField(_("rows applied"), default=0)
    cancel_asked = models.BooleanField(_("asked to stop"), default=False)
    failure = models.CharField(_("what interrupted it"), max_length=200, blank=True)
    user_id = models.UUIDField(_("uploaded by"), null=True)
    created_at = models.DateTimeField(_("uploaded at"), default=timezone.now)
    started_at = models.DateTimeField(_("applied from"), null=True, blank=True)
    touched_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "livemode", "kind", "file_digest", "options_digest", "round"],
                name="uq_supply_sheetimport_file",
            ),
            models.CheckConstraint(
                condition=Q(state__in=list(IMPORT_TRANSITIONS)), name="ck_supply_sheetimport_state"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-created_at"], name="ix_supply_sheetimport_recent"),
            models.Index(
                fields=["touched_at"], name="ix_supply_sheetimport_todo", condition=Q(state="applying")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.filename} ({self.state})"

    @property
    def percent_done(self) -> int:
        """Progress of applying, 0 to 100."""
        return 100 * self.place_done // self.rows_total if self.rows_total else 0


class SheetFile(models.Model):
    """The uploaded bytes, sealed under a data key of their own: a file of codes is as secret as the codes."""

    sheet_import = models.OneToOneField(SheetImport, models.CASCADE, primary_key=True, related_name="file")
    wrapped_key = models.BinaryField()
    sealed = models.BinaryField()
    keep_until = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.sheet_import_id)


class ImportRow(models.Model):
    """One row of an import and its fate. Rows of code files are kept only where they were not taken."""

    id = models.BigAutoField(primary_key=True)
    sheet_import = models.ForeignKey(SheetImport, models.CASCADE, related_name="rows")
    place = models.IntegerField()
    sheet = models.CharField(max_length=200)
    number = models.IntegerField(_("row"))
    fate = models.CharField(_("fate"), max_length=8, choices=Fate)
    reason = models.CharField(max_length=32)
    params = models.JSONField(default=dict)
    item = models.CharField(max_length=120, blank=True)
    title = models.CharField(max_length=200, blank=True)
    price_text = models.CharField(max_length=64, blank=True)
    title_key = models.CharField(max_length=300, blank=True)
    sku = models.ForeignKey(Sku, models.PROTECT, null=True, related_name="+")
    confidence = models.SmallIntegerField(default=0)
    notes = models.JSONField(default=list)
    near = models.JSONField(default=list)
    unit_price_e4 = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    tax_included = models.BooleanField(default=True)
    on_sale = models.BooleanField(default=True)
    stock = models.BigIntegerField(null=True)
    effective_at = models.DateTimeField(null=True)
    change = models.CharField(_("change"), max_length=12, blank=True)
    previous_e4 = models.BigIntegerField(null=True)
    outcome = models.CharField(_("outcome"), max_length=24, blank=True)

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        constraints = [
            models.UniqueConstraint(fields=["sheet_import", "place"], name="uq_supply_importrow_place"),
        ]
        indexes = [models.Index(fields=["sheet_import", "fate", "place"], name="ix_supply_importrow_fate")]

    def __str__(self) -> str:
        return f"{self.sheet}:{self.number} {self.fate}"


class ImportLot(models.Model):
    """The lot of codes that an import fills for one offer; made once, so that a resumed import finds it."""

    sheet_import = models.ForeignKey(SheetImport, models.CASCADE, related_name="lots")
    offer = models.ForeignKey(SupplierOffer, models.PROTECT, related_name="import_lots")
    lot = models.UUIDField(default=new_uuid7, unique=True)
    imported = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sheet_import", "offer"], name="uq_supply_importlot_offer"),
        ]

    def __str__(self) -> str:
        return str(self.lot)


class ColumnMapping(models.Model):
    """Which columns a supplier's sheets have, as a person chose or confirmed; found again by the headers."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="column_mappings")
    kind = models.CharField(max_length=8, choices=ImportKind)
    headers_key = models.CharField(max_length=64)
    headers = models.JSONField()
    columns = models.JSONField()
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("column mapping")
        verbose_name_plural = _("column mappings")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "headers_key"], name="uq_supply_columnmapping_headers"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.headers}"


class MatchDecision(models.Model):
    """What a person said a supplier's title means: a SKU, or (``sku`` empty) goods that are not ours."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    supplier = models.ForeignKey(Organisation, models.CASCADE, related_name="match_decisions")
    title_key = models.CharField(max_length=300)
    title = models.CharField(_("title"), max_length=200)
    sku = models.ForeignKey(
        Sku, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("SKU")
    )
    user_id = models.UUIDField(null=True)
    decided_at = models.DateTimeField(_("decided at"), default=timezone.now)

    class Meta:
        verbose_name = _("match decision")
        verbose_name_plural = _("match decisions")
        constraints = [
            models.UniqueConstraint(fields=["supplier", "title_key"], name="uq_supply_matchdecision_title"),
        ]

    def __str__(self) -> str:
        return self.title


class OldMember(models.Model):
    """Who an old shop's member became here, and which opening balance was booked for it, once."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    source = models.CharField(_("old shop"), max_length=64)
    account = models.CharField(_("account there"), max_length=120)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="old_members")
    opening_minor = models.BigIntegerField(_("opening balance"), default=0)
    taken_at = models.DateTimeField(_("taken over at"))

    class Meta:
        verbose_name = _("member of an old shop")
        verbose_name_plural = _("members of old shops")
        constraints = [
            models.UniqueConstraint(fields=["source", "account"], name="uq_supply_oldmember_account"),
        ]

    def __str__(self) -> str:
        return f"{self.source}/{self.account}"
