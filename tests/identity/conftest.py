"""Passwords of test people are hashed cheaply; `test_operations` checks what the node really uses."""

import pytest


@pytest.fixture(autouse=True)
def cheap_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
