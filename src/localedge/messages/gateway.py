"""The answers the edge gives for a gateway or proxy that failed (R40, R42)."""

from .entry import Entry, Words

_WATCH_GATEWAY = "Look at the gateway's own log."
_WATCH_GATEWAY_ZH = "请查看网关自身的日志。"

_GATEWAY: dict[str, Entry] = {
    "gateway-refused": Entry(
        Words(
            "The gateway {gateway} refused the connection.",
            "Start it, or correct the host and port in gateway.url (--upstream).",
        ),
        Words("网关 {gateway} 拒绝连接。", "请启动网关，或更正 gateway.url（--upstream）中的主机和端口。"),
        status=502,
        should_retry=True,
    ),
    "gateway-unreachable": Entry(
        Words(
            "The gateway {gateway} cannot be reached ({reason}).",
            "Check the network or VPN and the address in gateway.url (--upstream).",
        ),
        Words(
            "无法连接到网关 {gateway}（{reason}）。",
            "请检查网络或 VPN，以及 gateway.url（--upstream）中的地址。",
        ),
        status=502,
        should_retry=True,
    ),
    "gateway-unresolved": Entry(
        Words(
            'The name "{host}" of the gateway {gateway} is unknown to DNS.',
            "Correct gateway.url (--upstream), or connect to the network or VPN that knows the name.",
        ),
        Words(
            "网关 {gateway} 的主机名“{host}”无法解析。",
            "请更正 gateway.url（--upstream），或接入能解析该名称的网络或 VPN。",
        ),
        status=502,
        should_retry=False,
    ),
    "gateway-lost": Entry(
        Words(
            "The gateway {gateway} closed the connection before it answered.",
            "It may have worked on the request, so send it again only if that does no harm. "
            f"{_WATCH_GATEWAY} If its port speaks HTTPS, write https:// in gateway.url.",
        ),
        Words(
            "网关 {gateway} 在响应之前关闭了连接。",
            f"它可能已经处理了该请求，确认无妨后再重发。{_WATCH_GATEWAY_ZH}如果该端口使用 HTTPS，请在 gateway.url 中写 https://。",
        ),
        status=502,
        should_retry=False,
    ),
    "gateway-garbage": Entry(
        Words(
            "The gateway {gateway} sent an answer that is not valid HTTP ({reason}).",
            f"Check that gateway.url (--upstream) names an HTTP gateway. {_WATCH_GATEWAY}",
        ),
        Words(
            "网关 {gateway} 的响应不是有效的 HTTP（{reason}）。",
            f"请确认 gateway.url（--upstream）指向的是 HTTP 网关。{_WATCH_GATEWAY_ZH}",
        ),
        status=502,
        should_retry=False,
    ),
    "gateway-speaks-tls": Entry(
        Words(
            "The gateway {gateway} speaks HTTPS on this port.",
            "Write https:// instead of http:// in gateway.url (--upstream).",
        ),
        Words(
            "网关 {gateway} 在该端口上使用 HTTPS。",
            "请把 gateway.url（--upstream）中的 http:// 改为 https://。",
        ),
        status=502,
        should_retry=False,
    ),
    "gateway-speaks-http": Entry(
        Words(
            "The gateway {gateway} speaks plain HTTP on this port.",
            "Write http:// instead of https:// in gateway.url (--upstream).",
        ),
        Words(
            "网关 {gateway} 在该端口上使用明文 HTTP。",
            "请把 gateway.url（--upstream）中的 https:// 改为 http://。",
        ),
        status=502,
        should_retry=False,
    ),
    "gateway-tls": Entry(
        Words(
            "The TLS handshake with the gateway {gateway} failed ({reason}).",
            "Check that gateway.url (--upstream) names the right port, then the gateway's TLS settings.",
        ),
        Words(
            "与网关 {gateway} 的 TLS 握手失败（{reason}）。",
            "请检查 gateway.url（--upstream）的端口是否正确，再检查网关的 TLS 设置。",
        ),
        status=502,
        should_retry=False,
    ),
    "gateway-certificate-untrusted": Entry(
        Words(
            "The certificate of the gateway {gateway} is not from an authority this machine trusts ({reason}).",
            "Put the PEM file of the gateway's own CA into gateway.ca_file.",
        ),
        Words(
            "网关 {gateway} 的证书不是由本机信任的机构签发的（{reason}）。",
            "请在 gateway.ca_file 中填写网关自有 CA 的 PEM 文件。",
        ),
        status=502,
        should_retry=False,
    ),
    "gateway-certificate-name": Entry(
        Words(
            'The certificate of the gateway {gateway} is not for the name "{host}".',
            "Use a name from the certificate in gateway.url (--upstream), or have the certificate reissued.",
        ),
        Words(
            "网关 {gateway} 的证书不包含名称“{host}”。",
            "请在 gateway.url（--upstream）中使用证书里的名称，或重新签发证书。",
        ),
        status=502,
        should_retry=False,
    ),
    "gateway-certificate-expired": Entry(
        Words(
            "The certificate of the gateway {gateway} is expired or not valid yet.",
            "Check this machine's clock; if it is right, ask the gateway's owner to renew the certificate.",
        ),
        Words(
            "网关 {gateway} 的证书已过期或尚未生效。",
            "请检查本机时钟；若时钟无误，请联系网关管理员更新证书。",
        ),
        status=502,
        should_retry=False,
    ),
    "gateway-upgrade": Entry(
        Words(
            "The gateway {gateway} switched protocols (101) although nobody asked it to.",
            f"Check that gateway.url (--upstream) names an HTTP gateway. {_WATCH_GATEWAY}",
        ),
        Words(
            "网关 {gateway} 未经请求就切换了协议（101）。",
            f"请确认 gateway.url（--upstream）指向的是 HTTP 网关。{_WATCH_GATEWAY_ZH}",
        ),
        status=502,
        should_retry=False,
    ),
    "gateway-connect-timeout": Entry(
        Words(
            "The gateway {gateway} did not accept the connection within {limit} s.",
            "Check the network or VPN and gateway.url (--upstream); limits.connect allows longer.",
        ),
        Words(
            "网关 {gateway} 在 {limit} 秒内没有接受连接。",
            "请检查网络或 VPN 以及 gateway.url（--upstream）；可调大 limits.connect。",
        ),
        status=504,
        should_retry=True,
    ),
    "gateway-tls-timeout": Entry(
        Words(
            "The gateway {gateway} did not finish the TLS handshake within {limit} s.",
            "Check that its port speaks HTTPS; limits.tls_handshake allows longer.",
        ),
        Words(
            "网关 {gateway} 在 {limit} 秒内没有完成 TLS 握手。",
            "请确认该端口使用 HTTPS；可调大 limits.tls_handshake。",
        ),
        status=504,
        should_retry=True,
    ),
    "gateway-silent": Entry(
        Words(
            "The gateway {gateway} has sent nothing for {limit} s.",
            f"{_WATCH_GATEWAY} If it is only slow, raise limits.first_byte or limits.silence.",
        ),
        Words(
            "网关 {gateway} 已有 {limit} 秒没有发来任何数据。",
            f"{_WATCH_GATEWAY_ZH}如果只是较慢，可调大 limits.first_byte 或 limits.silence。",
        ),
        status=504,
        should_retry=False,
    ),
    "loop": Entry(
        Words(
            "The upstream {gateway} leads back to this edge.",
            "Set gateway.url (--upstream) to the gateway itself, not to localedge.",
        ),
        Words(
            "上游 {gateway} 又指回了 localedge。",
            "请把 gateway.url（--upstream）设为网关本身的地址，而不是 localedge 的地址。",
        ),
        status=508,
        should_retry=False,
    ),
}

