"""What the HTTPS way in tells, and what can go wrong with it."""

from .entry import Entry, Words

_FAILURES: dict[str, Entry] = {
    "https-port-in-use": Entry(
        Words(
            "port {port} for HTTPS is in use by another program.",
            "Stop that program, choose another port with --https-port, or do without HTTPS with --http-only.",
        ),
        Words(
            "HTTPS 端口 {port} 已被其他程序占用。",
            "请停止该程序，用 --https-port 换一个端口，或用 --http-only 不提供 HTTPS。",
        ),
    ),
    "https-port-in-use-by": Entry(
        Words(
            "port {port} for HTTPS is in use by {owner} (pid {pid}).",
            "Stop that program, choose another port with --https-port, or do without HTTPS with --http-only.",
        ),
        Words(
            "HTTPS 端口 {port} 已被 {owner}（pid {pid}）占用。",
            "请停止该程序，用 --https-port 换一个端口，或用 --http-only 不提供 HTTPS。",
        ),
    ),
    "https-privileged-port": Entry(
        Words(
            "this user may not listen on port {port} for HTTPS.",
            "Choose a port from 1024 up with --https-port (the usual one is 18443), or have systemd pass the "
            "socket: --https-port systemd; the README shows how.",
        ),
        Words(
            "当前用户无权监听 HTTPS 端口 {port}。",
            "请用 --https-port 选择 1024 及以上的端口（常用 18443），或由 systemd 传入套接字："
            "--https-port systemd，做法见 README。",
        ),
    ),
    "https-port-reserved": Entry(
        Words(
            "Windows keeps port {port} for itself or another program holds it exclusively.",
            'Choose another with --https-port; "netsh interface ipv4 show excludedportrange tcp" lists '
            "reserved ports.",
        ),
        Words(
            "端口 {port} 被 Windows 保留，或被其他程序独占。",
            "请用 --https-port 换一个端口；“netsh interface ipv4 show excludedportrange tcp”可列出保留的端口。",
        ),
    ),
    "no-socket-passed": Entry(
        Words(
            "no socket was passed to localedge for https.port = {value}.",
            "Have it started by the service manager's socket unit, or give https.port a number.",
        ),
        Words(
            "没有为 https.port = {value} 传入套接字。",
            "请由服务管理器的 socket 单元启动 localedge，或把 https.port 设为端口号。",
        ),
    ),
    "no-listening-socket": Entry(
        Words(
            "what was passed for https.port = {value} is not a listening TCP socket.",
            "Correct the socket unit (systemd: ListenStream=127.0.0.1:443, Accept=no), or the number.",
        ),
        Words(
            "为 https.port = {value} 传入的不是正在监听的 TCP 套接字。",
            "请更正 socket 单元（systemd：ListenStream=127.0.0.1:443、Accept=no）或编号。",
        ),
    ),
    "leaf-unusable": Entry(
        Words(
            "the certificate in {path} cannot be used ({reason}).",
            'Make a new one with "localedge ca renew".',
        ),
        Words("{path} 中的证书无法使用（{reason}）。", "请运行“localedge ca renew”重新签发。"),
    ),
    "http-on-tls-port": Entry(
        Words(
            "This port speaks HTTPS, and the request came as plain HTTP.",
            "Use {url} as the base URL, and restart the client.",
        ),
        Words("此端口使用 HTTPS，而请求是明文 HTTP。", "请把基础地址改为 {url}，并重启客户端。"),
        status=400,
    ),
}

_TALK: dict[str, Entry] = {
    "no-ca": Entry(
        Words(
            "Only plain HTTP is served: there is no local CA yet.",
            'Run "localedge trust-ca" and start again for HTTPS, or add --http-only to go without.',
        ),
        Words(
            "目前只提供明文 HTTP：还没有本地 CA。",
            "需要 HTTPS 时，请运行“localedge trust-ca”后重新启动；不需要时可加 --http-only。",
        ),
        talk=True,
    ),
    "https-off": Entry(
        Words("HTTPS is off until then: plain HTTP only."),
        Words("在此之前不提供 HTTPS，只提供明文 HTTP。"),
        talk=True,
    ),
    "names-not-covered": Entry(
        Words(
            "The local CA may not speak for {names}: a CA is made for its names once and for all.",
            'Run "localedge trust-ca" again for a new one.',
        ),
        Words(
            "本地 CA 不能为 {names} 签发证书：CA 的名称在生成时就已固定。",
            "请再次运行“localedge trust-ca”生成新的 CA。",
        ),
        talk=True,
    ),
    "ca-ends-soon": Entry(
        Words("The local CA ends in {days} days.", 'Replace it with "localedge trust-ca --new".'),
        Words("本地 CA 将在 {days} 天后到期。", "请运行“localedge trust-ca --new”更换。"),
        talk=True,
    ),
    "renewal-failed": Entry(
        Words(
            "The certificate for HTTPS was not renewed; it is good until {date}.",
            "It is tried again every minute.",
        ),
        Words("HTTPS 证书未能续期，现有证书有效期至 {date}。", "每分钟会重试一次。"),
        talk=True,
    ),
    "client-distrusts": Entry(
        Words(
            "A client at {client} does not trust the local CA.",
            'Run "localedge trust-ca" if you have not, then quit and restart the client.',
        ),
        Words(
            "{client} 上的客户端不信任本地 CA。",
            "如尚未运行，请运行“localedge trust-ca”，然后完全退出并重启该客户端。",
        ),
        talk=True,
    ),
    "paste-over-https": Entry(Words("or over HTTPS"), Words("或使用 HTTPS"), talk=True),
    "desktop-refuses": Entry(
        Words("Claude Desktop does not take {url} as a base URL.", "Use another of the addresses above."),
        Words("Claude Desktop 不接受 {url} 作为基础地址。", "请使用上面的其他地址。"),
        talk=True,
    ),
    "name-not-mapped": Entry(
        Words(
            "{name} does not lead to this machine yet.",
            'Run "localedge hosts add {name}".',
        ),
        Words("{name} 尚未指向本机。", "请运行“localedge hosts add {name}”。"),
        talk=True,
    ),
}

TABLE: dict[str, Entry] = {**_FAILURES, **_TALK}
