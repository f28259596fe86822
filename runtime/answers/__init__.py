"""Answers to questions about a user's images, by Claude, from what the images say and from nothing else."""
