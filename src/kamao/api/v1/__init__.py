"""Version 1 of the open API, a module per feature. Refuses: anything a caller did not ask for by its documented name."""

from kamao.api.v1 import orders

ROUTES = [
    orders.create_order,
    orders.create_orders,
    orders.get_order,
    orders.list_own_orders,
]
