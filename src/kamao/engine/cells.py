"""Cells: the engine's schemas. Owns their names and numbers; refuses to know what a mode means."""

from typing import Final

import msgspec


class Cell(msgspec.Struct, frozen=True):
    """One engine schema and the schema of reference tables that it reads.

    ``number`` is held in the ids made for the cell; ``livemode`` is told to outsiders.
    """

    number: int
    schema: str
    reference: str
    livemode: bool

    @property
    def search_path(self) -> str:
        """The search path of a connection that works in this cell."""
        return f"{self.schema},{self.reference},public"


LIVE: Final = Cell(0, "cell0", "ref_live", livemode=True)
TEST: Final = Cell(1, "test0", "ref_test", livemode=False)
ALL: Final = (LIVE, TEST)
BY_SCHEMA: Final = {cell.schema: cell for cell in ALL}
