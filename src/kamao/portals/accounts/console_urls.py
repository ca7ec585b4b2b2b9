"""Pages that every console has under its own address: members and the audit trail."""

from django.urls import URLPattern, path

from kamao.portals.accounts import audit_pages, members


def console_patterns(kind: str) -> list[URLPattern]:
    """Return the shared pages for the console of a kind of organisation; names live in that console's
    namespace.
    """
    only = {"kind": kind}
    return [
        path("members/", members.members, only, name="members"),
        path("members/invite/", members.invite, only, name="member_invite"),
        path("members/<uuid:user_id>/", members.change, only, name="member_change"),
        path("invitations/<uuid:invitation_id>/revoke/", members.revoke, only, name="invitation_revoke"),
        path("audit/", audit_pages.trail, only, name="audit"),
    ]
