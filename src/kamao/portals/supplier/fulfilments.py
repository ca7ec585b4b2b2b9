"""Fulfilments by hand: what waits, with its account, and the supplier's answer.

Refuses another supplier's work (404) and whole accounts to roles without `targets.read`. An answer is final:
a second, different one changes nothing.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kamao.business.engine_tools import tools_for
from kamao.business.identity import audit
from kamao.business.identity.permissions import Permission, mask_target
from kamao.business.keyring import node_keyring
from kamao.engine.trade.fulfilment import answer, open_fulfilments, open_target
from kamao.engine.trade.types import FulfilmentAnswer, FulfilmentView, Receipt
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import decode, encode
from kamao.kernel.limits import CODE_TEXT_MAX
from kamao.portals.accounts.acting import actor_of
from kamao.portals.accounts.pages import ConsoleRequest, console_page, page, say, say_refusal
from kamao.portals.accounts.reading import reading
from kamao.portals.supplier.home import KIND

PAGE_SIZE: Final = 50
_REASON_MAX: Final = 200


@console_page(KIND, permission=Permission.FULFIL)
def fulfilments(request: ConsoleRequest) -> HttpResponse:
    """List what waits, oldest first."""
    after = decode("ful", request.GET.get("after", ""))
    with reading(request) as connection:
        found = open_fulfilments(connection, request.acting.organisation.id, limit=PAGE_SIZE + 1, after=after)
    context = {
        "rows": [_line(request, view) for view in found[:PAGE_SIZE]],
        "later": encode("ful", found[PAGE_SIZE - 1].id) if len(found) > PAGE_SIZE else "",
        "page_help": _(
            "Orders of goods without stock here. Say what you delivered, one line per unit; "
            "fewer lines refund the rest."
        ),
    }
    return page(request, "supplier/fulfilments.html", context)


def _line(request: ConsoleRequest, view: FulfilmentView) -> dict[str, Any]:
    content = open_target(node_keyring(), view)
    target = msgspec.json.decode(content) if content else {}
    shown = {str(name): str(value) for name, value in target.items()} if isinstance(target, dict) else {}
    if not request.acting.sees_targets:
        shown = {name: mask_target(value) for name, value in shown.items()}
    return {
        "view": view,
        "number": encode("ful", view.id),
        "order": encode("ord", view.order),
        "target": shown,
    }


@require_POST
@console_page(KIND, permission=Permission.FULFIL)
def respond(request: ConsoleRequest, fulfilment_id: str) -> HttpResponse:
    """Take the answer: receipts line by line, or a failure with its reason."""
    back = HttpResponseRedirect(reverse("supplier:fulfilments"))
    try:
        given = _answer_of(request, fulfilment_id)
        outcome = _take(request, fulfilment_id, given)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        say_refusal(request, refusal)
        return back
    words = {
        "done": _("Noted. The merchant hears of it now."),
        "repeated": _("This answer was given before; nothing changed."),
    }
    say(request, words[outcome])
    return back


def _answer_of(request: ConsoleRequest, fulfilment_id: str) -> FulfilmentAnswer:
    attempt = decode("ful", fulfilment_id)
    if attempt is None:
        raise Refusal("not_found")
    supplier = request.acting.organisation.id
    if "fail" in request.POST:
        reason = request.POST.get("reason", "").strip()[:_REASON_MAX]
        if not reason:
            raise Refusal("invalid", zh="请填写无法供货的原因。", en="Say why it cannot be supplied.")
        return FulfilmentAnswer(attempt=attempt, supplier=supplier, failure=reason)
    lines = [line.strip() for line in request.POST.get("receipts", "").splitlines() if line.strip()]
    if not lines or max(len(line) for line in lines) > CODE_TEXT_MAX:
        raise Refusal("invalid", zh="请每件填写一行凭证。", en="Give one line per delivered unit.")
    return FulfilmentAnswer(
        attempt=attempt, supplier=supplier, receipts=tuple(Receipt(line) for line in lines)
    )


def _take(request: ConsoleRequest, fulfilment_id: str, given: FulfilmentAnswer) -> str:
    now = timezone.now()
    with reading(request) as connection:
        change = answer(connection, [given], at=now, tools=tools_for(request.acting.cell))[0]
        if change.outcome == "fulfilment_not_found":
            raise Refusal("not_found")
        if change.outcome == "invalid":
            raise Refusal(
                "invalid", zh="凭证行数超过订购数量。", en="There are more lines than units ordered."
            )
        if change.outcome not in {"done", "repeated"}:
            raise Refusal(
                "forbidden",
                zh="此任务已有其他结果，不能更改。",
                en="This was answered otherwise before and cannot change.",
            )
        if change.outcome == "done":
            audit.record(
                "fulfilment.answer",
                actor=actor_of(request),
                at=now,
                organisation=request.acting.organisation.id,
                object_kind="fulfilment",
                object_id=fulfilment_id,
                details={"failed": given.failure is not None, "units": len(given.receipts)},
            )
    return change.outcome


patterns = [
    path("fulfilments/", fulfilments, name="fulfilments"),
    path("fulfilments/<slug:fulfilment_id>/", respond, name="fulfilment_answer"),
]
