"""The HTTP door for providers' notices. Owns reading the request and the plain answer; decides nothing."""

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kamao.business.payments.notices import BODY_BYTES_MAX, receive

_HEADER_BYTES_MAX: Final = 500


@csrf_exempt
@require_POST
def notify(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Answer 200 `success` once the notice is on disk; anything else makes the provider repeat it."""
    length = request.headers.get("Content-Length", "")
    if not length.isascii() or not length.isdigit() or int(length) > BODY_BYTES_MAX:
        return HttpResponse("fail", status=413, content_type="text/plain")
    headers = {name.lower(): value[:_HEADER_BYTES_MAX] for name, value in request.headers.items()}
    source = str(request.META.get("REMOTE_ADDR", ""))
    receipt = receive(account_id, headers=headers, body=request.body, source=source, at=timezone.now())
    text = "success" if receipt.status == 200 else "fail"
    return HttpResponse(text, status=receipt.status, content_type="text/plain")
