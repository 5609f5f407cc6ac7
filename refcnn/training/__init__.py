"""Training a network: how the images vary, how large the steps are."""
