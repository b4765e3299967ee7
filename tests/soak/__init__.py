"""Hours of load with a fault a minute: the invariants after each, memory and descriptors over time."""
