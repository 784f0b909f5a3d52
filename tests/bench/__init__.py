"""The README's figures, measured: `python -m tests.bench`. No tests: nothing here asserts how long anything takes."""
