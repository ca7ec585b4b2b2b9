"""The unprivileged account that PostgreSQL runs as when the node is started by root.

Owns finding or making that account, and knowing which folders it can enter. PostgreSQL itself refuses to run
as root.
"""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

SYSTEM_ACCOUNT = "kamao"


class NoAccount(Exception):
    """There is no unprivileged account and none can be made; the message says what the person can do."""


@dataclass(frozen=True)
class Account:
    """A user and group to run as; `drops` is false when the process already is that user."""

    uid: int
    gid: int
    drops: bool


def _lookup(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, drops=True)


def database_account() -> Account:
    """The account for PostgreSQL: ourselves, or for root the system account `kamao`, made when it is missing.

    Raises NoAccount on a system without useradd.
    """
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), drops=False)
    found = _lookup(SYSTEM_ACCOUNT)
    if found is not None:
        return found
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is not None:
        subprocess.run(
            [
                useradd,
                "--system",
                "--user-group",
                "--no-create-home",
                "--home-dir",
                "/nonexistent",
                "--shell",
                "/usr/sbin/nologin",
                SYSTEM_ACCOUNT,
            ],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
        found = _lookup(
            SYSTEM_ACCOUNT
        )  # two nodes may have made it at the same moment: what counts is that it exists
        if found is not None:
            return found
    raise NoAccount(
        "PostgreSQL refuses to run as root: please start Kamao as an ordinary user,"
        " or create a system user named 'kamao'."
    )


def can_enter(path: Path, account: Account) -> bool:
    """Whether the account may pass through every folder above `path` and enter it. (Mode bits only.)"""
    if not account.drops:
        return True
    real = path.resolve()
    return all(_passable(folder.stat(), account) for folder in (real, *real.parents))


def _passable(found: os.stat_result, account: Account) -> bool:
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)
