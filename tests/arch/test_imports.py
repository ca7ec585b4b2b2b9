"""The contracts of .importlinter are kept, and they really forbid what they say."""

import subprocess
import sys
from pathlib import Path

import pytest

from kamao.runtime.home import CHECKOUT


def lint(folder, config):
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--config", config, "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_contracts_are_kept():
    done = lint(CHECKOUT, CHECKOUT / ".importlinter")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("place", "statement", "contract"),
    [
        ("kernel/clock.py", "import kamao.engine", "Layers point downwards"),
        ("engine/cells.py", "import kamao.business", "Layers point downwards"),
        ("engine/cells.py", "import django", "Kernel and engine know no framework"),
        ("business/catalog/models.py", "import kamao.business.shops", "Business apps keep their order"),
        ("portals/merchant/__init__.py", "import kamao.portals.operator", "Portals never import one another"),
        ("../kamao_client/__init__.py", "import kamao.kernel", "Client and sandbox stand alone"),
    ],
)
def test_contracts_bite(tmp_path, place, statement, contract):
    packages = ("kamao", "kamao_client", "kamao_sandbox")
    for package in packages:
        for source in (CHECKOUT / "src" / package).rglob("*.py"):
            target = tmp_path / "src" / source.relative_to(CHECKOUT / "src")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    spoiled = tmp_path / "src" / "kamao" / place
    spoiled.write_text(f"{spoiled.read_text(encoding='utf-8')}\n{statement}\n", encoding="utf-8")
    done = lint(tmp_path, CHECKOUT / ".importlinter")
    assert done.returncode == 1
    broken = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(line.startswith(contract) for line in broken), done.stdout
