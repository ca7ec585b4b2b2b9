"""Addresses shared by all consoles."""

from django.urls import path

from kamao.portals.accounts import api_key_pages, views

app_name = "accounts"

urlpatterns = [
    path("accounts/step-up/", views.step_up, name="step_up"),
    path("accounts/invitation/", views.invitation, name="invitation"),
    path("accounts/organisation/", views.choose, name="choose"),
    path("accounts/mode/", views.mode, name="mode"),
    path("accounts/impersonation/end/", views.impersonation_end, name="impersonation_end"),
    path("api-keys/", api_key_pages.keys, name="api_keys"),
    path("api-keys/<uuid:key_id>/rotate/", api_key_pages.rotate, name="api_key_rotate"),
    path("api-keys/<uuid:key_id>/revoke/", api_key_pages.revoke, name="api_key_revoke"),
]
