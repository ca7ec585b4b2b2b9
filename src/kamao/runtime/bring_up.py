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
from kamao.runtime.home import Home, default_home
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


def _already_prepared(home: Home) -> bool:
    """Whether this build has prepared this database, and nothing has changed since."""
    mark = read_mark(home)
    if mark.get("build") != build_fingerprint() or not (home.static / "staticfiles.json").exists():
        return False
    facts = _facts(home)
    return facts is not None and facts["migrations"] == mark.get("migrations")


def _demo_is_loaded(home: Home) -> bool:
    """Whether this build has loaded the demo for this start's addresses: they are part of what it loads."""
    if read_mark(home).get("demo") != [build_fingerprint(), *_addresses()]:
        return False
    return home.demo_file.exists()


def _addresses() -> list[str]:
    return [os.environ["KAMAO_BASE_URL"], os.environ.get("KAMAO_SANDBOX_BANK_URL", "")]


def _run(module: str) -> int:
    return subprocess.run([sys.executable, "-m", module], stdin=subprocess.DEVNULL, check=False).returncode


def main() -> int:
    """Return 0 when the processes may start."""
    die_with_parent()
    home = Home(default_home())
    demo = os.environ.get("KAMAO_DEMO") == "1"
    external = bool(os.environ.get("KAMAO_DATABASE_URL"))
    steps = []
    if external or not _already_prepared(home):
        steps.append("kamao.runtime.prepare")
    if demo and (steps or not _demo_is_loaded(home)):
        steps.append("kamao.runtime.load_demo")
    for module in steps:
        code = _run(module)
        if code != 0:
            return code
    facts = None if external or not steps else _facts(home)
    if facts is not None:
        write_mark(home, demo=[build_fingerprint(), *_addresses()] if demo else None, **facts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
