"""All settings of the desk, from MADOGUCHI_… variables only (docs/operations.md lists them)."""

import secrets
import zoneinfo
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from django.utils.csp import CSP

from madoguchi.config import environment as env
from madoguchi.config.asterisk import pbx_lines
from madoguchi.config.cdr import cdr_sources
from madoguchi.config.environment import marked as _
from madoguchi.config.ldap import ldap_server
from madoguchi.config.place import DATA_DIR, DATABASE, sqlite_file
from madoguchi.config.sms import sms_provider

PACKAGE = Path(__file__).resolve().parent.parent

PUBLIC_URL = env.url("PUBLIC_URL", "http://localhost:8000", ("http", "https"), doc=_("address people type"))
DEBUG = env.boolean("DEBUG", False, doc=_("detailed error pages; never on a reachable server"))

try:
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)  # originals of mails are nobody else's
except OSError as error:
    raise env.SettingError(f"MADOGUCHI_DATA_DIR {DATA_DIR} cannot be made: {error.strerror}.") from error


def _secret_key() -> str:
    """The configured key, else one generated into the data folder on the first start."""
    if key := env.text("SECRET_KEY", doc=_("signs sessions and links; unset: generated into DATA_DIR")):
        if len(key) < 32:
            raise env.SettingError("MADOGUCHI_SECRET_KEY must have at least 32 characters.")
        return key
    file = DATA_DIR / "secret-key"
    try:
        with file.open("x", encoding="ascii") as new:
            file.chmod(0o600)
            new.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return file.read_text(encoding="ascii")


def _database() -> dict[str, Any]:
    if DATABASE is None or DATABASE.scheme == "sqlite":
        return {
            "ENGINE": "madoguchi.foundation.sqlite3",
            "NAME": str(sqlite_file()),
            "CONN_MAX_AGE": None,  # opening one per request cost a quarter of the requests per second
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8000;"
                " PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;",
            },
        }
    options = dict(parse_qsl(DATABASE.query))
    # Compiling a page's question takes PostgreSQL a hundred times as long as answering it, and to think of every order
    # of ten joined tables ten times as long; of that many, nearly all are looked up by key in the order written.
    options.setdefault("options", "-c jit=off -c join_collapse_limit=4")
    # A host that vanished without a word is noticed within a minute; the kernel would wait for hours.
    noticing = {"connect_timeout": "10", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
    options = noticing | {"tcp_user_timeout": "60000"} | options
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(DATABASE.path.lstrip("/")),
        "USER": unquote(DATABASE.username or ""),
        "PASSWORD": unquote(DATABASE.password or ""),
        "HOST": DATABASE.hostname or options.pop("host", ""),
        "PORT": str(DATABASE.port or options.pop("port", "")),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


SECRET_KEY = _secret_key()
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

assert PUBLIC_URL is not None
HTTPS = PUBLIC_URL.scheme == "https"
PUBLIC_ADDRESS = PUBLIC_URL.geturl().rstrip("/")
ALLOWED_HOSTS = [PUBLIC_URL.hostname or "localhost", "localhost", "127.0.0.1", "[::1]"] + [
    host
    for host in env.text("ALLOWED_HOSTS", doc=_("further host names, separated by commas")).replace(" ", "").split(",")
    if host
]
CSRF_FAILURE_VIEW = "madoguchi.web.shell.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [f"{PUBLIC_URL.scheme}://{PUBLIC_URL.netloc}"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "worker-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "madoguchi.journal",
    "madoguchi.problems",
    "madoguchi.files",
    "madoguchi.search",
    "madoguchi.calendars",
    "madoguchi.people",
    "madoguchi.catalog",
    "madoguchi.telephony",
    "madoguchi.mail",
    "madoguchi.interactions",
    "madoguchi.knowledge",
    "madoguchi.knowledge.glossary",
    "madoguchi.notices",
    "madoguchi.notifications",
    "madoguchi.scripts",
    "madoguchi.tickets",
    "madoguchi.consultations",
    "madoguchi.handoffs",
    "madoguchi.clocks",
    "madoguchi.rules",
    "madoguchi.insight.gaps",
    "madoguchi.directory",
    "madoguchi.api",
    "madoguchi.web",
]

MIDDLEWARE = [
    "madoguchi.web.shell.middleware.ErrorRows",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "madoguchi.web.shell.middleware.StaffLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "madoguchi.web.shell.middleware.Refusals",
]

ROOT_URLCONF = "madoguchi.config.urls"
WSGI_APPLICATION = "madoguchi.config.wsgi.application"

