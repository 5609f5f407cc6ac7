"""The scripts are no package: they are found as `python scripts/benchmark.py` finds its neighbours."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
