"""One start, from what it will write to the format of its volumes; may import all other wings."""
