"""Runs the developers' tools as child processes with the environment's own interpreter.

Used by `./kamao check` and `./kamao test`. Owns nothing of what they decide.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from kamao.runtime.home import CHECKOUT


def python(arguments: Sequence[str], *, extra: dict[str, str] | None = None) -> int:
    """Run the environment's Python from the checkout's root; returns the exit code."""
    sys.stdout.flush()
    environment = {**os.environ, "PYTHONPATH": f"{CHECKOUT / 'src'}{os.pathsep}{CHECKOUT}", **(extra or {})}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=CHECKOUT, env=environment, stdin=subprocess.DEVNULL, check=False
    ).returncode


def script(name: str, arguments: Sequence[str] = (), *, extra: dict[str, str] | None = None) -> int:
    """Run a script that a package installed beside the interpreter."""
    return python([str(Path(sys.executable).parent / name), *arguments], extra=extra)
