"""Links and posters of a shop or one of its products. Refuses to put anything on a poster that is not on
sale.
"""

from typing import NamedTuple
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kamao.business.catalog.models import Product
from kamao.business.shops import posters
from kamao.portals.market.visits import Visit, open_visit


class _Poster(NamedTuple):
    link: str
    title: str
    subtitle: str
    footer: str
    query: str


def _poster(visit: Visit) -> _Poster:
    slug = visit.request.GET.get("product", "")
    shop = visit.shop
    footer = _("Scan, pay, receive at once")
    if not slug:
        link = visit.absolute(reverse("market:home", args=[shop.slug]))
        return _Poster(link, shop.name, shop.intro, footer, "")
    product = Product.objects.filter(slug=slug, status="active").first()
    if product is None:
        raise Http404
    link = visit.absolute(reverse("market:product", args=[shop.slug, product.slug]))
    return _Poster(link, str(product), shop.name, footer, f"?{urlencode({'product': slug})}")


@require_GET
def share(request: HttpRequest, slug: str) -> HttpResponse:
    """A page with the link to copy and the poster to save."""
    visit = open_visit(request, slug)
    poster = _poster(visit)
    context = {
        "title": _("Share this product") if poster.query else _("Share this shop"),
        "link": poster.link,
        "svg_url": reverse("market:poster_svg", args=[slug]) + poster.query,
        "png_url": reverse("market:poster_png", args=[slug]) + poster.query,
    }
    return visit.render("poster", context)


@require_GET
def poster_svg(request: HttpRequest, slug: str) -> HttpResponse:
    """The poster as SVG."""
    poster = _poster(open_visit(request, slug))
    text = posters.poster_svg(
        link=poster.link, title=poster.title, subtitle=poster.subtitle, footer=poster.footer
    )
    return HttpResponse(text, content_type="image/svg+xml")


@require_GET
def poster_png(request: HttpRequest, slug: str) -> HttpResponse:
    """The poster as PNG, large enough to print."""
    poster = _poster(open_visit(request, slug))
    data = posters.poster_png(
        link=poster.link, title=poster.title, subtitle=poster.subtitle, footer=poster.footer
    )
    return HttpResponse(data, content_type="image/png")
