"""The human documentation at /api/docs: one page made from the OpenAPI document, without any outside
address.
"""
