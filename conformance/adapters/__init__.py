"""Frameworks put behind the contract: one module a framework, each an implementation under test."""
