"""The loop that tells buyers when something is back, and forgets old attempts."""

from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db import close_old_connections

from kamao.business.catalog.models import Sku
from kamao.business.compliance import sms
from kamao.business.shops.attempts import forget_attempts
from kamao.business.shops.models import Shop
from kamao.business.shops.wishes import News, tell_wishes
from kamao.kernel.ids import new_uuid7
from kamao.kernel.sealing import Keyring
from kamao.worker.context import WorkerContext

PAUSE_S = 30.0
FORGET_PAUSE_S = 3_600.0


def tell_restocked(context: WorkerContext) -> int:
    """One round of messages; returns how many were sent."""
    close_old_connections()
    at = context.clock.now()
    try:
        return tell_wishes(lambda news: _send(news, keyring=context.keyring, at=at), at=at, link=_link)
    finally:
        close_old_connections()


def forget_old_attempts(context: WorkerContext) -> int:
    """Forget windows that ended; returns 0, so that the loop pauses."""
    close_old_connections()
    try:
        forget_attempts(before=context.clock.now())
        return 0
    finally:
        close_old_connections()


def _send(news: News, *, keyring: Keyring, at: datetime) -> None:
    if news.contact.kind == "phone":
        message = sms.TextMessage(news.contact.value, news.text, new_uuid7())
        sms.sender(keyring=keyring).send(message, at=at)
        return
    subject = news.text.partition("：" if news.language.startswith("zh") else ":")[0]
    send_mail(subject[:120], news.text, None, [news.contact.value])


def _link(shop: Shop, sku: str) -> str:
    """The address of a SKU's product in its shop."""
    base = str(settings.KAMAO_BASE_URL).rstrip("/")
    product = Sku.objects.values_list("product__slug", flat=True).get(code=sku)
    return f"{base}/s/{shop.slug}/p/{product}/?sku={sku}"
