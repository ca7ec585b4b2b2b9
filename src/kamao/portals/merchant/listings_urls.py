"""Addresses of the listing pages, below ``/merchant/listings/``."""

from django.urls import path

from kamao.portals.merchant import listings, listings_items

listing_patterns = [
    path("listings/", listings.entry, name="listings"),
    path("listings/<slug:slug>/", listings.rules, name="listing_rules"),
    path("listings/<slug:slug>/new/", listings.new, name="listing_new"),
    path("listings/<slug:slug>/preview/", listings.preview, name="listing_preview"),
    path("listings/<slug:slug>/undo/", listings.undo, name="listing_undo"),
    path("listings/<slug:slug>/rules/<uuid:key>/", listings.edit, name="listing_edit"),
    path("listings/<slug:slug>/rules/<uuid:key>/remove/", listings.remove, name="listing_remove"),
    path("listings/<slug:slug>/items/", listings_items.items, name="listing_items"),
    path("listings/<slug:slug>/items/<slug:code>/", listings_items.item, name="listing_item"),
]
