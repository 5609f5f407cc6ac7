"""Training: optimisers and schedules, the loop over batches and epochs, and what a run leaves behind."""
