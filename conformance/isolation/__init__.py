"""Targets in processes of their own: what they do there ends no run, and whatever they start ends with them."""
