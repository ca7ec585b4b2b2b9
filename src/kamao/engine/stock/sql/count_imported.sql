UPDATE stock_lot SET imported = imported + %s WHERE id = %s
