"""Kamao (卡猫): a self-hosted supply chain for virtual goods."""

__version__ = "0.1.0"
