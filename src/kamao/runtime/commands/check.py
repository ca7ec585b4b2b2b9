"""`./kamao check`: every linter; exit code 1 when any of them finds something."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from kamao.runtime import tools
from kamao.runtime.home import Home
from kamao.runtime.secret_key import make_secret_key

HELP = "run every linter: ruff, mypy, import-linter, tidy, freshness of the reference"

STEPS: tuple[tuple[str, str, list[str]], ...] = (
    ("ruff", "", ["-m", "ruff", "check", "--quiet", "."]),
    ("import-linter", "lint-imports", ["--no-cache"]),
    ("tidy", "", ["-m", "tools.tidy"]),
    ("reference", "", ["-m", "kamao.runtime.reference", "--check"]),
    ("mypy", "mypy", []),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing but the steps to run."""
    parser.add_argument("steps", nargs="*", help=f"only these: {', '.join(step[0] for step in STEPS)}")


def run(args: argparse.Namespace) -> int:
    """Run the steps one after another and tell how each went."""
    unknown = set(args.steps) - {step[0] for step in STEPS}
    if unknown:
        print(f"kamao: there is no step {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    # Mypy's Django plugin imports the settings, and settings belong to a home.
    with tempfile.TemporaryDirectory(prefix="kamao-check-") as folder:
        home = Home(Path(folder))
        home.make()
        make_secret_key(home)
        steps = [step for step in STEPS if not args.steps or step[0] in args.steps]
        return 1 if sum([_failed(step, home) for step in steps]) else 0


def _failed(step: tuple[str, str, list[str]], home: Home) -> bool:
    name, program, arguments = step
    began = time.monotonic()
    extra = {"KAMAO_HOME": str(home.root)}
    code = tools.script(program, arguments, extra=extra) if program else tools.python(arguments, extra=extra)
    print(f"check: {name}: {'ok' if code == 0 else 'FAILED'} ({time.monotonic() - began:.1f} s)", flush=True)
    return code != 0
