"""Links and posters that a shop shares: a QR code under the shop's name, as SVG and as PNG.

Refuses remote pictures and fonts: a poster is drawn here from its text alone.
"""

import io
from pathlib import Path
from typing import Final

import segno
from django.utils.html import escape
from PIL import Image, ImageDraw, ImageFont

WIDTH: Final = 420
HEIGHT: Final = 560
_QR_TOP: Final = 170
_QR_SIZE: Final = 260
INK: Final = "#1E2330"
TANGERINE: Final = "#F26B1D"
_FONTS: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
)


def _matrix(link: str) -> list[list[bool]]:
    return [[bool(cell) for cell in row] for row in segno.make(link, error="m", micro=False).matrix]


def poster_svg(*, link: str, title: str, subtitle: str, footer: str) -> str:
    """Return a poster as SVG; texts are escaped, the QR code is one path."""
    matrix = _matrix(link)
    cell = _QR_SIZE / len(matrix)
    left = (WIDTH - _QR_SIZE) / 2
    path = "".join(
        f"M{left + x * cell:.2f} {_QR_TOP + y * cell:.2f}h{cell:.2f}v{cell:.2f}h-{cell:.2f}z"
        for y, row in enumerate(matrix)
        for x, dark in enumerate(row)
        if dark
    )
    middle = WIDTH / 2
    fonts = "PingFang SC, Noto Sans SC, Microsoft YaHei, sans-serif"
    text = f'x="{middle}" text-anchor="middle" font-family="{fonts}" fill="{INK}"'
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="24" fill="#FFFFFF"/>'
        f'<path d="M0 24a24 24 0 0 1 24-24h{WIDTH - 48}a24 24 0 0 1 24 24v104H0z" fill="{TANGERINE}"/>'
        f'<path d="M0 36h{WIDTH}v16H0z" fill="{INK}"/>'
        f'<text y="92" font-size="{_size(title, 30)}" font-weight="700" {text}>{escape(title)}</text>'
        f'<text y="117" font-size="{_size(subtitle, 15)}" {text}>{escape(subtitle)}</text>'
        f'<path d="{path}" fill="{INK}"/>'
        f'<text y="474" font-size="16" {text}>{escape(footer)}</text>'
        f'<text y="520" font-size="{_size(link, 12)}" fill-opacity=".6" {text}>{escape(link)}</text>'
        "</svg>"
    )


def _size(text: str, largest: int) -> int:
    width = sum(1.0 if ord(char) > 0x2E80 else 0.56 for char in text)
    return max(8, min(largest, int((WIDTH - 48) / max(width, 1))))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in _FONTS:
        if Path(name).exists():
            return ImageFont.truetype(name, size)
    return ImageFont.load_default(size)


def poster_png(*, link: str, title: str, subtitle: str, footer: str, scale: int = 3) -> bytes:
    """Return the same poster as PNG.

    Chinese texts need a font of the machine; where it has none they are left out rather than drawn as boxes.
    """
    image = Image.new("RGB", (WIDTH * scale, HEIGHT * scale), "#FFFFFF")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, WIDTH * scale, 128 * scale), fill=TANGERINE)
    draw.rectangle((0, 36 * scale, WIDTH * scale, 52 * scale), fill=INK)
    has_han = any(Path(name).exists() for name in _FONTS)
    for text, top, largest in ((title, 82, 30), (subtitle, 112, 15), (footer, 470, 16), (link, 516, 12)):
        if has_han or text.isascii():
            font = _font(_size(text, largest) * scale)
            draw.text((WIDTH * scale / 2, top * scale), text, fill=INK, font=font, anchor="mm")
    matrix = _matrix(link)
    cell = _QR_SIZE * scale // len(matrix)
    left = (WIDTH * scale - cell * len(matrix)) // 2
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                x0, y0 = left + x * cell, _QR_TOP * scale + y * cell
                draw.rectangle((x0, y0, x0 + cell - 1, y0 + cell - 1), fill=INK)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
