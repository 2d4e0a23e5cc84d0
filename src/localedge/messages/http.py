"""The answers the edge gives itself because of the request or its own state (R40).

The sentence stands in the Messages API's error body.
"""

from .entry import Entry, Words

_CLIENT_NEXT = "If Claude sent it, update Claude; if a script of yours did, mend the request."
_CLIENT_NEXT_ZH = "如果是 Claude 发出的，请更新 Claude；如果是你自己的脚本，请修正该请求。"

_REQUEST: dict[str, Entry] = {
    "bad-request-line": Entry(
        Words('The first line of the request is not "METHOD target HTTP/1.1".', _CLIENT_NEXT),
        Words("请求的第一行不是“方法 目标 HTTP/1.1”的形式。", _CLIENT_NEXT_ZH),
        status=400,
    ),
    "bad-header": Entry(
        Words("A header field of the request is malformed.", _CLIENT_NEXT),
        Words("请求中有一个格式错误的头字段。", _CLIENT_NEXT_ZH),
        status=400,
    ),
    "bad-framing": Entry(
        Words("The length of the request body is not stated clearly: {reason}.", _CLIENT_NEXT),
        Words("请求正文的长度标示不明确：{reason}。", _CLIENT_NEXT_ZH),
        status=400,
    ),
    "bad-host": Entry(
        Words(
            'The request has no Host field, more than one, or one that is not "host[:port]".', _CLIENT_NEXT
        ),
        Words("请求缺少 Host 字段、有多个 Host 字段，或其值不是“主机[:端口]”的形式。", _CLIENT_NEXT_ZH),
        status=400,
    ),
    "bad-target": Entry(
        Words("The request target is not a path this edge can forward.", _CLIENT_NEXT),
        Words("请求目标不是 localedge 可以转发的路径。", _CLIENT_NEXT_ZH),
        status=400,
    ),
    "bad-chunk": Entry(
        Words("A chunk of the request body is malformed, so the request was stopped.", _CLIENT_NEXT),
        Words("请求正文中有一个分块格式错误，请求已中止。", _CLIENT_NEXT_ZH),
        status=400,
    ),
    "client-token-missing": Entry(
        Words(
            "This edge wants a client token, and the request does not carry it.",
            "Send the token of listen.client_token (LOCALEDGE_CLIENT_TOKEN) in the field "
            '"x-localedge-token".',
        ),
        Words(
            "localedge 要求客户端令牌，而请求没有携带正确的令牌。",
            "请在“x-localedge-token”字段中发送 listen.client_token（LOCALEDGE_CLIENT_TOKEN）的令牌。",
        ),
        status=401,
    ),
    "web-origin-refused": Entry(
        Words(
            "A web page ({origin}) caused this request, and web pages may not use this edge.",
            "If the page is yours, add its origin to client.allowed_origins.",
        ),
        Words(
            "该请求由网页（{origin}）发起，而网页不得使用 localedge。",
            "如果这是你自己的网页，请把它的来源加入 client.allowed_origins。",
        ),
        status=403,
    ),
    "connect-refused": Entry(
        Words(
            "This edge is no general proxy, so CONNECT is refused.",
            "Use it as a base URL (ANTHROPIC_BASE_URL), not as HTTP_PROXY or HTTPS_PROXY.",
        ),
        Words(
            "localedge 不是通用代理，因此拒绝 CONNECT。",
            "请把它用作基础地址（ANTHROPIC_BASE_URL），不要设为 HTTP_PROXY 或 HTTPS_PROXY。",
        ),
        status=405,
    ),
    "head-timeout": Entry(
        Words(
            "The request head did not arrive in time.",
            "Try again; a slow client can be given longer with limits.request_head.",
        ),
        Words("请求头未能及时到达。", "请重试；客户端确实较慢时，可调大 limits.request_head。"),
        status=408,
    ),
    "body-timeout": Entry(
        Words(
            "The request body stopped arriving.",
            "Try again; a slow client can be given longer with limits.request_body.",
        ),
        Words("请求正文中途停止传输。", "请重试；客户端确实较慢时，可调大 limits.request_body。"),
        status=408,
    ),
    "body-too-large": Entry(
        Words(
            "The request body is larger than {limit} bytes.",
            "Send less (fewer or smaller files), or raise limits.body_bytes.",
        ),
        Words("请求正文超过 {limit} 字节。", "请减少内容（更少或更小的文件），或调大 limits.body_bytes。"),
        status=413,
    ),
    "target-too-long": Entry(
        Words(
            "The request target is longer than {limit} bytes.", "Shorten it, or raise limits.target_bytes."
        ),
        Words("请求目标超过 {limit} 字节。", "请缩短它，或调大 limits.target_bytes。"),
        status=414,
    ),
    "host-not-allowed": Entry(
        Words(
            'The request is for the host "{host}", which is not this edge.',
            "Use 127.0.0.1 or localhost in the base URL, or add the name to client.allowed_hosts.",
        ),
        Words(
            "请求的主机“{host}”不是 localedge。",
            "请在基础地址中使用 127.0.0.1 或 localhost，或把该名称加入 client.allowed_hosts。",
        ),
        status=421,
    ),
    "head-too-large": Entry(
        Words(
            "The request head is larger than {limit} bytes or has too many fields.",
            "Send fewer or shorter header fields, or raise limits.head_bytes or limits.head_fields.",
        ),
        Words(
            "请求头超过 {limit} 字节，或头字段过多。",
            "请减少或缩短头字段，或调大 limits.head_bytes 或 limits.head_fields。",
        ),
        status=431,
    ),
}

