"""Analyses by Message Batches: what the batcher does in a run."""
