-- One event of this cell, if it belongs to the organisation.
SELECT seq, id, type, organisation, data::text, created_at
  FROM trade_event
 WHERE id = %(id)s AND organisation = %(organisation)s AND seq IS NOT NULL
