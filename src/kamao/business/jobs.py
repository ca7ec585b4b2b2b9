"""Background jobs from business code: rows written in the caller's own transaction, run by the worker after
the commit.

Refuses nothing about names: a task is known to the worker's registry (`kamao.worker`), not to whoever defers
it, so that business code never imports the worker.
"""

from typing import Any

from procrastinate.contrib.django import app


def defer(task_name: str, **arguments: Any) -> int:
    """Ask for a job; returns its number. Rolled back with the transaction it was asked in.

    Arguments are plain JSON values (ids as text, no objects, no secrets: the row is readable).
    """
    return app.configure_task(task_name, allow_unknown=True).defer(**arguments)
