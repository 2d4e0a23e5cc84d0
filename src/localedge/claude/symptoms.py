"""The errors that users see, as data: what to look for, what it means, and who says so.

A cause is a code of the message table.  The sources are the vendors' documents where there are any,
else a place where the text was seen.
"""

from typing import NamedTuple


class Symptom(NamedTuple):
    """One cause, with the texts it shows itself by."""

    code: str
    rank: int
    """What is told first: the plainer the text points at its cause, the higher."""
    signs: tuple[tuple[str, str], ...]
    """Pairs of a pattern (see `symptoms_text.Sought`) and its source."""
    general: bool = False
    """A text that says only that something failed: not told where a plainer one stands close by."""
    part_of: tuple[str, ...] = ()
    """Causes whose messages contain such a text too: not told beside one of them."""


class Sources:
    """Where the texts come from."""

    CHROMIUM = "https://chromium.googlesource.com/chromium/src/+/main/net/base/net_error_list.h"
    FIREFOX = "https://firefox-source-docs.mozilla.org/security/nss/legacy/reference/index.html"
    FIREFOX_HELP = "https://support.mozilla.org/kb/error-codes-secure-websites"
    NODE_TLS = "https://nodejs.org/api/tls.html#x509-certificate-error-codes"
    NODE = "https://nodejs.org/api/errors.html"
    UNDICI = "https://undici.nodejs.org/#/docs/api/Errors"
    OPENSSL = "https://docs.openssl.org/master/man1/openssl-verification-options/"
    PYTHON_SSL = "https://docs.python.org/3/library/ssl.html"
    PYTHON = "https://docs.python.org/3/library/exceptions.html"
    HTTPX = "https://www.python-httpx.org/exceptions/"
    REQUESTS = "https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification"
    CURL = "https://curl.se/libcurl/c/libcurl-errors.html"
    BUN = "https://github.com/oven-sh/bun/issues/27264"
    BUN_CLOSED = "https://github.com/oven-sh/bun/issues/9881"
    GO_TLS = "https://pkg.go.dev/crypto/x509"
    GO_HTTP = "https://pkg.go.dev/net/http"
    RUSTLS = "https://docs.rs/rustls/latest/rustls/enum.CertificateError.html"
    JAVA = "https://docs.oracle.com/en/java/javase/21/security/java-pki-programmers-guide.html"
    SCHANNEL = (
        "https://learn.microsoft.com/windows/win32/secauthn/schannel-error-codes-for-tls-and-ssl-alerts"
    )
    WINSOCK = "https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2"
    DOTNET = "https://learn.microsoft.com/dotnet/api/system.net.security.sslstream"
    APPLE = "https://developer.apple.com/documentation/foundation/nsurlerror-codes"
    POSIX = "https://pubs.opengroup.org/onlinepubs/9799919799/functions/V2_chap02.html#tag_16_03"
    SDK = "https://platform.claude.com/docs/en/api/errors"
    SDK_PYTHON = "https://github.com/anthropics/anthropic-sdk-python#handling-errors"
    SDK_JS = "https://github.com/anthropics/anthropic-sdk-typescript#handling-errors"
    CODE = "https://code.claude.com/docs/en/errors"
    CODE_GATEWAY = "https://code.claude.com/docs/en/llm-gateway"
    NGINX = "https://nginx.org/en/docs/http/ngx_http_core_module.html"
    NGINX_PROXY = "https://nginx.org/en/docs/http/ngx_http_proxy_module.html"
    ENVOY = (
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/response_code_details"
    )
    CLOUDFLARE = "https://developers.cloudflare.com/support/troubleshooting/http-status-codes/"
    DESKTOP = "https://claude.com/docs/cowork/3p/gateway"
    RFC9110 = "https://www.rfc-editor.org/rfc/rfc9110"
    LOCALEDGE = "localedge"


def issue(repository: str, number: int) -> str:
    """Where a text was seen: a public report."""
    return f"https://github.com/{repository}/issues/{number}"


def claude_code(number: int) -> str:
    """A report about Claude Code or Claude Desktop."""
    return issue("anthropics/claude-code", number)


def table() -> tuple[Symptom, ...]:
    """All of them."""
    from . import symptoms_api, symptoms_connection, symptoms_desktop, symptoms_tls

    return (*symptoms_desktop.TABLE, *symptoms_tls.TABLE, *symptoms_connection.TABLE, *symptoms_api.TABLE)
