"""The demo that tells a story: a catalogue, suppliers, merchants of every level, and 90 days of trade.

Owns what is loaded and in which order. The trade is really traded through the engine under an injected clock,
day by day, each day in one transaction. Refuses to load anything twice: every step looks for what is there
already, so that a start that was killed goes on where it was.
"""

from kamao.runtime.demo.load import load

__all__ = ["load"]
