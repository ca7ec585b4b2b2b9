"""The command line: finds the command's module in `kamao.runtime.commands`, parses its arguments, runs it.

Owns the registry and the options every command has. Imports only the module of the command that was asked
for, so that a small command starts fast and the supervisor stays small.
"""

import argparse
import ast
import importlib
import keyword
import os
import sys
from pathlib import Path
from typing import Protocol, cast

from kamao.runtime.home import default_home

COMMANDS = Path(__file__).parent / "commands"


class Command(Protocol):
    """What a module in `commands` offers."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, args: argparse.Namespace) -> int: ...


def command_names() -> list[str]:
    """Names of all commands, as typed: `backup_keys.py` is `backup-keys`, `import_.py` is `import`."""
    return sorted(
        path.stem.rstrip("_").replace("_", "-")
        for path in COMMANDS.glob("*.py")
        if not path.stem.startswith("_")
    )


def load_command(name: str) -> Command:
    """The module behind a command."""
    return cast("Command", importlib.import_module(f"kamao.runtime.commands.{_stem(name)}"))


def _stem(name: str) -> str:
    return name.replace("-", "_") + ("_" if keyword.iskeyword(name) else "")


def make_parser(name: str, command: Command) -> argparse.ArgumentParser:
    """The parser of one command, with the options that every command has."""
    parser = argparse.ArgumentParser(prog=f"./kamao {name}", description=command.HELP, allow_abbrev=False)
    parser.add_argument(
        "--home", type=Path, default=default_home(), help="the node's home (default: KAMAO_HOME)"
    )
    command.add_arguments(parser)
    return parser


def help_of(name: str) -> str:
    """A command's one line, read from its source: asking for help imports no command."""
    source = Path(COMMANDS, f"{_stem(name)}.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "HELP"
        ):
            return str(ast.literal_eval(node.value))
    raise ValueError(f"the command {name} has no HELP")


def overview() -> str:
    """One line per command."""
    lines = [f"  {name:<14} {help_of(name)}" for name in command_names()]
    return "\n".join(
        [
            "usage: ./kamao COMMAND [options]",
            "",
            *lines,
            "",
            "./kamao COMMAND --help tells a command's options.",
        ]
    )


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in {"help", "-h", "--help"}:
        print(overview())
        return 0
    name = arguments[0]
    if name not in command_names():
        print(f"kamao: there is no command {name!r}.\n\n{overview()}", file=sys.stderr)
        return 2
    command = load_command(name)
    parser = make_parser(name, command)
    if getattr(command, "PASSES_ON", False):
        parsed, parsed_rest = parser.parse_known_args(arguments[1:])
        parsed.rest = parsed_rest
    else:
        parsed = parser.parse_args(arguments[1:])
    parsed.home = parsed.home.expanduser().absolute()
    os.environ["KAMAO_HOME"] = str(parsed.home)
    try:
        return command.run(parsed)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141


if __name__ == "__main__":
    sys.exit(main())
