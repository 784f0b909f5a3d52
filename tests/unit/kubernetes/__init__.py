"""What the tests on a cluster make of what they see there."""
