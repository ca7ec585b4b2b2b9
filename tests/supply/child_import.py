"""Imports a file of codes in a process of its own, for tests that kill it: argv is supplier id, file, chunk
size.
"""

import os
import sys
from pathlib import Path
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamao.runtime.django_settings")

import django

django.setup()

from kamao.business.identity.models import Organisation  # noqa: E402
from kamao.business.supply import import_codes, running  # noqa: E402
from kamao.business.supply.imports import Upload  # noqa: E402
from kamao.kernel.clock import SystemClock  # noqa: E402

supplier, path, chunk = sys.argv[1:]
import_codes.CHUNK_CODES = int(chunk)
content = Path(path).read_bytes()
done = running.import_file(
    Organisation.objects.get(pk=UUID(supplier)),
    Upload(Path(path).name, content),
    kind="codes",
    clock=SystemClock(),
    on_chunk=lambda row: print(row.place_done, flush=True),
)
print(done.state, flush=True)
