"""Django's settings for every process of a node; read from the home and a few KAMAO_ variables, never from a
secret in code.

Owns the list of apps and middleware. Refuses to start without the home's secret key file, which `./kamao up`
makes.
"""

import os
from pathlib import Path

from kamao.runtime import database
from kamao.runtime.home import CHECKOUT, Home, default_home
from kamao.runtime.secret_key import read_secret_key

HOME = Home(default_home())
KAMAO_HOME: Path = HOME.root
KAMAO_KEY_FILE: Path = HOME.key_file
SECRET_KEY = read_secret_key(HOME)

DEBUG = False
BASE_URL = os.environ.get("KAMAO_BASE_URL", "http://127.0.0.1:8000")
KAMAO_BASE_URL = BASE_URL
# Outgoing calls to loopback addresses (webhook receivers, the sandbox bank) are refused unless this start-up
# setting says so.
KAMAO_ALLOW_LOOPBACK = os.environ.get("KAMAO_ALLOW_LOOPBACK", "") == "1"
KAMAO_SANDBOX_BANK_URL = os.environ.get("KAMAO_SANDBOX_BANK_URL", "")

ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    *filter(None, os.environ.get("KAMAO_HOSTS", "").split(",")),
]
CSRF_TRUSTED_ORIGINS = list(filter(None, os.environ.get("KAMAO_ORIGINS", "").split(",")))
_SECURE = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = _SECURE
CSRF_COOKIE_SECURE = _SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "kamao.portals.kit.refusals.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if _SECURE:
    SECURE_PROXY_SSL_HEADER = (
        ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("KAMAO_TRUST_PROXY") else None
    )

INSTALLED_APPS = [
    # The back office has a site of its own, so unfold must not install its own.
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "kamao.portals.operator.admin_app.OperatorAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    # Before allauth: its pages wear the kit's look.
    "kamao.portals.accounts",
    # before allauth: the kit dresses the sign-in pages
    "kamao.portals.kit",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "import_export",
    "procrastinate.contrib.django",
    "kamao.worker",
    "kamao.business.identity",
    "kamao.business.idempotency",
    "kamao.business.catalog",
    "kamao.business.webhooks",
    "kamao.business.wallets",
    "kamao.business.supply",
    "kamao.business.payments",
    "kamao.business.compliance",
    "kamao.business.shops",
    "kamao.portals.market",
    "kamao.portals.merchant",
    "kamao.portals.supplier",
    "kamao.portals.operator",
]
INSTALLED_APPS = [
    app
    for app in INSTALLED_APPS
    if not app.startswith("kamao.")
    or app.endswith("Config")
    or (CHECKOUT / "src" / app.replace(".", "/") / "__init__.py").exists()
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "kamao.portals.accounts.middleware.SecurityHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "kamao.portals.kit.middleware.PageSecurityMiddleware",
    "kamao.portals.kit.middleware.RefusalMiddleware",
    "kamao.portals.accounts.middleware.ConsoleMiddleware",
]

ROOT_URLCONF = "kamao.runtime.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

_ADDRESS = database.node_address()
_ROLE = os.environ.get("KAMAO_DATABASE_ROLE", database.APP_ROLE)
_APPLICATION = os.environ.get("KAMAO_PROCESS", "kamao")
KAMAO_CONNINFO: str = database.conninfo(_ADDRESS, role=_ROLE, application=_APPLICATION)
"""libpq connection string of the node's database in the role of this process; what CellPool is opened with.
"""
_OPTIONS: dict[str, object] = {
    "options": database.startup_options(role=_ROLE),
    "application_name": _APPLICATION,
    **_ADDRESS.extra,
}
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _ADDRESS.dbname,
        "USER": _ADDRESS.user,
        "PASSWORD": _ADDRESS.password,
        "HOST": _ADDRESS.host,
        "PORT": str(_ADDRESS.port),
        "CONN_MAX_AGE": 0,
        "OPTIONS": _OPTIONS,
    },
}
_POOL_MAX = int(os.environ.get("KAMAO_DJANGO_POOL", "0"))
if _POOL_MAX:
    # A page costs one look into the pool instead of a connection of its own; tests and one-shot commands need
    # none.
    _OPTIONS["pool"] = {"min_size": 1, "max_size": _POOL_MAX, "timeout": 10}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_ADAPTER = "kamao.portals.accounts.adapters.AccountAdapter"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "20/m/ip,5/5m/key"}
MFA_ADAPTER = "kamao.business.identity.second_factor.MfaAdapter"
MFA_TOTP_TOLERANCE = 1
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Kamao"

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = str(HOME.mail)
if os.environ.get("KAMAO_EMAIL_HOST"):
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = os.environ["KAMAO_EMAIL_HOST"]
    EMAIL_PORT = int(os.environ.get("KAMAO_EMAIL_PORT", "587"))
    EMAIL_HOST_USER = os.environ.get("KAMAO_EMAIL_USER", "")
    EMAIL_HOST_PASSWORD = os.environ.get("KAMAO_EMAIL_PASSWORD", "")
    EMAIL_USE_TLS = True
DEFAULT_FROM_EMAIL = os.environ.get("KAMAO_EMAIL_FROM", "kamao@localhost")

# Lockouts and rate limits hold in every process, so the cache is a table (made by the app identity).
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kamao_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = str(HOME.static)
# A node serves collected files under names made of their content; tests and one-shot commands use them where
# they lie.
_COLLECTED = os.environ.get("KAMAO_STATIC") == "collected"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "kamao.runtime.static.ContentNamedStorage"
        if _COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
MEDIA_ROOT = str(HOME.root / "media")
MEDIA_URL = "/media/"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

PROCRASTINATE_ON_APP_READY = None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("KAMAO_LOG_LEVEL", "WARNING")},
    "loggers": {"kamao": {"level": os.environ.get("KAMAO_LOG_LEVEL", "INFO")}},
}

UNFOLD = {
    "SITE_TITLE": "Kamao",
    "SITE_HEADER": "Kamao",
    "SITE_ICON": "/static/kit/logo.svg",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "/static/kit/logo.svg"}],
    "SITE_URL": "/operator/",
    "COLORS": {
        "primary": {
            "50": "#fff4ec",
            "100": "#ffe5d3",
            "200": "#ffc8a5",
            "300": "#fda36d",
            "400": "#f88540",
            "500": "#f26b1d",
            "600": "#d95710",
            "700": "#b4440f",
            "800": "#903714",
            "900": "#752f14",
            "950": "#401507",
        },
    },
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
}
