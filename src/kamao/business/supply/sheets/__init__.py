"""Sheets as suppliers send them, read and understood without any framework: pure functions over values."""
