SELECT holder, id, lot, nullif(expires_at, 'infinity'), sealed
FROM stock_code WHERE holder = ANY (%s::uuid[]) AND state = 'reserved'
ORDER BY holder, id
FOR NO KEY UPDATE
