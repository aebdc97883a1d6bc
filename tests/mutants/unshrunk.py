"""A pytest plugin for broken copies: Hypothesis need not find the smallest example of a breakage."""

from __future__ import annotations

from hypothesis import Phase, settings

settings.register_profile("unshrunk", phases=[Phase.explicit, Phase.generate])
settings.load_profile("unshrunk")
