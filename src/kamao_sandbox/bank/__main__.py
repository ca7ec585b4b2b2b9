"""Start the sandbox bank: `python -m kamao_sandbox.bank --port P --home DIR --notify-url URL`.

Prints one line of JSON when it listens: `{"ready": true, "base_url": …, "home": …}`. SIGTERM and Ctrl-C
stop it.
"""

import argparse
import json
import re
import signal
import sys
import threading
from pathlib import Path

from kamao_sandbox.bank import pages
from kamao_sandbox.bank.api import MerchantApi
from kamao_sandbox.bank.credentials import open_credentials
from kamao_sandbox.bank.desk import Desk
from kamao_sandbox.bank.events import REPEAT_S, Notifier
from kamao_sandbox.bank.http import Answer, Asked, BankServer
from kamao_sandbox.bank.store import Store

_PAY = re.compile(r"/pay/([A-Za-z0-9]{10,40})")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="kamao_sandbox.bank", description="A test bank that misbehaves on purpose."
    )
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; loopback by default")
    parser.add_argument("--home", type=Path, required=True, help="directory of its state and keys")
    parser.add_argument(
        "--notify-url", default="", help="where events go unless an order names another address"
    )
    parser.add_argument(
        "--public-url", default="", help="address that buyers' browsers use; default: host and port"
    )
    parser.add_argument(
        "--merchant", action="append", help="name of a customer of the bank; default: live and test"
    )
    parser.add_argument("--seed", default="kamao", help="seed of the misbehaviour")
    parser.add_argument(
        "--repeat-s", default="", help="comma-separated pauses between tries of a notification"
    )
    return parser.parse_args()


def _route(asked: Asked, *, api: MerchantApi, desk: Desk) -> Answer:
    if asked.path.startswith("/v1/"):
        return api.answer(asked)
    if asked.path == "/style.css":
        return Answer(body=pages.STYLE, content_type="text/css", headers={"Cache-Control": "max-age=300"})
    if found := _PAY.fullmatch(asked.path):
        return desk.pay(asked, bank_order_no=found[1])
    if asked.path == "/control" or asked.path.startswith("/control/"):
        return desk.control(asked)
    if asked.path == "/":
        return Answer(303, headers={"Location": "/control"})
    return Answer(404, b'{"code":"not_found","detail":"no such address"}')


def main() -> int:
    """Run until told to stop; returns the exit code."""
    args = _arguments()
    credentials, key = open_credentials(args.home, merchants=args.merchant or ["live", "test"])
    store = Store(args.home / "bank.sqlite3", seed=args.seed)
    pauses = tuple(float(part) for part in args.repeat_s.split(",")) if args.repeat_s else REPEAT_S
    notifier = Notifier(store, key, repeat_s=pauses)
    parts: dict[str, MerchantApi | Desk] = {}

    def answer(asked: Asked) -> Answer:
        api, desk = parts["api"], parts["desk"]
        assert isinstance(api, MerchantApi)
        assert isinstance(desk, Desk)
        reply = _route(asked, api=api, desk=desk)
        if asked.method == "POST":
            notifier.wake()
        return reply

    server = BankServer((args.host, args.port), answer)
    base_url = args.public_url or f"http://{args.host}:{server.server_address[1]}"
    parts["api"] = MerchantApi(store, credentials, key, base_url=base_url, notify_url=args.notify_url)
    parts["desk"] = Desk(store, credentials, notifier, base_url=base_url)

    def stop(*_: object) -> None:
        server.stopping.set()
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    notifier.start()
    print(json.dumps({"ready": True, "base_url": base_url, "home": str(args.home)}), flush=True)
    server.serve_forever(poll_interval=0.1)
    notifier.stop()
    notifier.join(timeout=6)
    server.server_close()
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
