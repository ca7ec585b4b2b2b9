UPDATE stock_lot SET recalled = recalled + %s WHERE id = %s
