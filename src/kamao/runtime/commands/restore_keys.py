"""`./kamao restore-keys`: bring a node's keys back from their sealed bundle."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from kamao.runtime.home import Home, write_private
from kamao.runtime.key_bundle import PASSPHRASE_LETTERS_MIN, BundleUnreadable, open_bundle
from kamao.runtime.passphrases import NoPassphrase, read_passphrase

HELP = "bring the node's keys back from a file that backup-keys wrote"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """From where."""
    parser.add_argument("file", type=Path, help="the bundle to read")
    parser.add_argument("--passphrase-file", type=Path, help="read the passphrase from this file")
    parser.add_argument(
        "--replace", action="store_true", help="keep other keys that are here under another name"
    )


def run(args: argparse.Namespace) -> int:
    """Open the bundle and put the keys in their place; keys that are here are never lost."""
    home = Home(args.home)
    try:
        passphrase = read_passphrase(args.passphrase_file, repeat=False, letters_min=PASSPHRASE_LETTERS_MIN)
        files = open_bundle(args.file.read_bytes(), passphrase=passphrase)
    except (NoPassphrase, BundleUnreadable) as error:
        print(f"kamao: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"kamao: {args.file} cannot be read: {error.strerror}.", file=sys.stderr)
        return 1
    home.make()
    places = {name: home.keys / name for name in files if Path(name).name == name}
    other = [path for name, path in places.items() if path.exists() and path.read_bytes() != files[name]]
    if other and not args.replace:
        names = ", ".join(path.name for path in other)
        print(f"kamao: other keys are here ({names}); add --replace to put them aside.", file=sys.stderr)
        return 1
    for path in other:
        path.rename(path.with_name(f"{path.name}.replaced-{datetime.now(UTC):%Y%m%d%H%M%S}"))
    for name, path in places.items():
        write_private(path, files[name])
    print(f"kamao: the keys are in {home.keys}.")
    return 0
