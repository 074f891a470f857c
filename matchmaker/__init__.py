"""Find the municipalities that should run an AI project together, and say why."""

__version__ = "0.1.0"
