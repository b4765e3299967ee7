"""Mail out: words from templates, bytes from words, bytes to a relay."""