_EDGE: dict[str, Entry] = {
    "draining": Entry(
        Words("localedge is shutting down.", "Start it again, then retry."),
        Words("localedge 正在关闭。", "请重新启动后再试。"),
        status=503,
        should_retry=True,
    ),
    "stopped-in-flight": Entry(
        Words(
            "localedge was stopped before the gateway answered.",
            "The gateway may have worked on the request, so send it again only if that does no harm.",
        ),
        Words(
            "localedge 在网关响应之前被停止。",
            "网关可能已经处理了该请求，确认无妨后再重发。",
        ),
        status=503,
        should_retry=False,
    ),
    "queue-full": Entry(
        Words(
            "Too many requests are waiting for the gateway.",
            "Wait a moment and retry, or raise pool.connections or pool.queue_length.",
        ),
        Words("等待网关的请求过多。", "请稍候重试，或调大 pool.connections 或 pool.queue_length。"),
        status=503,
        should_retry=True,
    ),
    "queue-timeout": Entry(
        Words(
            "No connection to the gateway became free in time.",
            "Wait a moment and retry, or raise pool.connections or limits.queue.",
        ),
        Words("未能及时等到空闲的网关连接。", "请稍候重试，或调大 pool.connections 或 limits.queue。"),
        status=503,
        should_retry=True,
    ),
    "h2-malformed": Entry(
        Words(
            "The HTTP/2 request is malformed ({reason}).",
            "Nothing was forwarded. Correct the client, or have it speak HTTP/1.1.",
        ),
        Words("HTTP/2 请求格式有误（{reason}）。", "没有转发任何内容。请修正客户端，或让它使用 HTTP/1.1。"),
        status=400,
    ),
    "h2-flood": Entry(
        Words(
            "The client {client} sent too many HTTP/2 frames that move nothing (resets, pings, settings).",
            "Its connection was closed. If it was a program of yours, reuse streams less abruptly.",
        ),
        Words(
            "客户端 {client} 发送了过多无实际作用的 HTTP/2 帧（重置、ping、设置）。",
            "已关闭它的连接。如果这是你的程序，请减少频繁的取消与重置。",
        ),
    ),
    "tls-on-plain-port": Entry(
        Words(
            "A client spoke HTTPS to this plain HTTP port.",
            "Write {url} as the base URL, with http:// and not https://.",
        ),
        Words(
            "有客户端用 HTTPS 连接了这个明文 HTTP 端口。",
            "请把基础地址写成 {url}，开头是 http:// 而不是 https://。",
        ),
    ),
}

TABLE: dict[str, Entry] = {**_REQUEST, **_EDGE}
