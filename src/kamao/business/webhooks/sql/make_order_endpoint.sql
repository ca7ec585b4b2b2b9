-- The one endpoint of an organisation and cell that signs for orders' own addresses; made when first needed.
INSERT INTO webhook_endpoint (
       id, organisation_id, cell, url, description, event_types, state, disabled_reason, secret_sealed,
       throttles_in_row, is_for_orders, created_at)
VALUES (%(id)s, %(organisation)s, %(cell)s, '', '', '{}', 'enabled', '', %(secret)s, 0, TRUE, %(at)s)
ON CONFLICT (organisation_id, cell) WHERE is_for_orders DO NOTHING
