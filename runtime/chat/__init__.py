"""Conversations about a user's collection, remembered for a while."""