TEMPLATES = [
    {
        "NAME": "pages",
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [PACKAGE / "web"],
        "APP_DIRS": False,
        "OPTIONS": {"environment": "madoguchi.config.jinja.environment"},
    },
    {
        # allauth's few pages stay on Django templates over the same CSS.
        "NAME": "accounts",
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "shell" / "accounts"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
]

AUTH_USER_MODEL = "people.Staff"
AUTHENTICATION_BACKENDS = ["madoguchi.web.shell.sessions.StaffBackend"]
SESSION_ENGINE = "madoguchi.web.shell.sessions"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "madoguchi.web.shell.accounts_adapter.StaffAccounts"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
SESSION_COOKIE_AGE = 14 * 24 * 3600
# Sign-in and answer pages count their limits here; the proxy that is believed about TLS says who asks.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 20_000}}}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if HTTPS else 0

LANGUAGES = [("ja", "日本語"), ("en", "English")]
LANGUAGE_CODE = env.choice("LANGUAGE", "ja", ("ja", "en"), doc=_("language of a page before sign-in, and of mail"))
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = env.text("TIME_ZONE", "Asia/Tokyo", doc=_("zone in which times are shown and days begin"))
try:
    zoneinfo.ZoneInfo(TIME_ZONE)
except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
    raise env.SettingError(f"MADOGUCHI_TIME_ZONE {TIME_ZONE!r} is no time zone; try Asia/Tokyo.") from error
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [PACKAGE / "web" / "shell" / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "madoguchi.web.shell.bundles.BundleFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 30 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# The journal finds its reactions here, so that the lower room never imports the upper one.
JOURNAL_REACTIONS = "madoguchi.reactions.REACTIONS"
SEARCH_SOURCES = "madoguchi.reactions.SEARCH_SOURCES"
ARTICLE_COMMENT_DAYS = env.integer(
    "ARTICLE_COMMENT_DAYS", 3, doc=_("working days in which a comment on an article is answered"), least=1
)
ENCODER = env.boolean("ENCODER", True, doc=_("use the sentence encoder for suggestions, where it is installed"))

MAIL_ADDRESS = env.mail_address("MAIL_ADDRESS", "desk@localhost", doc=_("the one address requesters see"))
MAIL_NAME = env.text("MAIL_NAME", "窓口", doc=_("the name beside MAIL_ADDRESS"))
RECORD_ADDRESS = env.mail_address(
    "RECORD_ADDRESS", doc=_("staff forward here what reached them past the desk, it is recorded; unset: not at all")
)
MAIL_VOUCHERS = tuple(
    name.strip().lower()
    for name in env.text(
        "MAIL_VOUCHERS", doc=_("names under which the own mail server writes Authentication-Results, with commas")
    ).split(",")
    if name.strip()
)
OWN_NUMBERS = tuple(
    number.strip()
    for number in env.text("OWN_NUMBERS", doc=_("the desk's own telephone numbers, separated by commas")).split(",")
    if number.strip()
)
SMTP = env.url(
    "SMTP_URL", "", ("smtp", "smtps", "smtp+starttls"), doc=_("outgoing mail; unset: .eml files in DATA_DIR")
)
IMAP = env.url("IMAP_URL", "", ("imap", "imaps"), doc=_("mailbox that is collected; unset: none"))
SMTP_LISTEN = env.address("SMTP_LISTEN", doc=_("host:port where mail is taken in by SMTP; unset: not at all"))
MAIL_LARGEST = env.integer("MAIL_LARGEST_MB", 40, doc=_("largest incoming mail, in megabytes"), least=1) * 1024 * 1024
WEB_WORKERS = env.integer("WEB_WORKERS", 2, doc=_("web processes"), least=1)
WEB_THREADS = env.integer("WEB_THREADS", 8, doc=_("threads of a web process"), least=1)
LDAP = ldap_server()
SMS = sms_provider()
CHAT_HOSTS = tuple(
    host.strip().lower()
    for host in env.text(
        "CHAT_HOSTS", doc=_("hosts of chat webhooks in the own network, or .domain for all below; separated by commas")
    ).split(",")
    if host.strip()
)
ASTERISK = pbx_lines(TIME_ZONE)
CDR = cdr_sources(TIME_ZONE, ASTERISK)
CALL_SECRETS = {
    name.strip(): secret.strip()
    for name, _equals, secret in (
        line.partition("=")
        for line in env.text(
            "CALL_SECRETS",
            doc=_("tokens whose posts about calls must be signed, one “name=secret” a line"),
            secret=True,
        ).splitlines()
    )
    if name.strip() and secret.strip()
}
TWILIO_AUTH_TOKENS = tuple(
    token.strip()
    for token in env.text(
        "TWILIO_AUTH_TOKEN",
        doc=_("Auth Token of the Twilio account whose posts are taken, while it changes two, separated by commas"),
        secret=True,
    ).split(",")
    if token.strip()
)
SHORT_ABANDON_SECONDS = env.integer("SHORT_ABANDON_SECONDS", 5, doc=_("an abandoned wait below this counts as short"))
RECORDING_HOSTS = tuple(
    host.strip().lower()
    for host in env.text(
        "RECORDING_HOSTS",
        doc=_("hosts, with port where it is not 443, that recordings may be linked from; separated by commas"),
    ).split(",")
    if host.strip()
)
SECURE_CSP["media-src"] = [CSP.SELF, *(f"https://{host}" for host in RECORDING_HOSTS)]
WAIT_ALARM_SECONDS = env.integer(
    "WAIT_ALARM_SECONDS", 60, doc=_("a caller who waits longer than this is an alarm on the board")
)

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"one_warning": {"()": "madoguchi.config.logs.OneWarning"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["console"],
        "level": env.choice("LOG_LEVEL", "INFO", _LEVELS, doc=_("least level that is logged")),
    },
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "ERROR"},
        "django.security.DisallowedHost": {"filters": ["one_warning"]},
    },
}

# What the administrator sees on the page of settings: name → what it is for, name → (value, where it came from).
MADOGUCHI_SETTINGS = env.SETTINGS
MADOGUCHI_IN_FORCE = env.IN_FORCE
