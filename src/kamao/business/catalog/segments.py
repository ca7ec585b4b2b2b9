"""Number segments of mainland China's mobile carriers (public numbering facts of MIIT).

Owns which carrier a number was first given to. A ported number keeps its segment, so the answer is a hint
that the buyer may overrule; see ``topup``.
"""

from typing import Final

import msgspec


class Carrier(msgspec.Struct, frozen=True):
    """A carrier: stable code and names."""

    code: str
    zh: str
    en: str


CARRIERS: Final[dict[str, Carrier]] = {
    "mobile": Carrier(code="mobile", zh="中国移动", en="China Mobile"),
    "unicom": Carrier(code="unicom", zh="中国联通", en="China Unicom"),
    "telecom": Carrier(code="telecom", zh="中国电信", en="China Telecom"),
    "broadnet": Carrier(code="broadnet", zh="中国广电", en="China Broadnet"),
}

_THREE: Final[dict[str, str]] = {
    **dict.fromkeys(
        [
            "134",
            "135",
            "136",
            "137",
            "138",
            "139",
            "147",
            "148",
            "150",
            "151",
            "152",
            "157",
            "158",
            "159",
            "165",
            "172",
            "178",
            "182",
            "183",
            "184",
            "187",
            "188",
            "195",
            "197",
            "198",
        ],
        "mobile",
    ),
    **dict.fromkeys(
        [
            "130",
            "131",
            "132",
            "145",
            "146",
            "155",
            "156",
            "166",
            "167",
            "171",
            "175",
            "176",
            "185",
            "186",
            "196",
        ],
        "unicom",
    ),
    **dict.fromkeys(
        ["133", "149", "153", "162", "173", "174", "177", "180", "181", "189", "190", "191", "193", "199"],
        "telecom",
    ),
    "192": "broadnet",
}
_FOUR: Final[dict[str, str]] = {
    "1349": "telecom",
    "1440": "mobile",
    **dict.fromkeys(["1700", "1701", "1702"], "telecom"),
    **dict.fromkeys(["1703", "1705", "1706"], "mobile"),
    **dict.fromkeys(["1704", "1707", "1708", "1709"], "unicom"),
}


def carrier_of(number: str) -> Carrier | None:
    """Return the carrier that an 11-digit number's segment was given to; None for a segment not in use."""
    code = _FOUR.get(number[:4]) or _THREE.get(number[:3])
    return CARRIERS[code] if code else None
