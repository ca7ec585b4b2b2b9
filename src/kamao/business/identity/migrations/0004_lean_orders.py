"""Bring every engine cell to its fifth version: plain orders are lean, and what is remembered is insisted on."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from kamao.engine import cells, schema


def install_cells(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.connection.ensure_connection()
    raw = schema_editor.connection.connection
    for cell in cells.ALL:
        schema.install(raw, cell)


class Migration(migrations.Migration):
    dependencies = [("identity", "0003_grants_and_cache")]

    operations = [migrations.RunPython(install_cells, migrations.RunPython.noop)]
