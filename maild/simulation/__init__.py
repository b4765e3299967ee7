"""A generated history of a house, run through the real line in simulated time."""
