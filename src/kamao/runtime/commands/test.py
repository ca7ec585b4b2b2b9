"""`./kamao test`: the whole suite, with what it needs from the machine brought or asked for first."""

import argparse
import os
import shutil
import subprocess
import sys

from kamao.runtime import tools

HELP = "run the tests (all, or those named: paths and pytest's own options are passed on)"
PASSES_ON = True
"""Words that are not ours go to pytest, in their order."""
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything else goes to pytest."""
    parser.add_argument("--no-browser", action="store_true", help="leave out tests that need Chromium")


def browser() -> str | None:
    """Path of a Chromium on this machine."""
    return next((found for name in _BROWSERS if (found := shutil.which(name))), None)


def ensure_browser() -> bool:
    """Install Debian's Chromium when it is missing and we may; else say what to do."""
    if browser():
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("kamao: installing Chromium for the browser tests ...", file=sys.stderr, flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(
                ["apt-get", *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                check=False,
            )
        if browser():
            return True
    print(
        "kamao: the browser tests need Chromium: please install it (Debian: apt-get install chromium),"
        " or leave them out with --no-browser.",
        file=sys.stderr,
    )
    return False


def run(args: argparse.Namespace) -> int:
    """Run pytest; its exit code is ours."""
    chosen = [word for word in args.rest if word != "--"]
    if args.no_browser:
        chosen = ["-m", "not browser", *chosen]
    elif not ensure_browser():
        return 1
    extra = {"KAMAO_CHROMIUM": browser() or ""}
    return tools.python(["-m", "pytest", *chosen], extra=extra)
