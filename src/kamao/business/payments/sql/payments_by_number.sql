SELECT p.provider_payment_no, p.amount_minor
  FROM trade_payment AS p
 WHERE p.provider = %(provider)s AND p.provider_payment_no = ANY (%(numbers)s)
