"""Whom we talk to: one module or package for each outside system; none knows another.

An adapter turns one system's protocol into `engine.step.Step` values and its failures into
`engine.errors`. `registry` lists all of them on one page; `shared` is the floor they stand on.
"""
