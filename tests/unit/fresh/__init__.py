"""The fresh machines' parts that start nothing."""
