COPY stock_code (id, offer, lot, expires_at, state, sealed) FROM STDIN (FORMAT binary)
