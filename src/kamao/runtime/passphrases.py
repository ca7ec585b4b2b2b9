"""How a command gets a passphrase: from a file, from KAMAO_PASSPHRASE, or typed by a person.

Never from the command line, which every user of the machine can read.
"""

import getpass
import os
import sys
from pathlib import Path


class NoPassphrase(Exception):
    """There is no usable passphrase; the message says what the person can do."""


def read_passphrase(file: Path | None, *, repeat: bool, letters_min: int) -> str:
    """The passphrase. Asked twice with `repeat`. Raises NoPassphrase when it is missing, too short or
    mistyped.
    """
    if file is not None:
        passphrase = file.read_text().strip()
    elif os.environ.get("KAMAO_PASSPHRASE"):
        passphrase = os.environ["KAMAO_PASSPHRASE"]
    elif sys.stdin.isatty():
        passphrase = getpass.getpass("Passphrase: ")
        if repeat and getpass.getpass("Once more: ") != passphrase:
            raise NoPassphrase("the two passphrases differ.")
    else:
        raise NoPassphrase(
            "name a file with --passphrase-file, set KAMAO_PASSPHRASE, or run this on a terminal."
        )
    if len(passphrase) < letters_min:
        raise NoPassphrase(f"the passphrase needs {letters_min} letters or more.")
    return passphrase
