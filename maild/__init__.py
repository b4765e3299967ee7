"""maild: mail becomes tickets, tickets become mail."""

__version__ = "0.1.0"
