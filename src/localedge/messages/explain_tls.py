"""What errors of TLS and certificates mean.  `base` and `secure` are the edge's URLs, plain and with HTTPS."""

from .entry import Entry, Words


def why(fact: str, step: str, fact_zh: str, step_zh: str) -> Entry:
    """A cause and the next step, in both languages.  No error of ours: it explains one."""
    return Entry(Words(fact, step), Words(fact_zh, step_zh), talk=True)


_TRUST = 'Run "localedge trust-ca", then quit the program fully and start it again.'
_TRUST_ZH = "请运行“localedge trust-ca”，然后完全退出并重新启动该程序。"
_ENV = 'Run "localedge trust-ca", set what "localedge env --https" prints, and start the program again.'
_ENV_ZH = "请运行“localedge trust-ca”，设置“localedge env --https”输出的变量，再重新启动该程序。"

TABLE: dict[str, Entry] = {
    "why-https-to-http": why(
        "The client spoke HTTPS to a port that speaks plain HTTP. Mostly the base URL begins with https://, or has "
        "no scheme at all, which Claude Desktop reads as https://.",
        'Write {base} as the base URL; if HTTPS is wanted, run "localedge trust-ca", start the edge again and use '
        "{secure}.",
        "客户端用 HTTPS 连接了只提供明文 HTTP 的端口。多半是基础地址以 https:// 开头，或根本没有写协议（Claude Desktop 会当作 https://）。",
        "请把基础地址写成 {base}；需要 HTTPS 时，请运行“localedge trust-ca”，重新启动 localedge，并使用 {secure}。",
    ),
    "why-http-to-https": why(
        "The client spoke plain HTTP to a port that speaks HTTPS.",
        "Write https:// in the base URL of the client; if the port is the gateway's, start the edge with \"localedge "
        'run --upstream https://..."',
        "客户端用明文 HTTP 连接了使用 HTTPS 的端口。",
        "请把客户端的基础地址改为 https://；如果那是网关的端口，请用“localedge run --upstream https://...”启动。",
    ),
    "why-handshake-refused": why(
        "The server refused the TLS handshake. localedge's plain HTTP port does so when it is spoken to in HTTPS; other "
        "servers do when no protocol version or cipher suits both sides.",
        'Write {base} as the base URL; if HTTPS is wanted, run "localedge trust-ca", start the edge again and use '
        "{secure}.",
        "服务器拒绝了 TLS 握手。localedge 的明文 HTTP 端口遇到 HTTPS 时会这样；其他服务器在没有双方都支持的协议版本或加密套件时也会这样。",
        "请把基础地址写成 {base}；需要 HTTPS 时，请运行“localedge trust-ca”，重新启动 localedge，并使用 {secure}。",
    ),
    "why-untrusted": why(
        "The client does not trust the authority that signed the server's certificate. With localedge's HTTPS that is "
        "the local CA, which the system's trust store lacks or got after the program was started.",
        _TRUST,
        "客户端不信任签发服务器证书的机构。对 localedge 的 HTTPS 来说就是本地 CA：系统证书库中没有它，或在程序启动之后才加入。",
        _TRUST_ZH,
    ),
    "why-untrusted-firefox": why(
        "Firefox keeps roots of its own and does not trust the authority of this certificate. With localedge's HTTPS "
        "that is the local CA.",
        'Quit Firefox, run "localedge trust-ca", and start it again.',
        "Firefox 使用自己的根证书，不信任该证书的签发机构。对 localedge 的 HTTPS 来说就是本地 CA。",
        "请退出 Firefox，运行“localedge trust-ca”，再重新启动。",
    ),
    "why-untrusted-node": why(
        "Node.js, Bun or Claude Code does not trust the authority of the server's certificate. That is the local CA of "
        "localedge, which it was not told of, or a company proxy or antivirus program that reads the traffic.",
        _ENV,
        "Node.js、Bun 或 Claude Code 不信任服务器证书的签发机构。可能是 localedge 的本地 CA 尚未告知该程序，也可能是公司代理或杀毒软件在拦截流量。",
        _ENV_ZH,
    ),
    "why-untrusted-python": why(
        "Python does not trust the authority of the server's certificate: its HTTP libraries bring their own roots and "
        "ask the system's only when told to. With localedge's HTTPS that authority is the local CA.",
        _ENV,
        "Python 不信任服务器证书的签发机构：它的 HTTP 库自带根证书，未经指定不会使用系统的。对 localedge 的 HTTPS 来说该机构就是本地 CA。",
        _ENV_ZH,
    ),
    "why-untrusted-curl": why(
        "curl does not trust the authority of the server's certificate. With localedge's HTTPS that is the local CA.",
        'Run "localedge ca export --out root.pem" and give curl the file with --cacert root.pem, or run "localedge '
        'trust-ca" for the whole system.',
        "curl 不信任服务器证书的签发机构。对 localedge 的 HTTPS 来说就是本地 CA。",
        "请运行“localedge ca export --out root.pem”并用 --cacert root.pem 交给 curl，或运行“localedge trust-ca”让整个系统信任它。",
    ),
    "why-untrusted-java": why(
        "Java keeps roots of its own and does not know the authority of the server's certificate.",
        'Run "localedge trust-ca --store java", then start the Java program again.',
        "Java 使用自己的根证书库，不认识服务器证书的签发机构。",
        "请运行“localedge trust-ca --store java”，然后重新启动该 Java 程序。",
    ),
    "why-intercepted": why(
        "An antivirus program or a company proxy opens encrypted connections and signs them anew with a root that this "
        "program does not know.",
        "Except 127.0.0.1 and localhost from its inspection and from the proxy (NO_PROXY=127.0.0.1,localhost), or use "
        "{base} without HTTPS.",
        "杀毒软件或公司代理拆开了加密连接，并用该程序不认识的根证书重新签名。",
        "请把 127.0.0.1 和 localhost 排除在其检查和代理之外（NO_PROXY=127.0.0.1,localhost），或使用不加密的 {base}。",
    ),
    "why-cert-name": why(
        "The server's certificate is not for the name in the URL. localedge's own is for localhost, 127.0.0.1 and the "
        "names in https.names.",
        'Use {secure}, or add the name to https.names, run "localedge trust-ca" and start the edge again.',
        "服务器证书不包含网址中的名称。localedge 的证书适用于 localhost、127.0.0.1 和 https.names 中的名称。",
        "请使用 {secure}；或把该名称加入 https.names，运行“localedge trust-ca”，再重新启动 localedge。",
    ),
    "why-cert-date": why(
        "The server's certificate is out of its dates, or the clock of this machine is wrong.",
        'Look at the clock, then at "localedge ca show"; "localedge ca renew" makes a new certificate.',
        "服务器证书不在有效期内，或本机时钟有误。",
        "请先检查时钟，再查看“localedge ca show”；“localedge ca renew”可以重新签发证书。",
    ),
    "why-cert-names-barred": why(
        "The certificate is for a name that its authority may not speak for. The local CA of localedge is confined to "
        "loopback and the names it was made for.",
        'Add the name to https.names and run "localedge trust-ca", which makes a new CA for it.',
        "证书中的名称超出了签发机构的许可范围。localedge 的本地 CA 只限于本机回环地址和生成时指定的名称。",
        "请把该名称加入 https.names，再运行“localedge trust-ca”，它会为此生成新的 CA。",
    ),
    "why-cert-strict": why(
        "The certificate lacks a field that strict programs (Python 3.13 and later) want to see, often because a "
        "company proxy or an old tool made it.",
        "If it is localedge's, run \"localedge trust-ca --new\"; if it is the gateway's, have it issued anew and put its "
        "CA into gateway.ca_file.",
        "证书缺少严格的程序（Python 3.13 及以后）要求的字段，多半由公司代理或旧工具生成。",
        "如果是 localedge 的证书，请运行“localedge trust-ca --new”；如果是网关的证书，请重新签发，并把它的 CA 填入 gateway.ca_file。",
    ),
    "why-revocation": why(
        "Windows wants to ask whether the certificate was revoked, and a local CA keeps no list of that.",
        "Give curl --ssl-no-revoke, or use {base} without HTTPS.",
        "Windows 要查询证书是否被吊销，而本地 CA 没有吊销列表。",
        "请给 curl 加上 --ssl-no-revoke，或使用不加密的 {base}。",
    ),
    "why-bundle-missing": why(
        "A variable (SSL_CERT_FILE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or NODE_EXTRA_CA_CERTS) names a file of "
        "certificates that is not there or cannot be read.",
        'Unset it, or set what "localedge env --https" prints.',
        "某个变量（SSL_CERT_FILE、REQUESTS_CA_BUNDLE、CURL_CA_BUNDLE 或 NODE_EXTRA_CA_CERTS）指向的证书文件不存在或无法读取。",
        "请取消该变量，或设置“localedge env --https”输出的变量。",
    ),
    "why-sni": why(
        "The server has no certificate for the name that the client asked for. localedge answers so for names that "
        "are not in https.names.",
        'Use {secure}, or add the name to https.names, run "localedge trust-ca" and start the edge again.',
        "服务器没有客户端所要求名称的证书。对不在 https.names 中的名称，localedge 会这样回答。",
        "请使用 {secure}；或把该名称加入 https.names，运行“localedge trust-ca”，再重新启动 localedge。",
    ),
    "why-tls": why(
        "The TLS handshake failed: the two sides did not agree on a protocol version, a cipher or a certificate.",
        'Read what "localedge run --log-level debug" says at that moment; without HTTPS use {base}.',
        "TLS 握手失败：双方未能就协议版本、加密套件或证书达成一致。",
        "请查看“localedge run --log-level debug”当时的输出；不用 HTTPS 时请使用 {base}。",
    ),
}
