"""Asking providers for tokens: the one place that speaks HTTP to them, and what is sealed."""
