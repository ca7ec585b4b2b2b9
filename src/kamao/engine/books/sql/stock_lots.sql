-- A lot knows how many codes were imported into it and how many were recalled.
SELECT l.id, coalesce(c.imported, 0) || '/' || coalesce(c.recalled, 0), l.imported || '/' || l.recalled
FROM stock_lot AS l
LEFT JOIN (
    SELECT lot, count(*) AS imported, count(*) FILTER (WHERE state = 'recalled') AS recalled
    FROM stock_code GROUP BY lot) AS c ON c.lot = l.id
WHERE l.imported <> coalesce(c.imported, 0) OR l.recalled <> coalesce(c.recalled, 0)
