"""API keys: what a key may do, and how soon a change holds in every process."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings

from kamao.business.identity import api_keys, key_format, operations
from kamao.business.identity.keys import LIFE_MAX_S, KeyCache, KeyRecord
from kamao.business.identity.models import ApiKey, AuditEntry
from kamao.kernel.errors import Refusal
from tests.identity.factories import NOW, by, member, organisation

pytestmark = pytest.mark.django_db(transaction=True)


class Monotonic:
    """A steady clock that the test moves."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Database:
    """Connections as a process has them, counted."""

    def __init__(self):
        self.asked = 0

    @contextmanager
    def __call__(self):
        self.asked += 1
        with psycopg.connect(settings.KAMAO_CONNINFO) as connection:
            yield connection


@pytest.fixture
def shop():
    return organisation()


@pytest.fixture
def admin(shop):
    return by(member(shop))


def make(shop, admin, **wish):
    defaults = {"label": "till", "cell": 1, "scopes": ("orders:write", "orders:read")}
    return api_keys.create_api_key(shop, wish=api_keys.KeyWish(**{**defaults, **wish}), actor=admin, at=NOW)


def cache(**options):
    clock = options.pop("monotonic", Monotonic())
    return KeyCache(options.pop("connect", Database()), monotonic=clock, **options), clock


def code_of(answer):
    return answer.code if isinstance(answer, Refusal) else "ok"


def test_a_key_has_260_random_bits_and_only_its_prefix_and_digest_are_stored(shop, admin):
    created = make(shop, admin)
    assert len(created.raw) == key_format.KEY_LENGTH == 72
    assert created.raw.startswith("kmk_test_")
    row = ApiKey.objects.get()
    assert row.prefix == created.raw[:19]
    assert bytes(row.digest) == key_format.digest_of(created.raw)
    assert created.raw not in repr(created)
    stored = " ".join(str(value) for entry in AuditEntry.objects.values() for value in entry.values())
    assert created.raw[20:] not in stored


def test_a_valid_key_answers_with_its_whole_record(shop, admin):
    created = make(shop, admin, cell=0, ip_networks=("203.0.113.0/24",), rate_limit_per_minute=90)
    keys, _ = cache()
    record = keys.verify(created.raw, peer_ip="203.0.113.8", now=NOW)
    assert isinstance(record, KeyRecord)
    assert (record.id, record.organisation, record.kind, record.cell) == (
        created.row.id,
        shop.id,
        "merchant",
        0,
    )
    assert record.scopes == frozenset({"orders:write", "orders:read"})
    assert record.rate_limit_per_minute == 90
    assert record.expires_at is None


@pytest.mark.parametrize("raw", ["", "x", "kmk_live_short", "kmk_prod_" + "0" * 63, "kmk_live_" + "é" * 63])
def test_what_cannot_be_a_key_is_refused_without_asking_the_database(raw):
    database = Database()
    keys, _ = cache(connect=database)
    assert code_of(keys.verify(raw, peer_ip=None, now=NOW)) == "unauthenticated"
    assert database.asked == 0


def test_a_right_prefix_with_a_wrong_secret_is_refused(shop, admin):
    created = make(shop, admin)
    wrong = created.raw[:-1] + ("0" if created.raw[-1] != "0" else "1")
    keys, _ = cache()
    assert code_of(keys.verify(wrong, peer_ip=None, now=NOW)) == "unauthenticated"
    assert code_of(keys.verify(created.raw, peer_ip=None, now=NOW)) == "ok"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.8", "ok"),
        ("::ffff:203.0.113.8", "ok"),
        ("203.0.114.8", "forbidden"),
        ("2001:db8::5", "ok"),
        ("nonsense", "forbidden"),
        (None, "forbidden"),
    ],
)
def test_the_address_list_holds(shop, admin, address, expected):
    created = make(shop, admin, ip_networks=("203.0.113.0/24", "2001:db8::/32"))
    keys, _ = cache()
    assert code_of(keys.verify(created.raw, peer_ip=address, now=NOW)) == expected


def test_a_key_ends_at_its_expiry_even_while_cached(shop, admin):
    created = make(shop, admin, expires_at=NOW + timedelta(seconds=1))
    keys, _ = cache()
    assert code_of(keys.verify(created.raw, peer_ip=None, now=NOW)) == "ok"
    assert (
        code_of(keys.verify(created.raw, peer_ip=None, now=NOW + timedelta(seconds=1))) == "unauthenticated"
    )


def test_a_revoked_key_is_refused_within_five_seconds_in_two_processes(shop, admin):
    created = make(shop, admin)
    processes = [cache(), cache()]
    for keys, _ in processes:
        assert code_of(keys.verify(created.raw, peer_ip=None, now=NOW)) == "ok"
    api_keys.revoke_api_key(created.row, actor=admin, at=NOW)
    assert (
        code_of(processes[0][0].verify(created.raw, peer_ip=None, now=NOW)) == "ok"
    )  # still cached: that is the price
    for keys, clock in processes:
        clock.now += LIFE_MAX_S - 0.01
        assert code_of(keys.verify(created.raw, peer_ip=None, now=NOW)) == "unauthenticated"


