"""The generated part of the documentation: commands, settings, error codes, events, the API's description.

Owns `docs/reference`. Written by `./kamao docs`; `./kamao check` fails when a file there is not what the code
says.
"""

import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator

import django

import kamao
from kamao.kernel.errors import PROBLEMS
from kamao.runtime.cli import command_names, help_of, load_command, make_parser
from kamao.runtime.home import CHECKOUT
from kamao.runtime.settings_table import SETTINGS

FOLDER = CHECKOUT / "docs" / "reference"
_GENERATED = "<!-- Written by `./kamao docs`; do not edit. -->\n"


def commands() -> str:
    """Every command with its options."""
    os.environ["COLUMNS"] = "100"
    parts = [f"# Commands\n\n{_GENERATED}"]
    for name in command_names():
        text = make_parser(name, load_command(name)).format_help()
        parts.append(f"\n## {name}\n\n{help_of(name)}\n\n```\n{text.strip()}\n```\n")
    return "".join(parts)


def settings() -> str:
    """Every environment variable."""
    rows = [f"| `{one.name}` | {one.default} | {one.meaning} |\n" for one in SETTINGS]
    return (
        f"# Settings\n\n{_GENERATED}\n| variable | when not set | meaning |\n|---|---|---|\n{''.join(rows)}"
    )


def errors() -> str:
    """Every stable error code, with its status and text in both languages."""
    for module in pkgutil.walk_packages(kamao.__path__, "kamao."):
        if module.name.startswith(("kamao.kernel", "kamao.engine", "kamao.business", "kamao.api")):
            # Codes are registered where they are raised: each module is loaded once to hear of them.
            _load(module.name)
    rows = [
        f"| `{one.code}` | {one.status} | {one.title_en}. {one.detail_en} |"
        f" {one.title_zh}。{one.detail_zh} |\n"
        for one in sorted(PROBLEMS.values(), key=lambda one: one.code)
    ]
    head = "| code | status | English | 中文 |\n|---|---|---|---|\n"
    return f"# Error codes\n\n{_GENERATED}\n{head}{''.join(rows)}"


def _load(name: str) -> None:
    if ".migrations" not in name:
        importlib.import_module(name)


def events() -> str:
    """Every kind of event that webhooks tell."""
    kinds = importlib.import_module("kamao.business.webhooks.event_types").EVENT_TYPES
    rows = [
        f"| `{one.name}`{'' if one.is_raised else ' (reserved)'} | {one.en} | {one.zh} | `{one.data}` |\n"
        for one in kinds
    ]
    head = "| type | English | 中文 | fields of `data` |\n|---|---|---|---|\n"
    return f"# Events\n\n{_GENERATED}\n{head}{''.join(rows)}"


def openapi() -> str:
    """The API's own description, as a program reads it."""
    app = importlib.import_module("kamao.api.app")
    document = importlib.import_module("kamao.api.openapi").build_document(
        app.make_litestar(None, with_schema=True)
    )
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n"


DOCUMENTS: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "settings.md": settings,
    "errors.md": errors,
    "events.md": events,
    "openapi.json": openapi,
}


def stale() -> Iterator[tuple[str, str]]:
    """Name and right content of every file that is not what the code says."""
    for name, write in DOCUMENTS.items():
        text = write()
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            yield name, text


def main() -> int:
    """Write what is stale; with --check only name it, and exit 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamao.runtime.django_settings")
    django.setup()
    checking = "--check" in sys.argv
    found = list(stale())
    for name, text in found:
        if checking:
            print(f"docs/reference/{name} is stale: run ./kamao docs")
        else:
            FOLDER.mkdir(parents=True, exist_ok=True)
            (FOLDER / name).write_text(text, encoding="utf-8")
            print(f"kamao: wrote docs/reference/{name}")
    return 1 if checking and found else 0


if __name__ == "__main__":
    sys.exit(main())
