"""A live API over one database for all its tests; every test makes merchants of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from kamao.api.services import Services, open_services
from kamao.runtime import database as addresses
from tests.api.caller import Api
from tests.api.world import World


@pytest.fixture(scope="package")
def api_database(
    database_server: Any, django_test_environment: None, django_db_blocker: Any
) -> Iterator[None]:
    """One committed copy of the migrated database for the API's tests; Django means it while they run."""
    default = connections["default"]
    with database_server.copy() as address, django_db_blocker.unblock():
        before = default.settings_dict["NAME"], settings.KAMAO_CONNINFO
        default.close()
        default.settings_dict["NAME"] = address.dbname
        settings.KAMAO_CONNINFO = addresses.conninfo(address, role=addresses.APP_ROLE, application="test")
        try:
            yield
        finally:
            for connection in connections.all(initialized_only=True):
                connection.close()
            default.settings_dict["NAME"], settings.KAMAO_CONNINFO = before


@pytest.fixture(scope="package")
def services(api_database: None) -> Iterator[Services]:
    opened = open_services(settings.KAMAO_CONNINFO, key_file=Path(settings.KAMAO_KEY_FILE))
    yield opened
    opened.close()


@pytest.fixture(scope="package")
def world(services: Services) -> World:
    return World(services)


@pytest.fixture(scope="package")
def api(services: Services, world: World) -> Iterator[Api]:
    with Api(services) as opened:
        yield opened


@pytest.fixture(scope="package")
def slow_api(services: Services, world: World) -> Iterator[Api]:
    """The same API with orders going through the framework's route."""
    with Api(services, express=False) as opened:
        yield opened


@pytest.fixture(params=["lean", "framework"])
def either_api(request: pytest.FixtureRequest) -> Api:
    """Both ways of placing orders: one contract."""
    name: dict[str, str] = {"lean": "api", "framework": "slow_api"}
    found: Api = request.getfixturevalue(name[request.param])
    return found


@pytest.fixture
def merchant(world: World) -> Any:
    """A merchant with 1 000.00 in its wallet and a live key with every scope."""
    return world.merchant(balance_minor=100_000)


Make = Callable[..., Any]
