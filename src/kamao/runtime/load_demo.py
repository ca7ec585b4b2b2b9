"""Fills an empty node with the demo and writes `<home>/demo.json`; runs as a process of its own before the
web starts.

Owns the file: `base_url`, `users` (role, email, password), `api_keys` (merchant, supplier; live and test) and
`sandbox_bank` (base_url, control_token). What the demo consists of is `kamao.runtime.demo`; it is asked every
time and decides itself whether something is still missing.
"""

import json
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import django
import msgspec

from kamao.runtime.home import Home, default_home, write_private
from kamao.runtime.processes import die_with_parent


class DemoContext(msgspec.Struct, frozen=True):
    """What the demo is loaded into. `existing` is the content of an earlier demo.json, None at first."""

    home: Path
    base_url: str
    existing: dict[str, object] | None


def main() -> int:
    """Load the demo; 0 also when it was there already."""
    die_with_parent()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamao.runtime.django_settings")
    django.setup()
    home = Home(default_home())
    base_url = os.environ["KAMAO_BASE_URL"]
    existing = json.loads(home.demo_file.read_text()) if home.demo_file.exists() else None
    content: dict[str, object] = dict(existing or {"users": [], "api_keys": {}})
    bank_url = os.environ.get("KAMAO_SANDBOX_BANK_URL", "")
    if bank_url:
        enrol = import_module("kamao.runtime.sandbox").enrol_sandbox_bank
        token = enrol(home.root / "bank", base_url=bank_url)
        content["sandbox_bank"] = {"base_url": bank_url, "control_token": token}
    if find_spec("kamao.runtime.demo") is not None:
        told = import_module("kamao.runtime.demo").load(
            DemoContext(home=home.root, base_url=base_url, existing=existing)
        )
        content.update(told or {})
    content["base_url"] = base_url
    write_private(home.demo_file, json.dumps(content, ensure_ascii=False, indent=2).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
