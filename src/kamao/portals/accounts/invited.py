"""The invitation a visitor came with, kept in the session between the link, the sign-in and the answer.

Refuses to keep the token: the session holds the invitation's id, and an ended one counts as none.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from django.utils import timezone

from kamao.business.identity.models import Invitation

_SESSION_KEY: Final = "invitation"


def remember_invitation(request: HttpRequest, *, invitation: Invitation) -> None:
    """Keep the invitation for this visitor until it is accepted or ends."""
    request.session[_SESSION_KEY] = str(invitation.id)


def pending_invitation(request: HttpRequest) -> Invitation | None:
    """Return the open invitation that this visitor showed, or None."""
    held = request.session.get(_SESSION_KEY)
    if held is None:
        return None
    row = Invitation.objects.select_related("organisation", "invited_by").filter(pk=held).first()
    return row if row is not None and row.is_open(timezone.now()) else None


def forget_invitation(request: HttpRequest) -> None:
    """Drop it once answered."""
    request.session.pop(_SESSION_KEY, None)
