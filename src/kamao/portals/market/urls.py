"""Addresses of the hosted shop, all below /s/<slug>/."""

from django.urls import path

from kamao.portals.market import views_browse, views_buy, views_find, views_order, views_share

app_name = "market"

_BASE = "s/<slug:slug>/"

urlpatterns = [
    path(_BASE, views_browse.home, name="home"),
    path(_BASE + "suggest/", views_browse.suggest, name="suggest"),
    path(_BASE + "p/<slug:product>/", views_buy.product, name="product"),
    path(_BASE + "check/", views_buy.check, name="check"),
    path(_BASE + "total/", views_buy.total, name="total"),
    path(_BASE + "b/<slug:bundle>/", views_buy.bundle, name="bundle"),
    path(_BASE + "cart/", views_buy.cart, name="cart"),
    path(_BASE + "checkout/", views_buy.checkout, name="checkout"),
    path(_BASE + "restock/", views_buy.restock, name="restock"),
    path(_BASE + "captcha/<uuid:challenge>.png", views_buy.captcha_image, name="captcha"),
    path(_BASE + "pay/<slug:number>/", views_order.pay, name="pay"),
    path(_BASE + "status/<slug:number>/", views_order.status, name="status"),
    path(_BASE + "o/<slug:number>/", views_order.order, name="order"),
    path(_BASE + "o/<slug:number>/cancel/", views_order.cancel, name="cancel"),
    path(_BASE + "o/<slug:number>/codes.<slug:kind>", views_order.download, name="download"),
    path(_BASE + "lookup/", views_find.lookup_page, name="lookup"),
    path(_BASE + "mine/", views_find.mine, name="mine"),
    path(_BASE + "service/", views_find.service, name="service"),
    path(_BASE + "share/", views_share.share, name="share"),
    path(_BASE + "poster.svg", views_share.poster_svg, name="poster_svg"),
    path(_BASE + "poster.png", views_share.poster_png, name="poster_png"),
]
