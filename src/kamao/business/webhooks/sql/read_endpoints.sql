-- Who may want events of these organisations; the endpoint for orders' own addresses is found another way.
SELECT id, organisation_id, event_types, created_at
  FROM webhook_endpoint
 WHERE cell = %(cell)s AND state = 'enabled' AND NOT is_for_orders
   AND organisation_id = ANY(%(organisations)s::uuid[])
