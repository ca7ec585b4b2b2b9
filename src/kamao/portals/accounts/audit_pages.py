"""The audit trail of one's organisation, to read, filter and export.

Refuses other organisations' entries; shows who by name where the person still is known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _

from kamao.business.identity.models import AuditEntry, User
from kamao.business.identity.permissions import Permission
from kamao.portals.accounts.exports import Column, export, wants_export
from kamao.portals.accounts.pages import ConsoleRequest, console_page, page, second_factor_required

PAGE_SIZE = 50
EXPORT_MAX = 50_000


@console_page(permission=Permission.AUDIT_READ)
def trail(request: ConsoleRequest) -> HttpResponse:
    """List entries, newest first."""
    rows = _filtered(request)
    if wants_export(request):
        return _export(request)
    found = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "entries": named(found.object_list),
        "page_of": found,
        "query": request.GET.get("q", ""),
        "page_help": _(
            "Every sensitive act: who, what, when and from where. Nobody can change or delete an entry."
        ),
    }
    return page(request, "accounts/audit.html", context)


@second_factor_required
def _export(request: ConsoleRequest) -> HttpResponse:
    request.acting.require(Permission.EXPORT)
    columns = [
        Column(_("At"), "at"),
        Column(_("Who"), "who"),
        Column(_("Act"), "act"),
        Column(_("Object"), "object"),
        Column(_("Address"), "address"),
        Column(_("Details"), "details"),
    ]
    rows = named(_filtered(request)[:EXPORT_MAX])
    return export(request, name="audit", columns=columns, rows=rows)


def _filtered(request: ConsoleRequest) -> QuerySet[AuditEntry]:
    rows = AuditEntry.objects.filter(organisation_id=request.acting.organisation.id).order_by("-id")
    query = request.GET.get("q", "").strip()
    if query:
        matches = rows.filter(act__icontains=query) | rows.filter(object_id=query)
        person = User.objects.filter(email=query.lower()).first()
        rows = matches | rows.filter(user_id=person.id) if person else matches
    return rows


def named(entries: Iterable[AuditEntry]) -> list[dict[str, Any]]:
    """Return entries as rows with people's addresses instead of ids."""
    held = list(entries)
    ids: set[UUID] = {entry.user_id for entry in held if entry.user_id}
    people = dict(User.objects.filter(pk__in=ids).values_list("pk", "email"))
    return [
        {
            "at": entry.at,
            "who": people.get(entry.user_id, "") if entry.user_id else _("the node"),
            "act": entry.act,
            "object": f"{entry.object_kind} {entry.object_id}".strip(),
            "address": entry.address or "",
            "details": " · ".join(f"{name}: {value}" for name, value in entry.details.items()),
        }
        for entry in held
    ]


__all__ = ["named", "trail"]
