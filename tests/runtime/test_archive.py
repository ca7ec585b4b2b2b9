"""Backup, loss of everything, restore: sealed text opens again with the keys, and with nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from kamao.kernel.sealing import Keyring
from kamao.runtime import database as addresses
from kamao.runtime import prepare
from kamao.runtime.home import CHECKOUT, Home
from kamao.runtime.key_bundle import BundleUnreadable, open_bundle, seal
from kamao.runtime.offline import running_database
from kamao.runtime.secret_key import make_secret_key

pytestmark = [pytest.mark.node, pytest.mark.timeout(240)]
PLACE = UUID("01900000-0000-7000-8000-000000000001")
SECRET = "一张卡密 8888-0001"
PASSPHRASE = "correct horse battery"


def environment(home: Home) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("KAMAO_", "DJANGO_"))}
    return {
        **own,
        "PYTHONPATH": str(CHECKOUT / "src"),
        "KAMAO_HOME": str(home.root),
        "KAMAO_PASSPHRASE": PASSPHRASE,
    }


def run(home: Home, module: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )


def command(home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    return run(home, "kamao.runtime.cli", *words, "--home", str(home.root))


@pytest.fixture
def homes() -> tuple[Home, Home]:
    """Two homes: the one that is lost, and the one that is restored into."""
    base = Path(os.environ["KAMAO_HOME"]) / "archive"
    return Home(base / "lost"), Home(base / "restored")


def test_everything_comes_back_from_backup_and_bundle(
    homes: tuple[Home, Home], monkeypatch: pytest.MonkeyPatch
):
    lost, restored = homes
    lost.make()
    make_secret_key(lost)
    with running_database(lost, make=True):
        done = run(lost, "kamao.runtime.prepare")
        assert (done.returncode, done.stderr) == (0, "")
        ring = Keyring.load(lost.key_file)
        sealed = ring.seal_text(PLACE, SECRET)
        (lost.keys / "another.key").write_bytes(b"made by another part of the node")
        with prepare.connect(addresses.embedded_address(lost), role=addresses.OWNER_ROLE) as connection:
            connection.execute("CREATE TABLE kept (sealed bytea)")
            connection.execute("INSERT INTO kept VALUES (%s)", (sealed,))
    archive, bundle = lost.root.parent / "node.dump", lost.root.parent / "keys.bundle"
    assert command(lost, "backup", str(archive)).returncode == 0
    assert command(lost, "backup-keys", str(bundle)).returncode == 0
    secret = next(iter(json.loads(lost.key_file.read_text())["sealing_keys"].values()))
    for file in (archive, bundle):
        assert secret.encode() not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0
    again = command(lost, "backup", str(archive))
    assert (again.returncode, "exists already" in again.stderr) == (1, True)

    done = command(restored, "restore", str(archive))
    assert done.returncode == 0, done.stderr
    assert "restore-keys" in done.stdout
    assert command(restored, "restore", str(archive)).returncode == 1, "data is never replaced unasked"
    make_secret_key(restored)
    with running_database(restored):
        refused = run(restored, "kamao.runtime.prepare")
        assert refused.returncode == 1
        assert "the key file" in refused.stderr
        assert not restored.key_file.exists()
    assert command(restored, "restore-keys", str(bundle), "--replace").returncode == 0
    assert {name: path.read_bytes() for name, path in restored.key_files().items()} == {
        name: path.read_bytes() for name, path in lost.key_files().items()
    }
    assert len(lost.key_files()) == 3
    with running_database(restored):
        assert run(restored, "kamao.runtime.prepare").returncode == 0
        with prepare.connect(addresses.embedded_address(restored), role=addresses.OWNER_ROLE) as connection:
            row = connection.execute("SELECT sealed FROM kept").fetchone()
    assert row is not None
    assert Keyring.load(restored.key_file).open_text(PLACE, row[0]) == SECRET
    books = command(restored, "books")
    assert books.returncode == 0, books.stdout + books.stderr
    assert books.stdout.splitlines()[0].startswith("cell0: clean (")

    with running_database(restored) as admin, prepare.connect(admin, role=None) as connection:
        connection.execute(
            "INSERT INTO cell0.trade_reference VALUES (%s, 'lost order', %s, '')", (PLACE, PLACE)
        )
    books = command(restored, "books", "--cell", "cell0")
    assert books.returncode == 1
    assert (
        f"order_references: {PLACE}: expected one reference and one order, found lost order" in books.stdout
    )
    healthy = command(restored, "doctor", "--port", "0")
    assert "WRONG" not in healthy.stdout, healthy.stdout


def test_without_a_node_there_is_nothing_to_check(homes: tuple[Home, Home]):
    nothing = command(Home(homes[0].root.parent / "empty"), "books")
    assert (nothing.returncode, "there is no node" in nothing.stderr) == (2, True)


def test_a_bundle_opens_with_its_passphrase_alone():
    bundle = seal({"keyring.json": b"secret"}, passphrase=PASSPHRASE)
    assert b"secret" not in bundle
    assert open_bundle(bundle, passphrase=PASSPHRASE) == {"keyring.json": b"secret"}
    with pytest.raises(BundleUnreadable, match="passphrase is wrong"):
        open_bundle(bundle, passphrase=PASSPHRASE + "!")
    with pytest.raises(BundleUnreadable, match="not a bundle"):
        open_bundle(b"{}", passphrase=PASSPHRASE)
