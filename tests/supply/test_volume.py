"""Files of real size: codes imported through kill -9, and thousands of offers in seconds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from kamao.business.supply import running
from kamao.business.supply.imports import Upload
from kamao.business.supply.models import ImportLot, SheetImport
from kamao.kernel.clock import SystemClock
from tests.supply.conftest import load_sample_library, make_supplier

CODES = 20_000
CHUNK = 1_000


def one(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchone()[0]


def code_lines(count):
    return "".join(f"{number:014d}----{number * 7919:016X}\n" for number in range(count)).encode()


def child(supplier, path):
    host, port, name = (connection.settings_dict[key] for key in ("HOST", "PORT", "NAME"))
    user = connection.settings_dict["USER"]
    environment = {
        **os.environ,
        "PYTHONPATH": f"{Path.cwd() / 'src'}{os.pathsep}{Path.cwd()}",
        "KAMAO_HOME": str(settings.KAMAO_HOME),
        "KAMAO_DATABASE_URL": f"postgresql://{user}@/{name}?host={host}&port={port}",
    }
    script = str(Path(__file__).with_name("child_import.py"))
    command = [sys.executable, script, str(supplier.id), str(path), str(CHUNK)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_of_codes_goes_on_and_ends_with_exactly_all_of_them(tmp_path):
    load_sample_library()
    supplier = make_supplier()
    path = tmp_path / "腾讯视频VIP 月卡.txt"
    path.write_bytes(code_lines(CODES))
    marks = []
    for kill_after in (3, 8, None):
        process = child(supplier, path)
        for count, line in enumerate(process.stdout, 1):
            marks.append(line.strip())
            if kill_after and count >= kill_after:
                process.kill()
                break
        process.wait(60)
        process.stdout.close()
    assert marks[-1] == "done"
    numbers = [int(mark) for mark in marks[:-1]]
    assert numbers == sorted(set(numbers)), "no chunk was applied twice"
    sheet_import = SheetImport.objects.get()
    assert (sheet_import.state, sheet_import.counts["applied"], sheet_import.counts.get("refused")) == (
        "done",
        CODES,
        None,
    )
    assert one("SELECT count(*) FROM cell0.stock_code") == CODES
    assert one("SELECT count(DISTINCT id) FROM cell0.stock_code") == CODES
    assert ImportLot.objects.get().imported == CODES
    again = running.import_file(
        supplier, Upload(path.name, path.read_bytes()), kind="codes", clock=SystemClock(), again=True
    )
    assert (again.counts.get("applied"), again.counts["refused"]) == (None, CODES)
    assert one("SELECT count(*) FROM cell0.stock_code") == CODES
