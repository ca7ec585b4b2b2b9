SELECT max(seq) FROM (SELECT seq FROM trade_event WHERE seq > %s ORDER BY seq LIMIT %s) AS next
