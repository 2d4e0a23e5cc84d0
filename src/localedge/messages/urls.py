"""What can be wrong with a URL in the configuration.  `where` names the line, variable or flag."""

from .entry import Entry, Words

_WRITE = "Write it like http://gateway.example:8000."
_WRITE_ZH = "请写成 http://gateway.example:8000 这样的形式。"

TABLE: dict[str, Entry] = {
    "url-empty": Entry(
        Words("{where}: the URL is empty.", _WRITE),
        Words("{where}：URL 为空。", _WRITE_ZH),
    ),
    "url-no-scheme": Entry(
        Words('{where}: "{value}" has no http:// or https:// in front.', 'Did you mean "{near}"?'),
        Words("{where}：“{value}”前面缺少 http:// 或 https://。", "是不是想写“{near}”？"),
    ),
    "url-scheme": Entry(
        Words(
            '{where}: "{scheme}:" is not a scheme localedge can forward to.',
            f"Use http:// or https://. {_WRITE}",
        ),
        Words("{where}：localedge 不能转发到“{scheme}:”地址。", f"请使用 http:// 或 https://。{_WRITE_ZH}"),
    ),
    "url-path-not-host": Entry(
        Words('{where}: "{value}" is a path, but a URL with a host is needed.', _WRITE),
        Words("{where}：“{value}”是一个路径，这里需要带主机名的 URL。", _WRITE_ZH),
    ),
    "url-no-host": Entry(
        Words('{where}: "{value}" names no host.', _WRITE),
        Words("{where}：“{value}”没有主机名。", _WRITE_ZH),
    ),
    "url-bad-host": Entry(
        Words('{where}: "{host}" is not a host name or an IP address.', f"Correct the name. {_WRITE}"),
        Words("{where}：“{host}”不是主机名，也不是 IP 地址。", f"请更正。{_WRITE_ZH}"),
    ),
    "url-bad-port": Entry(
        Words('{where}: "{port}" is not a port number.', "Use a number from 1 to 65535 after the host."),
        Words("{where}：“{port}”不是端口号。", "请在主机名后写 1 到 65535 之间的数字。"),
    ),
    "url-userinfo": Entry(
        Words(
            "{where}: the URL carries a user name or key before an @, and localedge would not send it.",
            "Take it out: the client sends the gateway's key itself, in a header.",
        ),
        Words(
            "{where}：URL 的 @ 之前带有用户名或密钥，localedge 不会发送它。",
            "请删去这部分：网关密钥由客户端自己放在请求头中发送。",
        ),
    ),
    "url-query": Entry(
        Words(
            '{where}: the URL cannot have a "{mark}" part here.',
            'Take away everything from the "{mark}" on.',
        ),
        Words("{where}：此处的 URL 不能带“{mark}”部分。", "请删去从“{mark}”开始的内容。"),
    ),
    "url-space": Entry(
        Words("{where}: the URL contains a space or a control character.", f"Take it out. {_WRITE}"),
        Words("{where}：URL 中含有空格或控制字符。", f"请删去。{_WRITE_ZH}"),
    ),
    "url-bad-path": Entry(
        Words(
            '{where}: "{path}" cannot be the path of a URL here: it has characters to percent-encode, '
            'a "%" without two hexadecimal digits, or a "." or ".." between slashes.',
            "Correct the path, or leave it out.",
        ),
        Words(
            "{where}：“{path}”不能用作 URL 的路径：其中有需要百分号编码的字符、"
            "后面没有两位十六进制数字的“%”，或斜杠之间的“.”或“..”。",
            "请更正路径，或去掉它。",
        ),
    ),
    "url-endpoint": Entry(
        Words(
            '{where}: "{endpoint}" is an endpoint of the API, and clients add it themselves to the base URL.',
            'Did you mean "{near}"?',
        ),
        Words(
            "{where}：“{endpoint}”是 API 的端点，客户端会自己把它加在基础地址后面。", "是不是想写“{near}”？"
        ),
    ),
    "base-url-is-edge": Entry(
        Words(
            "{where} is {url}, which is this edge itself: it would forward to itself.",
            "Say where the gateway is with --upstream or LOCALEDGE_UPSTREAM, or unset {where} here.",
        ),
        Words(
            "{where} 的值 {url} 就是 localedge 自己，请求会转回给自己。",
            "请用 --upstream 或 LOCALEDGE_UPSTREAM 指明网关地址，或在此处取消 {where}。",
        ),
    ),
    "upstream-is-edge": Entry(
        Words(
            "{where}: the gateway {url} is this edge itself: it would forward to itself.",
            "Give the gateway's own address, or let the edge listen elsewhere with --port.",
        ),
        Words(
            "{where}：网关地址 {url} 就是 localedge 自己，请求会转回给自己。",
            "请填写网关本身的地址，或用 --port 让 localedge 监听其他端口。",
        ),
    ),
    "proxy-scheme": Entry(
        Words(
            '{where}: localedge cannot use a "{scheme}:" proxy, only http:// ones.',
            "Write http://host:port, or take the setting out.",
        ),
        Words(
            "{where}：localedge 不支持“{scheme}:”代理，只支持 http:// 代理。",
            "请写成 http://主机:端口，或删去该设置。",
        ),
    ),
    "proxy-userinfo": Entry(
        Words(
            "{where}: the proxy's user name or password has a /, ? or # in it.",
            "Percent-encode them: %2F for /, %3F for ?, %23 for #.",
        ),
        Words(
            "{where}：代理的用户名或密码中含有 /、? 或 #。",
            "请用百分号编码：/ 写成 %2F，? 写成 %3F，# 写成 %23。",
        ),
    ),
    "proxy-path": Entry(
        Words('{where}: the URL of a proxy has no path, and "{path}" is one.', "Take it away."),
        Words("{where}：代理的 URL 不带路径，而这里有“{path}”。", "请删去路径。"),
    ),
    "proxy-ignored": Entry(
        Words(
            '{where} names a "{scheme}:" proxy, which localedge cannot use: it connects to the gateway directly.',
            "Set gateway.proxy to an http:// proxy if the gateway is reachable only through one.",
        ),
        Words(
            "{where} 指定了“{scheme}:”代理，localedge 不支持，因此直接连接网关。",
            "如果必须经代理才能访问网关，请把 gateway.proxy 设为 http:// 代理。",
        ),
        talk=True,
    ),
    "proxy-not-for-loopback": Entry(
        Words(
            "{where} is not used: the gateway {gateway} is on this machine.",
            "Take the setting out to silence this line.",
        ),
        Words("{where} 不起作用：网关 {gateway} 就在本机。", "删去该设置即可不再显示本行。"),
        talk=True,
    ),
}
