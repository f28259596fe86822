"""What becomes of a whole account: taken home as files, or removed."""
