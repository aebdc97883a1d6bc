"""The suite put to the test: each deliberate breakage of the code must turn a named test red.

`breakages` lists them as data. `make mutants` applies one after the other to a temporary copy of
the tree, runs the test file that claims to hold the sentence, and says what was caught.
"""
