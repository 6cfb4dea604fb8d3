import os
from pathlib import Path

# What tests start runs the packages of this folder, wherever the environment's own come from.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, (str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH")))
)
