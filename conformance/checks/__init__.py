"""The checks: each a function of an implementation and a case that returns what it found."""
