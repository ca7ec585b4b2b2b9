"""The guides' code is run as a reader would run it."""

import json
import os
import queue
import subprocess
import sys
import threading

import pytest

from kamao_client import Client
from tests.docs.blocks import ROOT, blocks

TEN_MINUTES = ["docs/guide/integrate-in-ten-minutes.md", "docs/guide/integrate-in-ten-minutes.zh-CN.md"]


@pytest.mark.parametrize("page", TEN_MINUTES)
def test_the_ten_minute_guide_works_from_top_to_bottom(page, demo, capsys):
    names = {"__name__": "guide"}
    code = blocks(page, "python")
    assert len(code) >= 9
    for number, block in enumerate(code):
        exec(compile(block, f"{page}, block {number + 1}", "exec"), names)
    assert names["order"].amount == 2900
    assert [result.status for result in names["results"]] == [201, 201, 201]
    assert names["event"].type == "order.delivered"
    assert names["event"].livemode is False
    out = capsys.readouterr().out
    assert "tencent-video-month" in out
    assert "GUIDE-" in out  # the codes were handed over


def test_both_languages_show_the_same_program():
    english, chinese = ([_bare(block) for block in blocks(page, "python")] for page in TEN_MINUTES)
    assert english == chinese


def test_the_clients_readme_works(demo):
    names = {"__name__": "readme"}
    for number, block in enumerate(blocks("src/kamao_client/README.md", "python")):
        exec(compile(block, f"README.md, block {number + 1}", "exec"), names)
    assert names["order"].state == "delivered"
    assert [order.reference for order in names["orders"]] == ["README-2", "README-3"]


def _bare(block):
    """A block without comments, texts for people and the choice of language."""
    lines = [line.split("  # ")[0] for line in block.splitlines() if not line.lstrip().startswith("# ")]
    text = "\n".join(lines).replace(', language="en"', "")
    for words in ('"ten minutes"', '"十分钟接入"', '"no webhook came"', '"没有收到回调"'):
        text = text.replace(words, "…")
    return text


def test_the_receiver_of_the_webhook_guide_verifies_real_deliveries(demo, base_url, tmp_path):
    (program,) = blocks("docs/guide/webhooks.md", "python")
    file = tmp_path / "receiver.py"
    file.write_text(program, encoding="utf-8")
    with Client(base_url, demo.key) as client:
        endpoint = client.webhooks.create("http://127.0.0.1:9/not-yet")
        secret = client.webhooks.rotate(endpoint.id).secret
        client.webhooks.delete(endpoint.id)
        environment = {**os.environ, "WEBHOOK_SECRET": secret, "PORT": "0"}
        command = [sys.executable, str(file)]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as process:
            try:
                lines = _lines(process)
                port = int(lines.get(timeout=20))
                made = client.webhooks.create(f"http://127.0.0.1:{port}/hook", events=["order.delivered"])
                # The program was started with another endpoint's secret: it must refuse.
                client.orders.buy("tencent-video-month", 1, "W-1")
                with pytest.raises(queue.Empty):
                    lines.get(timeout=1.5)
            finally:
                process.kill()
        environment["WEBHOOK_SECRET"], environment["PORT"] = made.secret, str(port)
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as process:
            try:
                lines = _lines(process)
                assert int(lines.get(timeout=20)) == port
                order = client.orders.buy("tencent-video-month", 1, "W-2")
                told = [json.loads(lines.get(timeout=30))]
                while told[-1]["id"] != order.id:
                    told.append(json.loads(lines.get(timeout=30)))
            finally:
                process.kill()
        client.webhooks.delete(made.id)
    assert told[-1] == {"type": "order.delivered", "id": order.id}


def _lines(process):
    lines = queue.Queue()

    def read():
        for line in process.stdout:
            lines.put(line.strip())

    threading.Thread(target=read, daemon=True).start()
    return lines
