"""How a benchmark tells what it found."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Sequence


def line(found: Sequence[float], unit: str) -> str:
    """Return a line of numbers: how many, median, 95th percentile and the longest."""
    ordered = sorted(found)
    high = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return (
        f"n={len(ordered)} p50={statistics.median(ordered):.2f} {unit} "
        f"p95={high:.2f} {unit} max={ordered[-1]:.2f} {unit}"
    )


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """Return the power with which y grows with x: the slope of the logarithms, by least squares."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    return statistics.linear_regression(xs, ys).slope


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return what one more of x adds to y, by least squares."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return statistics.linear_regression(xs, ys).slope
