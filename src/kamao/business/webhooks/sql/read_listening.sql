-- Whose events anybody listens to in a cell.
SELECT DISTINCT organisation_id
  FROM webhook_endpoint
 WHERE cell = %(cell)s AND state = 'enabled' AND NOT is_for_orders
