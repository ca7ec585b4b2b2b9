"""Import pages of the supplier console: upload, columns, preview, apply with progress, refused rows.

Owns forms and addresses only; every step is `kamao.business.supply`. Works without JavaScript: progress then
reloads the page. Refuses another supplier's imports with 404.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kamao.business.identity import audit
from kamao.business.identity.models import OrganisationKind
from kamao.business.identity.permissions import Permission
from kamao.business.supply import imports as supply_imports
from kamao.business.supply import mappings, refused, running
from kamao.business.supply.imports import Options, Upload
from kamao.business.supply.models import ImportRow, SheetImport, SupplierOffer
from kamao.business.supply.sheets.reader import BYTES_MAX
from kamao.business.supply.sheets.reasons import reason_text
from kamao.kernel.errors import Refusal
from kamao.portals.accounts.acting import actor_of, message_of
from kamao.portals.accounts.pages import (
    ConsoleRequest,
    console_page,
    go,
    page,
    say,
    say_refusal,
    second_factor_required,
)

KIND: Final = OrganisationKind.SUPPLIER
ROWS_SHOWN: Final = 50
IMPORTS_SHOWN: Final = 20
_ROLE_CHOICES: Final = (
    ("", gettext_lazy("Leave out")),
    ("item", gettext_lazy("Item number")),
    ("brand", gettext_lazy("Brand")),
    ("name", gettext_lazy("Product name")),
    ("spec", gettext_lazy("Variant (value, duration)")),
    ("price", gettext_lazy("Supply price")),
    ("official", gettext_lazy("Official price")),
    ("kind", gettext_lazy("Kind (code, top-up)")),
    ("target", gettext_lazy("Top-up account")),
    ("state", gettext_lazy("On sale or not")),
    ("stock", gettext_lazy("Stock")),
    ("region", gettext_lazy("Region")),
    ("currency", gettext_lazy("Currency")),
    ("effective", gettext_lazy("Price holds from")),
    ("note", gettext_lazy("Note")),
)


class UploadForm(forms.Form):
    """A file and what it holds."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What is in the file"),
        choices=[("offers", gettext_lazy("Price sheet")), ("codes", gettext_lazy("Codes"))],
        initial="offers",
        widget=forms.RadioSelect,
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV, TSV or XLSX as you have it; codes also as TXT or ZIP. Drop it here or choose it."
        ),
    )
    effective_at = forms.DateTimeField(
        label=gettext_lazy("Prices hold from"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy("Empty: at once. For price sheets only."),
    )
    offer = forms.CharField(
        label=gettext_lazy("Item number of the goods"),
        required=False,
        max_length=120,
        help_text=gettext_lazy("For codes whose file does not name the goods."),
    )
    again = forms.BooleanField(
        label=gettext_lazy("Take in again, even if this file was taken in before"), required=False
    )

    def clean_file(self) -> Any:
        """Refuse what would not be read anyway."""
        file = self.cleaned_data["file"]
        if file.size > BYTES_MAX:
            raise forms.ValidationError(_("The file is larger than 64 MB; split it."))
        return file


@console_page(KIND, permission=Permission.SUPPLY_MANAGE)
def imports(request: ConsoleRequest) -> HttpResponse:
    """List recent imports; take a file in and go to its preview."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return go(request, _address("import", _take_in(request, form.cleaned_data).id))
            except Refusal as refusal:
                form.add_error("file", message_of(refusal))
                status = refusal.status
    recent = SheetImport.objects.filter(organisation=request.acting.organisation)[:IMPORTS_SHOWN]
    context = {
        "form": form,
        "imports": recent,
        "page_help": _(
            "Drop in the sheet you send to everybody. You see what would happen before anything does."
        ),
    }
    return page(request, "supplier/imports/list.html", context, status=status)


def _take_in(request: ConsoleRequest, data: dict[str, Any]) -> SheetImport:
    organisation, at = request.acting.organisation, timezone.now()
    livemode = request.acting.cell.livemode
    offer = None
    if data["kind"] == "codes" and data["offer"]:
        offer = SupplierOffer.objects.filter(
            supplier=organisation, livemode=livemode, item=data["offer"]
        ).first()
        if offer is None:
            raise Refusal(
                "not_found", zh="没有这个货号的报价。", en="You have no offer with this item number."
            )
    effective: datetime | None = data["effective_at"] if data["kind"] == "offers" else None
    sheet_import, _fresh = supply_imports.upload(
        organisation,
        Upload(data["file"].name, data["file"].read()),
        kind=data["kind"],
        at=at,
        actor=actor_of(request),
        effective_at=effective,
        again=data["again"],
        options=Options(offer=offer.id if offer else None, livemode=livemode),
    )
    if sheet_import.state in {"uploaded", "parsed"}:
        sheet_import = running.preview(sheet_import.id, at=at)
    return sheet_import


def _address(name: str, import_id: UUID) -> str:
    return reverse(f"supplier:{name}", args=[import_id])


@console_page(KIND, permission=Permission.SUPPLY_MANAGE)
def show(request: ConsoleRequest, import_id: UUID) -> HttpResponse:
    """Show an import in its state: columns to choose, preview, progress or result, and its rows."""
    sheet_import = supply_imports.find(request.acting.organisation.id, import_id)
    if sheet_import.state == "uploaded":
        sheet_import = running.preview(sheet_import.id, at=timezone.now())
    tabs = _tabs(sheet_import)
    wanted = request.GET.get("rows", "")
    current = (
        wanted
        if wanted in {name for name, _word, _count in tabs}
        else next(
            (
                name
                for name in ("refused", "review", "price", "offer")
                for tab, _w, count in tabs
                if tab == name and count
            ),
            "",
        )
    )
    rows = Paginator(_rows(sheet_import, current), ROWS_SHOWN).get_page(request.GET.get("page"))
    for row in rows:
        row.sentence = reason_text(row.reason, get_language() or "zh", row.params)
        row.noted = [reason_text(note, get_language() or "zh") for note in row.notes]
    context = {
        "import": sheet_import,
        "doubts": [_doubt(doubt) for doubt in sheet_import.doubts],
        "tables": _tables(sheet_import) if sheet_import.state == "parsed" else [],
        "tabs": tabs,
        "current": current,
        "rows": rows,
        "counts": _Counts(sheet_import.counts),
        "is_live": sheet_import.state == "applying",
        "has_refused": sheet_import.counts.get("refused") or sheet_import.counts.get("review"),
    }
    return page(request, "supplier/imports/show.html", context)


class _Counts(dict[str, int]):
    """Counts that are 0 where nothing was counted."""

    def __missing__(self, key: str) -> int:
        return 0


def _tabs(sheet_import: SheetImport) -> list[tuple[str, str, int]]:
    counts = _Counts(sheet_import.counts)
    if sheet_import.kind == "codes":
        return [
            ("review", _("To be decided"), counts["review"]),
            ("refused", _("Refused"), counts["refused"]),
        ]
    return [
        ("offer", _("Taken over"), counts["offer"]),
        ("price", _("Price changes"), counts["change_price"]),
        ("review", _("To be decided"), counts["review"]),
        ("refused", _("Refused"), counts["refused"]),
        ("skipped", _("Not goods"), counts["skipped"]),
    ]


def _rows(sheet_import: SheetImport, tab: str) -> Any:
    rows = (
        ImportRow.objects.filter(sheet_import=sheet_import)
        .select_related("sku", "sku__product")
        .order_by("place")
    )
    if tab == "price":
        return rows.filter(fate="offer", change="price")
    return rows.filter(fate=tab)


def _doubt(doubt: str) -> str:
    code, _separator, columns = doubt.partition(":")
    return reason_text(code, get_language() or "zh", {"columns": columns})


def _tables(sheet_import: SheetImport) -> list[dict[str, Any]]:
    """Return each table with its columns: header, sample cells, the role proposed."""
    tables = []
    for number, described in enumerate(sheet_import.mappings):
        proposed = {column["at"]: column for column in described["columns"]}
        columns = [
            {
                "field": f"role-{number}-{at}",
                "fen_field": f"fen-{number}-{at}",
                "header": header,
                "sample": [row[at] for row in described["sample"] if at < len(row) and row[at]],
                "role": proposed.get(at, {}).get("role", ""),
                "fen": proposed.get(at, {}).get("fen", False),
            }
            for at, header in enumerate(described["headers"])
        ]
        tables.append({"sheet": described["sheet"], "columns": columns, "roles": _ROLE_CHOICES})
    return tables


@require_POST
@console_page(KIND, permission=Permission.SUPPLY_MANAGE)
def choose_columns(request: ConsoleRequest, import_id: UUID) -> HttpResponse:
    """Keep the columns a person chose and preview again."""
    sheet_import = supply_imports.find(request.acting.organisation.id, import_id)
    try:
        for number, described in enumerate(sheet_import.mappings):
            choice = [
                (at, role, f"fen-{number}-{at}" in request.POST)
                for at in range(len(described["headers"]))
                if (role := request.POST.get(f"role-{number}-{at}", ""))
            ]
            mappings.remember(
                sheet_import.organisation_id,
                sheet_import.kind,
                described["headers"],
                choice,
                at=timezone.now(),
            )
        running.preview(sheet_import.id, at=timezone.now())
    except Refusal as refusal:
        say_refusal(request, refusal)
    return HttpResponseRedirect(_address("import", import_id))


@require_POST
@console_page(KIND, permission=Permission.SUPPLY_MANAGE)
def apply(request: ConsoleRequest, import_id: UUID) -> HttpResponse:
    """Begin applying; the worker does it while the page shows how far it is."""
    sheet_import = supply_imports.find(request.acting.organisation.id, import_id)
    try:
        supply_imports.start(sheet_import.id, at=timezone.now(), actor=actor_of(request))
    except Refusal as refusal:
        say_refusal(request, refusal)
    return go(request, _address("import", import_id))


@require_POST
@console_page(KIND, permission=Permission.SUPPLY_MANAGE)
def cancel(request: ConsoleRequest, import_id: UUID) -> HttpResponse:
    """Cancel; what was applied before stays and is counted."""
    sheet_import = supply_imports.find(request.acting.organisation.id, import_id)
    try:
        sheet_import = supply_imports.cancel(sheet_import.id, at=timezone.now(), actor=actor_of(request))
        taken = sheet_import.counts.get("applied", 0)
        say(
            request,
            ngettext(
                "Cancelled. %(count)d row had been taken over and stays.",
                "Cancelled. %(count)d rows had been taken over and stay.",
                taken,
            )
            % {"count": taken},
        )
    except Refusal as refusal:
        say_refusal(request, refusal)
    return go(request, _address("import", import_id))


@console_page(KIND, permission=Permission.SUPPLY_MANAGE)
def progress(request: ConsoleRequest, import_id: UUID) -> HttpResponse:
    """Return the progress bar; once the import has ended, the whole page comes instead."""
    sheet_import = supply_imports.find(request.acting.organisation.id, import_id)
    if sheet_import.state != "applying":
        return HttpResponse(status=204, headers={"HX-Redirect": _address("import", import_id)})
    return page(request, "supplier/imports/progress.html", {"import": sheet_import})


@console_page(KIND, permission=Permission.SUPPLY_MANAGE)
def refused_rows(request: ConsoleRequest, import_id: UUID) -> HttpResponse:
    """Give back the rows that did not go in; a file that holds codes asks for a second factor first."""
    sheet_import = supply_imports.find(request.acting.organisation.id, import_id)
    view = second_factor_required(_send_refused) if sheet_import.kind == "codes" else _send_refused
    response: HttpResponse = view(request, sheet_import)
    return response


def _send_refused(request: ConsoleRequest, sheet_import: SheetImport) -> HttpResponse:
    content, name = refused.refused_file(sheet_import, language=get_language() or "zh")
    audit.record(
        "import.give_back",
        actor=actor_of(request),
        at=timezone.now(),
        organisation=sheet_import.organisation_id,
        object_kind="import",
        object_id=str(sheet_import.id),
    )
    kind = (
        "text/csv"
        if name.endswith(".csv")
        else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    response = HttpResponse(content, content_type=kind)
    response.headers["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=name) or "attachment"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


patterns = [
    path("imports/", imports, name="imports"),
    path("imports/<uuid:import_id>/", show, name="import"),
    path("imports/<uuid:import_id>/columns/", choose_columns, name="import_columns"),
    path("imports/<uuid:import_id>/apply/", apply, name="import_apply"),
    path("imports/<uuid:import_id>/cancel/", cancel, name="import_cancel"),
    path("imports/<uuid:import_id>/progress/", progress, name="import_progress"),
    path("imports/<uuid:import_id>/refused/", refused_rows, name="import_refused"),
]
