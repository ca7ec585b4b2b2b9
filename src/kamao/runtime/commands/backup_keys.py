"""`./kamao backup-keys`: the node's keys in one file sealed with a passphrase."""

import argparse
import sys
from pathlib import Path

from kamao.runtime.home import Home, write_private
from kamao.runtime.key_bundle import PASSPHRASE_LETTERS_MIN, seal
from kamao.runtime.passphrases import NoPassphrase, read_passphrase

HELP = "write the node's keys into a file sealed with a passphrase"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, and where the passphrase comes from."""
    parser.add_argument("file", type=Path, help="the bundle to write")
    parser.add_argument("--passphrase-file", type=Path, help="read the passphrase from this file")


def run(args: argparse.Namespace) -> int:
    """Seal and write."""
    home = Home(args.home)
    if not home.key_file.exists():
        print(f"kamao: {home.root} has no keys yet.", file=sys.stderr)
        return 1
    if args.file.exists():
        print(f"kamao: {args.file} exists already; name another file.", file=sys.stderr)
        return 1
    try:
        passphrase = read_passphrase(args.passphrase_file, repeat=True, letters_min=PASSPHRASE_LETTERS_MIN)
    except NoPassphrase as error:
        print(f"kamao: {error}", file=sys.stderr)
        return 1
    files = {name: path.read_bytes() for name, path in home.key_files().items()}
    write_private(args.file.absolute(), seal(files, passphrase=passphrase))
    print(f"kamao: {args.file}. Keep it apart from the backups, and the passphrase apart from both.")
    return 0