_PROXY: dict[str, Entry] = {
    "proxy-refused": Entry(
        Words(
            "The proxy {proxy} on the way to the gateway refused the connection.",
            "Start it, or correct gateway.proxy (or HTTP_PROXY, HTTPS_PROXY, NO_PROXY).",
        ),
        Words(
            "通往网关的代理 {proxy} 拒绝连接。",
            "请启动该代理，或更正 gateway.proxy（或 HTTP_PROXY、HTTPS_PROXY、NO_PROXY）。",
        ),
        status=502,
        should_retry=True,
    ),
    "proxy-unresolved": Entry(
        Words(
            "The name of the proxy {proxy} is unknown to DNS.",
            "Correct gateway.proxy (or HTTP_PROXY, HTTPS_PROXY), or list the gateway in NO_PROXY.",
        ),
        Words(
            "代理 {proxy} 的主机名无法解析。",
            "请更正 gateway.proxy（或 HTTP_PROXY、HTTPS_PROXY），或把网关列入 NO_PROXY。",
        ),
        status=502,
        should_retry=False,
    ),
    "proxy-auth": Entry(
        Words(
            "The proxy {proxy} wants a user name and password (407).",
            "Set gateway.proxy to http://user:password@host:port.",
        ),
        Words(
            "代理 {proxy} 要求用户名和密码（407）。",
            "请把 gateway.proxy 设为 http://用户名:密码@主机:端口 的形式。",
        ),
        status=502,
        should_retry=False,
    ),
    "proxy-failed": Entry(
        Words(
            "The proxy {proxy} did not open the way to the gateway (it answered {status}).",
            "Ask the proxy's owner to allow the gateway, or list the gateway in NO_PROXY.",
        ),
        Words(
            "代理 {proxy} 没有接通网关（它响应了 {status}）。",
            "请联系代理管理员放行该网关，或把网关列入 NO_PROXY。",
        ),
        status=502,
        should_retry=False,
    ),
}

TABLE: dict[str, Entry] = {**_GATEWAY, **_PROXY}
