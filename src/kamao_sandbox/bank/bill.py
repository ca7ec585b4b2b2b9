"""The daily bill: every payment and refund of one merchant and one business day, as signed CSV.

Owns: the format. Refuses: days that are not over to be called final (the header says `final`). Faults of
`bill` leave a line out or change an amount, for the reconciliation to find.
"""

import csv
import io
import sqlite3
from datetime import date, datetime, timedelta, timezone

from kamao_sandbox.bank.faults import Fault
from kamao_sandbox.bank.protocol import rfc3339
from kamao_sandbox.bank.store import now_ms

ZONE = timezone(timedelta(hours=8))
COLUMNS = ("kind", "number", "out_trade_no", "payment_no", "amount_minor", "currency", "at")


def daily_bill(db: sqlite3.Connection, *, merchant: str, day: date, struck: dict[str, Fault]) -> bytes:
    """The bill of `day` (Asia/Shanghai) as UTF-8 CSV: one title row `#bill,merchant,day,final|running`,
    header, lines.
    """
    start = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    start_ms = int(start.timestamp() * 1000)
    end_ms = start_ms + 86_400_000
    lines: list[list[object]] = []
    for row in db.execute(
        "SELECT * FROM payments WHERE merchant = ? AND paid_ms >= ? AND paid_ms < ?"
        " ORDER BY paid_ms, payment_no",
        (merchant, start_ms, end_ms),
    ):
        number = row["payment_no"]
        lines.append(
            [
                "payment",
                number,
                row["out_trade_no"],
                number,
                row["amount_minor"],
                row["currency"],
                rfc3339(row["paid_ms"]),
            ]
        )
    for row in db.execute(
        "SELECT * FROM refunds WHERE merchant = ? AND state = 'done' AND decided_ms >= ? AND decided_ms < ?"
        " ORDER BY decided_ms, refund_no",
        (merchant, start_ms, end_ms),
    ):
        lines.append(
            [
                "refund", row["refund_no"], row["out_trade_no"], row["payment_no"], row["amount_minor"],
                row["currency"], rfc3339(row["decided_ms"]),
            ]
        )  # fmt: skip
    if lines and "omit_line" in struck:
        lines.pop(0)
    if lines and "alter_amount" in struck:
        lines[0][4] = max(1, int(str(lines[0][4])) + struck["alter_amount"].value)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["#bill", merchant, day.isoformat(), "final" if end_ms <= now_ms(db) else "running"])
    writer.writerow(COLUMNS)
    writer.writerows(lines)
    return buffer.getvalue().encode()
