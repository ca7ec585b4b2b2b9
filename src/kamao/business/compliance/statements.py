"""The app's SQL files, read once. Refuses SQL in Python."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import connection

Value = str | int | bytes | UUID | datetime
_FOLDER: Final = Path(__file__).with_name("sql")


@cache
def _text(name: str) -> str:
    return (_FOLDER / f"{name}.sql").read_text()


def run(name: str, /, **values: Value) -> list[tuple[Any, ...]]:
    """Run one statement on Django's connection and return its rows (none for a statement without
    RETURNING).
    """
    with connection.cursor() as cursor:
        cursor.execute(_text(name), values)
        return list(cursor.fetchall()) if cursor.description else []
