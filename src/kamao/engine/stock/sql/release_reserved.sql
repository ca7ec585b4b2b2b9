UPDATE stock_code SET state = 'free', holder = NULL
WHERE holder = ANY (%s::uuid[]) AND state = 'reserved'
RETURNING id, offer
