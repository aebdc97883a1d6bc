"""Draw curves from standard input, a JSON object, into an SVG file.

`python plot.py FILE` takes `{"title", "x", "y", "curves": {name: [[x, y], ...]}}`; both axes are
logarithmic, so that a power law is a straight line and its exponent the slope.
"""

import json
import sys

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "benchmarks"  # the same curve gives the same file

from matplotlib import pyplot as plt  # noqa: E402 - after the choice of what draws

told = json.load(sys.stdin)
figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
for name, points in told["curves"].items():
    axes.loglog(*zip(*points, strict=True), marker="o", label=name)
axes.set(title=told["title"], xlabel=told["x"], ylabel=told["y"])
axes.grid(visible=True, which="both", alpha=0.3)
axes.legend()
figure.savefig(sys.argv[1], metadata={"Creator": None, "Date": None})
