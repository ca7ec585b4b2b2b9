"""Every environment variable a node reads, in one table: the reference is made from it, and a test compares
it with the code. Owns no value: each variable is read where it is used.
"""

from typing import NamedTuple


class Setting(NamedTuple):
    """One variable: its name, what holds when it is not set, and what it means."""

    name: str
    default: str
    meaning: str


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "KAMAO_HOME",
        "for root the system's place, else the user's data folder",
        "The node's home: database, keys, logs, backups. Every command's `--home` says the same.",
    ),
    Setting(
        "KAMAO_DATABASE_URL",
        "the embedded PostgreSQL",
        "`postgresql://user:password@host:port/name` of a PostgreSQL 18 or newer that somebody else runs.",
    ),
    Setting(
        "KAMAO_BASE_URL",
        "`http://127.0.0.1:PORT`",
        "The address people use, when a proxy stands in front; with https, cookies need https too.",
    ),
    Setting(
        "KAMAO_HOSTS",
        "loopback, and with `--lan` this machine's own",
        "Further host names the node answers to, separated by commas.",
    ),
    Setting(
        "KAMAO_TRUST_PROXY",
        "not set",
        "Set when a proxy in front writes the forwarded headers; only then do they count.",
    ),
    Setting(
        "KAMAO_ALLOW_LOOPBACK",
        "not set (set in a demo)",
        "`1` allows outgoing calls to this machine: webhook receivers under development, the sandbox bank.",
    ),
    Setting(
        "KAMAO_METRICS_TOKEN",
        "not set",
        "`/metrics` asks for `Authorization: Bearer TOKEN`; without it, loopback alone is answered.",
    ),
    Setting("KAMAO_LOG_LEVEL", "INFO", "How much the processes write into the logs."),
    Setting("KAMAO_EMAIL_HOST", "mails are written into `<home>/mail`", "The SMTP server for mails."),
    Setting("KAMAO_EMAIL_PORT", "587", "Its port."),
    Setting("KAMAO_EMAIL_USER", "empty", "Its login."),
    Setting("KAMAO_EMAIL_PASSWORD", "empty", "Its password."),
    Setting("KAMAO_EMAIL_FROM", "`kamao@localhost`", "Sender of mails."),
    Setting("KAMAO_PASSPHRASE", "asked for", "Passphrase of `backup-keys` and `restore-keys`, for scripts."),
    Setting(
        "KAMAO_ORDER_LANES",
        "see the API",
        "Threads per cell that place what the express lane on the event loop leaves to them.",
    ),
    Setting("KAMAO_PYTHON", "searched for", "The Python (3.11 or newer) that the environment is made from."),
)
INTERNAL: frozenset[str] = frozenset(
    {
        "KAMAO_PROCESS",
        "KAMAO_ORIGINS",
        "KAMAO_STATIC",
        "KAMAO_DJANGO_POOL",
        "KAMAO_DATABASE_ROLE",
        "KAMAO_DEMO",
        "KAMAO_SANDBOX_BANK_URL",
        "KAMAO_SANDBOX_BANK_HOME",
        "KAMAO_CHROMIUM",
        "KAMAO_UV",
    }
)
"""Set by the supervisor for its children, or by a tool for another; nobody else sets them."""
