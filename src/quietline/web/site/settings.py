"""Django's settings, made from Quietline's own (:mod:`quietline.web.environment`); nothing is set in two places."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF

from quietline.web.accounts.oidc import social_providers
from quietline.web.environment import read_environment

ENVIRONMENT = read_environment(os.environ)
SITE = Path(__file__).parent

DEBUG = False
SECRET_KEY = ENVIRONMENT.secret_key
SECRET_KEY_FALLBACKS = list(ENVIRONMENT.secret_keys_retired)
ALLOWED_HOSTS = list(ENVIRONMENT.hosts)
BASE_URL = ENVIRONMENT.base_url.rstrip("/")
IS_HTTPS = BASE_URL.startswith("https:")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
ROOT_URLCONF = "quietline.web.site.urls"
WSGI_APPLICATION = "quietline.web.site.wsgi.application"
APPEND_SLASH = True

INSTALLED_APPS = [
    "quietline.web.running",
    "quietline.web.site",
    "quietline.web.api",
    "quietline.web.base",
    "quietline.web.keeping",
    "quietline.web.proofs",
    "quietline.web.accounts",
    "quietline.web.messaging",
    "quietline.web.publishing",
    "quietline.web.inquiries",
    "quietline.web.evidence",
    "quietline.web.subscribers",
    "quietline.web.operators",
    "quietline.web.sellers",
    "quietline.web.seals",
    "quietline.web.subscriptions",
    "quietline.web.lists",
    "quietline.web.washing",
    "quietline.web.emulators",
    "quietline.web.compliance",
    "quietline.web.complaints",
    "quietline.web.enforcement",
    "quietline.web.statistics",
    "quietline.web.papers",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
]
MIDDLEWARE = [
    "quietline.web.site.middleware.outermost",
    "django.middleware.security.SecurityMiddleware",
    "quietline.web.site.middleware.PageLayers",
    "django.middleware.common.CommonMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "quietline.web.site.access.AccessMiddleware",
    "quietline.web.site.middleware.DatabaseAway",
]
PAGE_MIDDLEWARE = [  # within PageLayers, which programs pass by
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [SITE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "quietline.web.site.context.installation",
            ],
        },
    },
]
FORM_RENDERER = "quietline.web.base.forms_look.QuietlineRenderer"


def _database(url: str) -> dict[str, object]:
    """Turn a PostgreSQL URL into Django's form; a host that begins with a slash is a folder of sockets."""
    parts = urlsplit(url)
    host = unquote(parts.netloc.rpartition("@")[2])
    port = ""
    if not host.startswith("/"):
        host, port = parts.hostname or "", str(parts.port or "")
    return {
        "ENGINE": "quietline.web.base.postgres",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # only the statements of quietline.web.base.statements are prepared; the ORM's have their values in the text
        "OPTIONS": {"application_name": "quietline", "server_side_binding": False, "prepare_threshold": 5},
    }


DATABASES = {"default": _database(ENVIRONMENT.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "accounts:home"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "quietline.web.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_HTTPS else "http"
EMAIL_BACKEND = "quietline.web.accounts.mail.AccountMailBackend"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {"add_webauthn": "quietline.web.accounts.forms.AddPasskeyForm"}
MFA_TOTP_ISSUER = ENVIRONMENT.title
MFA_ADAPTER = "quietline.web.accounts.adapters.SecondFactorAdapter"

MFA_TOTP_TOLERANCE = 1
SOCIALACCOUNT_ADAPTER = "quietline.web.accounts.adapters.AgencyLoginAdapter"
SOCIALACCOUNT_PROVIDERS = social_providers(ENVIRONMENT)
SOCIALACCOUNT_LOGIN_ON_GET = False
# limits on log-ins and used second-factor codes are counted here, so all processes must see the same
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "base_cache"}}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [SITE / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = ENVIRONMENT.home / "static"
WHITENOISE_USE_FINDERS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "quietline.web.site.errors.csrf_failure"
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
if ENVIRONMENT.trusted_proxies:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

LOGGING_CONFIG = "quietline.web.base.logs.configure"
LOGGING = {"version": 1}  # Django calls the function above only where there is something