def test_a_suspended_organisation_is_refused_within_five_seconds(shop, admin):
    created = make(shop, admin)
    keys, clock = cache()
    assert code_of(keys.verify(created.raw, peer_ip=None, now=NOW)) == "ok"
    operations.set_organisation_status(shop, status="suspended", reason="unpaid", actor=admin, at=NOW)
    clock.now += LIFE_MAX_S - 0.01
    assert code_of(keys.verify(created.raw, peer_ip=None, now=NOW)) == "forbidden"


def test_the_database_is_asked_once_per_life_also_by_many_threads(shop, admin):
    created = make(shop, admin)
    database = Database()
    keys, clock = cache(connect=database)
    start = threading.Barrier(8)
    answers = []

    def ask():
        start.wait()
        answers.append(code_of(keys.verify(created.raw, peer_ip=None, now=NOW)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["ok"] * 8
    assert database.asked == 1
    assert isinstance(keys.verify_cached(created.raw, peer_ip=None, now=NOW), KeyRecord)
    clock.now += 4.0
    assert keys.verify_cached(created.raw, peer_ip=None, now=NOW) is None
    assert code_of(keys.verify(created.raw, peer_ip=None, now=NOW)) == "ok"
    assert database.asked == 2


def test_unknown_keys_are_remembered_briefly_and_the_cache_stays_bounded():
    database = Database()
    keys, clock = cache(connect=database, entries_max=3)
    raw = key_format.generate(cell=0).raw
    for _ in range(3):
        assert code_of(keys.verify(raw, peer_ip=None, now=NOW)) == "unauthenticated"
    assert database.asked == 1
    clock.now += 2.0
    keys.verify(raw, peer_ip=None, now=NOW)
    assert database.asked == 2
    for _ in range(10):
        keys.verify(key_format.generate(cell=0).raw, peer_ip=None, now=NOW)
    assert len(keys) == 3


def test_last_use_is_noted_coarsely(shop, admin):
    created = make(shop, admin)
    keys, clock = cache()
    keys.verify(created.raw, peer_ip=None, now=NOW)
    assert ApiKey.objects.get().last_used_at == NOW
    for minutes, expected in ((9, 0), (11, 11)):
        clock.now += 10
        keys.verify(created.raw, peer_ip=None, now=NOW + timedelta(minutes=minutes))
        assert ApiKey.objects.get().last_used_at == NOW + timedelta(minutes=expected)


def test_rotation_keeps_the_old_key_for_the_overlap(shop, admin):
    old = make(shop, admin, cell=0, ip_networks=("10.0.0.0/8",), rate_limit_per_minute=None)
    new = api_keys.rotate_api_key(old.row, overlap=timedelta(hours=2), actor=admin, at=NOW)
    keys, _ = cache()
    seen = {"peer_ip": "10.1.2.3"}
    assert code_of(keys.verify(old.raw, now=NOW + timedelta(minutes=119), **seen)) == "ok"
    assert code_of(keys.verify(old.raw, now=NOW + timedelta(minutes=120), **seen)) == "unauthenticated"
    record = keys.verify(new.raw, now=NOW + timedelta(minutes=120), **seen)
    assert isinstance(record, KeyRecord)
    assert (record.cell, record.scopes, record.rate_limit_per_minute) == (
        0, frozenset({"orders:write", "orders:read"}), None,
    )  # fmt: skip
    with pytest.raises(Refusal) as again:
        api_keys.rotate_api_key(old.row, overlap=timedelta(0), actor=admin, at=NOW)
    assert again.value.code == "not_found"


def test_a_successor_lives_as_long_as_the_old_key_was_meant_to(shop, admin):
    old = make(shop, admin, expires_at=NOW + timedelta(days=30))
    later = NOW + timedelta(days=29)
    new = api_keys.rotate_api_key(old.row, overlap=timedelta(days=7), actor=admin, at=later)
    assert new.row.expires_at == later + timedelta(days=30)
    old.row.refresh_from_db()
    assert old.row.expires_at == NOW + timedelta(days=30)
    with pytest.raises(Refusal) as refused:
        api_keys.rotate_api_key(new.row, overlap=timedelta(0), actor=admin, at=later + timedelta(days=30))
    assert refused.value.code == "invalid"


@pytest.mark.parametrize(
    "wish",
    [
        {"scopes": ()},
        {"scopes": ("supply:write",)},
        {"label": "  "},
        {"cell": 2},
        {"ip_networks": ("300.1.1.1",)},
        {"expires_at": NOW},
        {"rate_limit_per_minute": 0},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_and_nothing_is_stored(shop, admin, wish):
    with pytest.raises(Refusal) as refused:
        make(shop, admin, **wish)
    assert refused.value.code == "invalid"
    assert ApiKey.objects.count() == 0
    assert not AuditEntry.objects.filter(act="api_key.create").exists()


def test_another_tenants_key_does_not_exist(shop, admin):
    created = make(shop, admin)
    other = organisation(name="Other")
    with pytest.raises(Refusal) as refused:
        api_keys.api_key_of(other, key_id=created.row.id)
    assert refused.value.code == "not_found"
