"""Schemathesis against the API on a real port: no answer outside the document, nothing hostile accepted, no
5xx.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from kamao.api.services import open_services
from kamao.business.identity.audit import SYSTEM
from kamao.business.shops.operations import open_shop
from tests.api.caller import Api
from tests.api.serving import on_a_port
from tests.api.world import World
from tests.conftest import _django_uses

MAX_EXAMPLES = "5"
SECONDS_MAX = "10"


@pytest.fixture(scope="module")
def served(database_server, django_test_environment, django_db_blocker):
    """An API over a database of its own: goods of other tests have rules (least quantities, validity) that
    make a schema-valid order invalid.
    """
    with database_server.copy() as address, django_db_blocker.unblock(), _django_uses(address):
        services = open_services(settings.KAMAO_CONNINFO, key_file=Path(settings.KAMAO_KEY_FILE))
        with Api(services) as api:
            yield api, World(services)
        services.close()


@pytest.fixture(scope="module")
def world(served):
    made = served[1]
    made.goods(codes=50)
    return made


@pytest.fixture(scope="module")
def base_url(served):
    api, _ = served
    with on_a_port(api) as address:
        yield address


ROLES = {
    # A tester that is given the list of keys revokes its own sooner or later.
    "merchant": [
        "--exclude-tag", "supply", "--exclude-tag", "shops", "--exclude-operation-id", "revokeApiKey",
    ],
    # Which bytes are a readable sheet no schema says: an image is refused as it should be (test_imports).
    "supplier": ["--include-tag", "supply", "--exclude-operation-id", "createImport"],
    "visitor": ["--include-tag", "shops"],
}  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_schemathesis_finds_nothing(base_url, world, tmp_path, role):
    party = world.make_supplier() if role == "supplier" else world.merchant(balance_minor=10_000_000)
    if role != "supplier":
        open_shop(party.organisation, slug=f"st-{role}", name="Shop", actor=SYSTEM, at=world.now())
    command = [
        str(Path(sys.executable).parent / "st"), "run", f"{base_url}/api/v1/openapi.json",
        "--max-examples", MAX_EXAMPLES, "--max-time", SECONDS_MAX, "--workers", "1",
        "--generation-deterministic", "--phases", "examples,coverage,fuzzing,stateful",
        "--no-color", "--request-timeout", "20", *ROLES[role],
    ]  # fmt: skip
    if role != "visitor":
        command += ["--header", f"Authorization: Bearer {party.key}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[:12_000] + done.stderr[-2_000:]
