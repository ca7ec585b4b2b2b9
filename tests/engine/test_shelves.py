"""The shelves alone: what is next, how far to read ahead, and what is forgotten."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from kamao.engine.stock import shelves as module
from kamao.engine.stock.shelves import ReadAhead, Shelves
from kamao.engine.stock.types import Allocated

AT = datetime(2026, 11, 27, tzinfo=UTC)
OFFER = UUID(int=1)


def code(number: int, expires_at: datetime | None = None) -> Allocated:
    return Allocated(UUID(int=number), UUID(int=9), expires_at, b"sealed")


def shelf_after(sold: int) -> tuple[Shelves, ReadAhead]:
    """Shelves on which one code was sold, with the wish that follows."""
    shelves = Shelves()
    shelves.begin(OFFER, 7, code(sold))
    (wish,) = shelves.wishes([OFFER.int])
    return shelves, wish


def test_a_wish_is_made_once_and_filled_behind_what_was_sold() -> None:
    shelves, wish = shelf_after(10)
    assert (wish.wanted, wish.mark, wish.sold) == (16, (None, UUID(int=10)), (None, UUID(int=10)))
    assert shelves.wishes([OFFER.int]) == []
    assert shelves.left(OFFER, AT) == 0
    shelves.put(wish, 7, [code(number) for number in range(11, 27)])
    assert shelves.left(OFFER, AT) == 16
    assert [each.id.int for each in shelves.take(OFFER, 2)] == [11, 12]
    assert shelves.epochs([OFFER.int]) == ([OFFER], [7])


def test_the_next_wish_is_twice_as_long_and_comes_before_the_shelf_is_empty() -> None:
    shelves, wish = shelf_after(10)
    shelves.put(wish, 7, [code(number) for number in range(11, 27)])
    shelves.take(OFFER, 1)
    (second,) = shelves.wishes([OFFER.int])
    assert (second.wanted, second.mark[1].int, second.sold[1].int) == (32, 26, 11)
    shelves.put(second, 7, [code(number) for number in range(27, 59)])
    assert [each.id.int for each in shelves.take(OFFER, 47)] == list(range(12, 59))


def test_what_was_sold_past_the_shelf_meanwhile_is_not_put_on_it() -> None:
    shelves, wish = shelf_after(10)
    shelves.begin(OFFER, 7, code(13))
    shelves.put(wish, 7, [code(number) for number in range(11, 27)])
    assert [each.id.int for each in shelves.take(OFFER, 1)] == [14]


def test_another_epoch_empties_the_shelf() -> None:
    shelves, wish = shelf_after(10)
    shelves.put(wish, 8, [code(11)])
    assert shelves.left(OFFER, AT) == 0
    shelves.begin(OFFER, 8, code(11))
    (fresh,) = shelves.wishes([OFFER.int])
    assert fresh.wanted == 16


def test_an_offer_without_further_codes_is_not_asked_again() -> None:
    shelves, wish = shelf_after(10)
    shelves.put(wish, 7, [code(11)])
    shelves.take(OFFER, 1)
    assert shelves.wishes([OFFER.int]) == []


def test_expired_codes_are_passed_over() -> None:
    shelves, wish = shelf_after(10)
    soon = AT + timedelta(minutes=1)
    shelves.put(wish, 7, [code(11, soon), code(12, soon), code(13)])
    assert shelves.left(OFFER, AT) == 3
    assert shelves.left(OFFER, soon) == 1
    assert [each.id.int for each in shelves.take(OFFER, 1)] == [13]


def test_the_shelves_filled_longest_ago_go_first(monkeypatch) -> None:
    monkeypatch.setattr(module, "_CODES_MAX", 40)
    shelves = Shelves()
    for offer in (1, 2, 3):
        shelves.begin(UUID(int=offer), 7, code(10))
        (wish,) = shelves.wishes([offer])
        shelves.put(wish, 7, [code(number) for number in range(11, 27)])
    assert [shelves.left(UUID(int=offer), AT) for offer in (1, 2, 3)] == [0, 16, 16]
