"""The picture of a product without pictures: a card in the brand's colour, drawn as SVG.

Colours are attributes of SVG elements, not styles, so the content security policy needs no exception.
"""

import colorsys
import re
import unicodedata
import zlib
from typing import Final

from django.utils.html import escape

_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")
_FALLBACK: Final = "#4f6d8f"
"""The library's colour of brands that nobody gave one."""
_PALETTE: Final = (
    "#c8501e",
    "#b3243f",
    "#8a3fa0",
    "#5b4bc4",
    "#2757c9",
    "#0f6aa6",
    "#0b7285",
    "#0a7a5c",
    "#3f7d20",
    "#9a6a00",
    "#a4502b",
    "#374569",
    "#a81e6b",
    "#4a4e8c",
)
INK: Final = "#1e2330"
WHITE: Final = "#ffffff"


def colour_for(name: str, colour: str) -> str:
    """Return a brand's own colour; for a brand without one, always the same of our palette."""
    if _HEX.fullmatch(colour) and colour.lower() != _FALLBACK:
        return colour
    return _PALETTE[zlib.crc32(name.encode()) % len(_PALETTE)]


def art_title(brand: str, product: str) -> str:
    """Return what stands large on the card: the brand, unless the product is known by a name of its own."""
    return brand if brand and brand.lower() in product.lower() else product


def _channels(colour: str) -> tuple[float, float, float]:
    value = colour if _HEX.fullmatch(colour) else _FALLBACK
    red, green, blue = (int(value[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def text_colour(colour: str) -> str:
    """Return white or ink, whichever is easier to read on a colour."""
    luminance = _luminance(colour)
    on_white = 1.05 / (luminance + 0.05)
    on_ink = (luminance + 0.05) / (_luminance(INK) + 0.05)
    return WHITE if on_white * 1.35 >= on_ink else INK


def _shifted(colour: str, by: float) -> str:
    hue, light, saturation = colorsys.rgb_to_hls(*_channels(colour))
    red, green, blue = colorsys.hls_to_rgb((hue + 0.035) % 1, min(max(light + by, 0), 1), saturation)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def text_width(text: str) -> float:
    """Return a text's width in units of the font size, on the wide side: Han 1, capitals and digits 0.72,
    others 0.6.
    """
    return sum(
        1.0
        if unicodedata.east_asian_width(char) in "WF"
        else 0.72
        if char.isupper() or char in "mwMW%"
        else 0.6
        for char in text
    )


def _fitted(text: str, *, width: float, largest: float, smallest: float) -> tuple[str, float]:
    """Return the text, cut if need be, and the font size at which it fits."""
    size = min(largest, width / max(text_width(text), 1))
    if size >= smallest:
        return text, size
    while text and text_width(text + "…") * smallest > width:
        text = text[:-1]
    return text + "…", smallest


def card_svg(*, name: str, detail: str = "", colour: str = _FALLBACK) -> str:
    """Return a product's card: stripe, name, and what is special (face value, duration) at the bottom."""
    base = colour if _HEX.fullmatch(colour) else colour_for(name, colour)
    ink = text_colour(base)
    shade = _shifted(base, -0.09)
    title, size = _fitted(name, width=136, largest=25, smallest=12)
    small, small_size = _fitted(detail, width=112, largest=13, smallest=8)
    return (
        '<svg viewBox="0 0 160 96" aria-hidden="true" focusable="false">'
        f'<rect width="160" height="96" fill="{base}"/>'
        f'<path d="M160 0v96H74C118 84 128 40 112 0z" fill="{shade}"/>'
        f'<path d="M0 16h160v11H0z" fill="{INK}" opacity=".55"/>'
        f'<g fill="none" stroke="{ink}" stroke-opacity=".35" stroke-width="1.5">'
        '<circle cx="139" cy="76" r="8.5"/><path d="m132.5 71 .8-6.5 5 3M145.5 71l-.8-6.5-5 3"/></g>'
        f'<text x="12" y="58" font-size="{size:.1f}" font-weight="700" fill="{ink}">{escape(title)}</text>'
        f'<text x="12" y="80" font-size="{small_size:.1f}" fill="{ink}" fill-opacity=".85">'
        f"{escape(small)}</text>"
        "</svg>"
    )
