import os
from pathlib import Path

ROOT = Path(__file__).parent.parent
# What tests start runs the packages of this folder, wherever the environment's own come from.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
