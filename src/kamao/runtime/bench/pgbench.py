"""The reference: PostgreSQL 18's own pgbench (TPC-B, scale 100, prepared) on the node's server with its
settings.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from kamao.runtime import postgres
from kamao.runtime.database import DATABASE_NAME, PORT
from kamao.runtime.home import Home

DATABASE = "bench_reference"
SCALE = 100
CLIENTS = 32
_WAL_FILES = 128


def _run(program: str, arguments: list[str], *, home: Home, cwd: str | None = None) -> str:
    command = [
        str(postgres.programs() / program),
        "-h",
        str(home.sockets),
        "-p",
        str(PORT),
        "-U",
        postgres.SUPERUSER,
        *arguments,
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=cwd, timeout=600)
    return done.stdout + done.stderr


def grow_wal(home: Home) -> None:
    """Give a fresh server the WAL files that one in use for a day has.

    A server makes new files of 16 MB as it goes, zeroed and synchronised while every commit waits (30 to 70
    ms each); after its first checkpoints it renames old ones instead. Both sides of a measure gain.
    """
    step = "SELECT pg_logical_emit_message(false, 'bench', ''); SELECT pg_switch_wal();"
    # Twice, because the server keeps as many files as lay between its last two checkpoints.
    steps = ["-c", step] * _WAL_FILES
    for _ in range(2):
        _run("psql", ["-X", "-q", "-d", "postgres", *steps, "-c", "CHECKPOINT"], home=home)


def prepare(home: Home) -> None:
    """Make the reference database at scale 100 (about 1.5 GB)."""
    _run("createdb", [DATABASE], home=home)
    _run("pgbench", ["-i", "-q", "-s", str(SCALE), DATABASE], home=home)


def vacuum(home: Home) -> None:
    """Do at once what autovacuum would do within a minute after so many rows came at once."""
    _run("psql", ["-X", "-q", "-d", DATABASE_NAME, "-c", "VACUUM (ANALYZE)"], home=home)


def drop(home: Home) -> None:
    """Remove the reference database."""
    _run("dropdb", ["--if-exists", "--force", DATABASE], home=home)


def tps(home: Home, *, seconds: int) -> float:
    """Return transactions per second with 32 clients and prepared statements."""
    arguments = ["-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), "-n", DATABASE]
    return _tps(_run("pgbench", arguments, home=home))


def _tps(output: str) -> float:
    found = re.search(r"tps = ([\d.]+)", output)
    if found is None:
        raise RuntimeError("pgbench did not tell its rate")
    return float(found.group(1))


def p99_ms_at(home: Home, *, rate: float, seconds: int) -> float:
    """Return the p99 latency at a fixed rate, counted from the scheduled start as pgbench logs it."""
    with tempfile.TemporaryDirectory(prefix="kamao-pgbench-") as folder:
        arguments = [
            "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), "-n",
            "-R", f"{rate:.0f}", "-l", "--log-prefix", "latency", DATABASE,
        ]  # fmt: skip
        _run("pgbench", arguments, home=home, cwd=folder)
        latencies = sorted(
            int(line.split()[2])
            for file in Path(folder).glob("latency*")
            for line in file.open(encoding="ascii")
        )
    return latencies[int(len(latencies) * 0.99)] / 1000


def sync_speed(home: Home) -> str:
    """Return pg_test_fsync's line for fdatasync on the node's disk: how fast this disk makes things
    durable.
    """
    file = home.root / "fsync-probe"
    command = [str(postgres.programs() / "pg_test_fsync"), "-s", "1", "-f", str(file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    file.unlink(missing_ok=True)
    line = next(
        (line for line in done.stdout.splitlines() if line.strip().startswith("fdatasync")), "unknown"
    )
    return " ".join(line.split())
