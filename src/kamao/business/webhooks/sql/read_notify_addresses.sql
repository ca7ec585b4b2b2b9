-- Addresses that orders brought along themselves (`notify_url`).
SELECT id, notify_url
  FROM trade_order
 WHERE id = ANY(%(orders)s::uuid[]) AND notify_url IS NOT NULL
