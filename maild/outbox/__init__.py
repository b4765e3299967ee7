"""Mail out: a decided reply becomes bytes, and the bytes reach a relay."""
