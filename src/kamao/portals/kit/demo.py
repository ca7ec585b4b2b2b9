"""The demo's doors: which accounts and shop the start page may open, read from ``demo.json`` in the node's
home.

Refuses everything when the node was not started with ``--demo``: no file, no doors.
"""

import json
from pathlib import Path
from typing import Final, NamedTuple

from django.conf import settings

ROLES: Final = ("operator", "supplier", "merchant")
HOME_URLS: Final = {"operator": "/operator/", "supplier": "/supplier/", "merchant": "/merchant/"}


class Demo(NamedTuple):
    """E-mail of the account behind each door, and the path of the demo shop ("" where there is none)."""

    emails: dict[str, str]
    shop_path: str


def read_demo() -> Demo | None:
    """Return the demo's doors, or None when this node is no demo."""
    path = Path(settings.KAMAO_HOME) / "demo.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    emails: dict[str, str] = {}
    for user in data.get("users", []):
        emails.setdefault(user["role"], user["email"])
    shop_path = str(data.get("shop_path") or data.get("shop_url") or "")
    if "://" in shop_path:
        shop_path = "/" + shop_path.split("://", 1)[1].partition("/")[2]
    return Demo({role: emails[role] for role in ROLES if role in emails}, shop_path)
