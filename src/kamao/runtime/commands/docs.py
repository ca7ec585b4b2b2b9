"""`./kamao docs`: write the generated reference anew."""

import argparse
import tempfile
from pathlib import Path

from kamao.runtime import tools
from kamao.runtime.home import Home
from kamao.runtime.secret_key import make_secret_key

HELP = "write docs/reference anew from the code"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing of its own."""


def run(args: argparse.Namespace) -> int:
    """Write; needs no node, only a home for the settings."""
    with tempfile.TemporaryDirectory(prefix="kamao-docs-") as folder:
        home = Home(Path(folder))
        home.make()
        make_secret_key(home)
        return tools.python(["-m", "kamao.runtime.reference"], extra={"KAMAO_HOME": folder})
