"""kill -9 of the bank, and of ourselves between receiving a notice and committing it."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import httpx
from django.conf import settings
from django.db import connection

from kamao.business.payments import intents
from kamao.business.payments.models import Notice
from tests.payments.bank import SRC, Bank
from tests.payments.conftest import PRICE_MINOR, Shop, wait_for
from tests.payments.test_arrivals import assert_goods, later

DOOR = Path(__file__).with_name("door.py")


def test_bank_killed_after_the_payment_tells_it_when_back(shop: Shop, bank: Bank):
    bank.misbehave("notify", "delay", value=1, remaining=1)
    purchase = shop.place()
    page = shop.pay_page(purchase)
    bank.press(page.url)
    bank.kill()
    assert shop.state(purchase) == "awaiting_payment"
    at = datetime.now(UTC)
    assert intents.follow_up(at=at + timedelta(seconds=10)) == 1
    assert shop.intent(page.number).last_answer == "query: unknown"
    intents.expire_purchases(at=later(purchase))
    intents.follow_up(at=later(purchase))
    assert shop.codes() == {"free": 9, "reserved": 1}
    bank.start()
    wait_for(lambda: shop.state(purchase) == "paid")
    assert_goods(shop, bank, purchase, page.number)


def test_killed_between_receiving_and_committing(shop: Shop, bank: Bank):
    """The notice is booked but not committed when the process dies: nothing is kept, and the repeat brings
    it all.
    """
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{SRC}:{SRC.parent}",
        "KAMAO_HOME": str(settings.KAMAO_HOME),
        "DJANGO_SETTINGS_MODULE": "kamao.runtime.django_settings",
        "KAMAO_DATABASE_URL": _database_url(),
    }
    door = subprocess.Popen([sys.executable, str(DOOR)], stdout=subprocess.PIPE, text=True, env=environment)
    assert door.stdout is not None
    port = int(door.stdout.readline())
    purchase = shop.place()
    at_door = f"http://127.0.0.1:{port}/{shop.account.id}"
    page = intents.begin_payment(
        purchase, account=shop.account, at=datetime.now(UTC), notify_url=at_door, return_url=shop.base_url
    )
    bank.press(page.url)
    assert door.stdout.readline() == "booked captured\n"
    assert shop.state(purchase) == "awaiting_payment"
    door.send_signal(signal.SIGKILL)
    door.wait(10)
    door.stdout.close()
    assert not Notice.objects.exists()
    assert shop.codes() == {"free": 9, "reserved": 1}
    _take_over(shop, bank, port)
    wait_for(lambda: shop.state(purchase) == "paid")
    assert shop.payments() == [("captured", PRICE_MINOR, "")]
    assert_goods(shop, bank, purchase, page.number)


def _database_url() -> str:
    where = connection.settings_dict
    host = quote(str(where["HOST"]), safe="")
    return f"postgresql://{where['USER']}@/{where['NAME']}?host={host}&port={where['PORT']}"


def _take_over(shop: Shop, bank: Bank, port: int) -> None:
    """Our restarted process: listens where the dead one did and passes what comes to the real door."""

    class Passing(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {k: v for k, v in self.headers.items() if k.lower().startswith("sandbox")}
            url = f"{shop.base_url}/pay/notify/{shop.account.id}"
            answer = httpx.post(url, content=body, headers={**headers, "Content-Type": "application/json"})
            self.send_response(answer.status_code)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = HTTPServer(("127.0.0.1", port), Passing)
    server.timeout = 10
    thread = Thread(target=server.handle_request)
    thread.start()
    thread.join(15)
    server.server_close()
