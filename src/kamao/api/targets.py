"""Targets of top-ups checked against their SKU's form before an order is placed.

Owns a short-lived cache of forms. Refuses a target that the form refuses, with a pointer to the field; a SKU
without a form (or unknown) is left to the engine's answer.
"""

import asyncio
import time
from typing import Final

import msgspec
from django.db import close_old_connections

from kamao.api.services import Services
from kamao.business.catalog.models import Sku
from kamao.business.catalog.templates import form_of
from kamao.business.catalog.topup import Form, TargetCheck, TargetRules, check_target, parse_form
from kamao.kernel.errors import Refusal

_LIFE_S: Final = 30.0
_ENTRIES_MAX: Final = 20_000


class SkuForm(msgspec.Struct, frozen=True):
    """A SKU's top-up form with its own rules; ``form`` None where it has none."""

    form: Form | None
    rules: TargetRules


_NONE: Final = SkuForm(None, TargetRules())
_cache: dict[str, tuple[float, SkuForm]] = {}


def cached_form(code: str) -> SkuForm | None:
    """Return a form read within the last 30 s, None where the library must be asked."""
    entry = _cache.get(code)
    return entry[1] if entry is not None and entry[0] > time.monotonic() else None


def load_form(code: str) -> SkuForm:
    """Return a SKU's form from the cache or the library. Blocks on the database."""
    found = cached_form(code)
    if found is not None:
        return found
    row = Sku.objects.select_related("topup_form").filter(code=code).first()
    form = _NONE
    if row is not None and row.topup_form is not None:
        form = SkuForm(parse_form(form_of(row.topup_form)), msgspec.convert(row.target_rules, TargetRules))
    if len(_cache) >= _ENTRIES_MAX:
        _cache.clear()
    _cache[code] = (time.monotonic() + _LIFE_S, form)
    return form


def check(sku_form: SkuForm, target: dict[str, str]) -> TargetCheck | None:
    """Return the outcome of the form's check, None for a SKU without a form."""
    return None if sku_form.form is None else check_target(sku_form.form, target, rules=sku_form.rules)


def accepted_target(sku_form: SkuForm, target: dict[str, str], *, pointer: str = "") -> dict[str, str]:
    """Return the normalised target. Raises Refusal ``invalid`` with a pointer per wrong field."""
    outcome = check(sku_form, target)
    if outcome is None:
        return target
    if outcome.errors:
        raise Refusal(
            "invalid",
            pointers=tuple(
                (f"{pointer}/target/{error.field}", error.zh, error.en) for error in outcome.errors
            ),
        )
    return outcome.target


async def checked_target(
    services: Services, code: str, target: dict[str, str], *, pointer: str = ""
) -> dict[str, str]:
    """Return a target normalised by its SKU's form, reading the form in a thread where it is not cached."""
    form = cached_form(code)
    if form is None:
        form = await asyncio.get_running_loop().run_in_executor(services.threads, _load_in_thread, code)
    return accepted_target(form, target, pointer=pointer)


def _load_in_thread(code: str) -> SkuForm:
    close_old_connections()
    try:
        return load_form(code)
    finally:
        close_old_connections()
