"""Stand-ins for the vendors' models: the same wire formats, other engines, on loopback."""
