"""API keys through the API: shown once, never stronger than their maker, refused soon after revocation."""

import time

from django.conf import settings

from kamao.api.services import open_services
from tests.api.caller import Api


def test_a_key_is_shown_once_and_works(api, world, merchant):
    made = api.post("/api-keys", key=merchant.key, json={"label": "till 2", "scopes": ["wallet:read"]})
    assert made.status_code == 201
    key = made.json()["key"]
    assert key.startswith(made.json()["prefix"])
    assert made.json()["livemode"] is True
    assert api.get("/wallet", key=key).status_code == 200
    assert api.get("/orders", key=key).status_code == 403
    listed = api.get("/api-keys", key=merchant.key).json()["data"]
    assert [(each["label"], each["key"]) for each in listed] == [("till 2", None), ("test", None)]
    assert api.get("/api-keys", key=world.merchant().key).json()["data"][0]["label"] == "test"


def test_no_key_makes_a_stronger_one(api, world, merchant):
    weak = world.key_for(merchant.organisation, scopes=("wallet:read",), ip_networks=("127.0.0.0/8",))
    stronger = api.post("/api-keys", key=weak, json={"label": "x", "scopes": ["wallet:read", "orders:write"]})
    assert (stronger.status_code, stronger.json()["code"]) == (403, "forbidden")
    wider = api.post(
        "/api-keys", key=weak, json={"label": "x", "scopes": ["wallet:read"], "ip_networks": ["0.0.0.0/0"]}
    )
    assert (wider.status_code, wider.json()["code"]) == (403, "forbidden")
    child = api.post("/api-keys", key=weak, json={"label": "x", "scopes": ["wallet:read"]})
    assert child.json()["ip_networks"] == ["127.0.0.0/8"]


def test_wrong_wishes(api, merchant):
    for body, pointer in (
        ({"label": "x", "scopes": []}, "/scopes"), ({"label": "x", "scopes": ["root"]}, "/scopes/0"),
        ({"label": "", "scopes": ["wallet:read"]}, "/label"),
        ({"label": "a\u200bb", "scopes": ["wallet:read"]}, "/label"),
        ({"label": "x", "scopes": ["wallet:read"], "expires_at": "2030-01-01T00:00:00"}, "/expires_at"),
    ):  # fmt: skip
        answer = api.post("/api-keys", key=merchant.key, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_a_revoked_key_is_refused_within_five_seconds_in_every_process(
    api, slow_api, world, merchant, services
):
    """Two applications with key caches of their own stand for two processes; the second learns only from the
    database.
    """
    made = api.post("/api-keys", key=merchant.key, json={"label": "x", "scopes": ["wallet:read"]}).json()
    elsewhere = open_services(settings.KAMAO_CONNINFO, key_file=settings.HOME.key_file, lanes=1)
    try:
        with Api(elsewhere) as other:
            assert api.get("/wallet", key=made["key"]).status_code == 200
            assert other.get("/wallet", key=made["key"]).status_code == 200
            assert api.call("DELETE", f"/api-keys/{made['id']}", key=merchant.key).status_code == 204
            revoked = time.monotonic()
            for each in (api, other):
                while each.get("/wallet", key=made["key"]).status_code == 200:
                    assert time.monotonic() < revoked + 5
                assert each.get("/wallet", key=made["key"]).json()["code"] == "unauthenticated"
            assert time.monotonic() < revoked + 5
    finally:
        elsewhere.close()


def test_somebody_elses_key_cannot_be_revoked(api, world, merchant):
    mine = api.get("/api-keys", key=merchant.key).json()["data"][0]["id"]
    answer = api.call("DELETE", f"/api-keys/{mine}", key=world.merchant().key)
    assert (answer.status_code, answer.json()["code"]) == (404, "api_key_not_found")
    assert api.get("/wallet", key=merchant.key).status_code == 200
