"""x"""
from litestar.openapi import OpenAPIConfig


def openapi_config():
    return OpenAPIConfig(title="Kamao", version="1", path="/api/v1", create_examples=False)
