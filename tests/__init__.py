"""The tests: units, parity with the original scripts, real servers, benchmarks, and the demo."""
