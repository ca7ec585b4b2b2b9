"""Version 1 of the open API, a module per feature. Refuses: anything a caller did not ask for by its
documented name.
"""

from kamao.api.v1 import catalogue, keys, orders, supply, supply_codes, wallet, webhooks

ROUTES = [
    catalogue.list_skus,
    catalogue.get_sku,
    catalogue.list_categories,
    catalogue.list_scenes,
    catalogue.create_quote,
    orders.create_order,
    orders.create_orders,
    orders.get_order,
    orders.list_own_orders,
    orders.cancel_order,
    wallet.get_wallet,
    wallet.list_entries,
    webhooks.list_endpoints,
    webhooks.create_endpoint,
    webhooks.rotate_endpoint,
    webhooks.delete_endpoint,
    webhooks.list_own_events,
    webhooks.redeliver_event,
    keys.list_keys,
    keys.create_key,
    keys.revoke_key,
    supply.put_offers,
    supply.list_offers,
    supply_codes.add_codes,
    supply_codes.stream_codes,
    supply.list_lots,
    supply.recall,
    supply.list_fulfilments,
    supply.succeed,
    supply.fail,
    supply.list_settlements,
]
