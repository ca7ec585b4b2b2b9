"""Addresses of the kit: the start page and the demo's doors."""

from django.urls import path

from kamao.portals.kit import assets, views

urlpatterns = [
    path("assets/<str:name>", assets.send_asset, name="asset"),
    path("", views.start, name="start"),
    path("demo/<slug:role>/", views.open_door, name="demo_door"),
]
