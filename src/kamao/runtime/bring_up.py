"""The step between the database and the processes: makes sure that the database is what this build needs.

Owns the short cut: when this very build has prepared this very database before, it only looks at the keys and
goes on. Otherwise it runs `kamao.runtime.prepare`, and for a demo `kamao.runtime.load_demo`, as processes of
their own.
"""

import json
import os
import subprocess
import sys

import psycopg

from kamao.runtime.database import APP_ROLE, connection_parameters, embedded_address
from kamao.runtime.home import Home, default_home, write_private
from kamao.runtime.prepared import build_fingerprint, read_mark, write_mark
from kamao.runtime.processes import die_with_parent

_COUNT = "SELECT count(*) FROM django_migrations"


def _key_ids(home: Home) -> set[str]:
    """Ids of the keys in the file, by its form alone (kernel.sealing); empty when there is no usable file."""
    try:
        content = json.loads(home.key_file.read_text())
        return {*content["sealing_keys"], f"index:{content['index_current']}"}
    except (FileNotFoundError, json.JSONDecodeError, KeyError):
        return set()


def _facts(home: Home) -> dict[str, object] | None:
    """What the database says about itself now; None when it must be prepared."""
    parameters = connection_parameters(embedded_address(home), role=APP_ROLE, application="kamao-bring-up")
    try:
        with psycopg.connect(**parameters, autocommit=True) as connection:  # type: ignore[arg-type]
            row = connection.execute(_COUNT).fetchone()
            needed = {
                str(key) for (key,) in connection.execute("SELECT key_id FROM worker_sealing_key").fetchall()
            }
    except psycopg.Error:
        return None
    if row is None or not needed or not needed <= _key_ids(home):
        return None
    return {"migrations": row[0]}


def _already_prepared(home: Home, *, demo: bool) -> bool:
    mark = read_mark(home)
    if mark.get("build") != build_fingerprint() or (
        demo and not (mark.get("demo") and home.demo_file.exists())
    ):
        return False
    if not (home.static / "staticfiles.json").exists():
        return False
    facts = _facts(home)
    return facts is not None and facts["migrations"] == mark.get("migrations")


def _run(module: str) -> int:
    return subprocess.run([sys.executable, "-m", module], stdin=subprocess.DEVNULL, check=False).returncode


def _tell_address(home: Home, base_url: str) -> None:
    """The demo's file names the address of this start."""
    content = json.loads(home.demo_file.read_text())
    bank = {**content.get("sandbox_bank", {}), "base_url": os.environ.get("KAMAO_SANDBOX_BANK_URL", "")}
    if (content.get("base_url"), content.get("sandbox_bank")) != (base_url, bank):
        content["base_url"], content["sandbox_bank"] = base_url, bank
        write_private(home.demo_file, json.dumps(content, ensure_ascii=False, indent=2).encode())


def main() -> int:
    """Return 0 when the processes may start."""
    die_with_parent()
    home = Home(default_home())
    demo = os.environ.get("KAMAO_DEMO") == "1"
    external = bool(os.environ.get("KAMAO_DATABASE_URL"))
    if not external and _already_prepared(home, demo=demo):
        if demo:
            _tell_address(home, os.environ["KAMAO_BASE_URL"])
        return 0
    for module in ("kamao.runtime.prepare", *(["kamao.runtime.load_demo"] if demo else [])):
        code = _run(module)
        if code != 0:
            return code
    facts = None if external else _facts(home)
    if facts is not None:
        write_mark(home, demo=demo, **facts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
