"""Other libraries of active learning, in an environment of their own: build/peers, never in the package's."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "peers"

# What pip is told, call by call. Two are taken without what they ask for beside torch (Jupyter, a project template),
# which their strategies never load; a torch that is there already, one for the CPU say, is taken as it is.
PEERS = {
    "readers of data": ("pandas pyarrow pillow",),
    "scikit-activeml": ("scikit-activeml==1.0.1",),
    "small-text": ("small-text==1.4.1",),
    "modAL": ("modAL-python==0.4.2.1",),
    "apricot": ("apricot-select==0.6.1",),
    "baal": ("torch structlog torchmetrics tqdm pillow", "--no-deps baal==2.1.0"),
    "batchbald_redux": ("torch tqdm psutil", "--no-deps batchbald_redux==2.0.5 toma==1.1.0"),
}


def python() -> Path:
    """The interpreter of the peers' environment, made when it is not there; a peer that cannot be had is left out."""
    found = PLACE / "bin" / "python"
    if not found.exists():
        venv.create(PLACE, with_pip=True)
        for name, calls in PEERS.items():
            for words in calls:
                if subprocess.run([found, "-m", "pip", "install", "-q", *words.split()]).returncode:
                    print(f"{name} could not be installed: {words}", flush=True)
                    break
    return found


def environment() -> dict[str, str]:
    """What a program in the peers' environment needs to find ours."""
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    return os.environ | {"PYTHONPATH": path, "TQDM_DISABLE": "1"}  # no bars across our tables


def run_there(module: str, *options: str, **more: object) -> subprocess.CompletedProcess[str]:
    """python -m module OPTIONS under the peers' interpreter; raises `subprocess.TimeoutExpired` when told a timeout."""
    return subprocess.run([python(), "-m", module, *options], cwd=ROOT, env=environment(), text=True, **more)  # type: ignore[call-overload, no-any-return]
