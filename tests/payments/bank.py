"""A real sandbox bank process for tests: start, kill -9, start again; its control API; a buyer's browser."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

SRC = Path(__file__).resolve().parents[2] / "src"


class Bank:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = 0
        self.process: subprocess.Popen[str] | None = None
        self.client = httpx.Client(timeout=10.0, trust_env=False)
        self.start()

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "kamao_sandbox.bank",
            "--port",
            str(self.port),
            "--home",
            str(self.home),
        ]
        command += ["--repeat-s", "0.05,0.05,0.1,0.1,0.2,0.2,0.5,0.5,1,1,1,1,1,1,1,1,1,1"]
        environment = {"PYTHONPATH": str(SRC), "PATH": os.environ["PATH"]}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        ready = json.loads(self.process.stdout.readline())
        self.base_url = ready["base_url"]
        self.port = int(self.base_url.rpartition(":")[2])
        self.credentials = json.loads((self.home / "credentials.json").read_text())

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(15)
            assert self.process.stdout is not None
            self.process.stdout.close()
        self.client.close()

    @property
    def merchant(self) -> str:
        return str(self.credentials["merchants"]["live"]["number"])

    def control(self, name: str, body: Any = None, *, method: str = "POST") -> Any:
        headers = {"Authorization": f"Bearer {self.credentials['control_token']}"}
        answer = self.client.request(
            method, f"{self.base_url}/control/api/{name}", json=body, headers=headers
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def misbehave(self, operation: str, kind: str, **more: Any) -> None:
        self.control("faults", {"operation": operation, "kind": kind, **more})

    def behave(self) -> None:
        self.control("faults", method="DELETE")

    def press(self, pay_url: str, act: str = "pay") -> httpx.Response:
        return self.client.post(pay_url, data={"act": act})

    def force_pay(self, number: str, amount_minor: int | None = None) -> None:
        self.control("pay", {"merchant": self.merchant, "out_trade_no": number, "amount_minor": amount_minor})

    def order(self, number: str) -> dict[str, Any]:
        state = self.control("state", method="GET")
        return next(order for order in state["orders"] if order["out_trade_no"] == number)

    def held_minor(self, number: str) -> int:
        """What the bank still holds of an order's money: paid and not refunded."""
        payments = self.order(number)["payments"]
        return sum(payment["amount_minor"] - payment["refunded_minor"] for payment in payments)
