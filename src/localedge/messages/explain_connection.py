"""What errors of connections, proxies and URLs mean."""

from .entry import Entry
from .explain_tls import why

_NO_PROXY = (
    'Set NO_PROXY=127.0.0.1,localhost for the client ("localedge env" prints it), then start it again.'
)
_NO_PROXY_ZH = "请为客户端设置 NO_PROXY=127.0.0.1,localhost（“localedge env”会输出它），再重新启动客户端。"

TABLE: dict[str, Entry] = {
    "why-refused": why(
        "Nothing listens at the address that the client was given. Either localedge is not running, or it listens on "
        "another port than the one in the base URL.",
        'Start it with "localedge run --upstream URL" and compare the base URL with its line "Listening on"; the '
        "configuration says {base}.",
        "客户端所用的地址上没有程序在监听。localedge 没有运行，或监听的端口与基础地址不同。",
        "请用“localedge run --upstream URL”启动，并把基础地址与“Listening on”一行对照；按配置应为 {base}。",
    ),
    "why-refused-ipv6": why(
        "The client went to ::1, the IPv6 loopback address, and nothing listens there. The name localhost may lead "
        "there first, while localedge listens on 127.0.0.1.",
        "Write 127.0.0.1 in place of localhost in the base URL: {base}.",
        "客户端连接的是 IPv6 回环地址 ::1，而那里没有程序监听。localhost 可能先解析到 ::1，而 localedge 监听的是 127.0.0.1。",
        "请在基础地址中用 127.0.0.1 代替 localhost：{base}。",
    ),
    "why-unresolved": why(
        "The host name in the URL is not known: it is mistyped, the network or VPN that knows it is not connected, or "
        "a name of localedge's is not in the hosts file.",
        'Correct the name in the base URL or in "localedge run --upstream"; for a name in https.names run "localedge '
        'hosts add NAME".',
        "网址中的主机名无法解析：名称写错、未接入能解析它的网络或 VPN，或 localedge 的名称不在 hosts 文件中。",
        "请更正基础地址或“localedge run --upstream”中的名称；对 https.names 中的名称请运行“localedge hosts add NAME”。",
    ),
    "why-no-answer": why(
        "Nobody took the connection in time. The address is wrong, a firewall drops the packets, or the network or "
        "VPN behind it is not connected.",
        'Ask the gateway directly with "localedge check"; on the way to the edge itself use {base}.',
        "连接在限定时间内没有被接受：地址有误、防火墙丢弃了数据包，或相应的网络或 VPN 未接通。",
        "请用“localedge check”直接检查网关；连接 localedge 本身时请使用 {base}。",
    ),
    "why-unreachable": why(
        "There is no way to the address from this machine: no network, no VPN, or no route.",
        'Connect to the network or VPN of the gateway, then run "localedge check".',
        "本机没有到达该地址的路径：没有网络、没有 VPN 或没有路由。",
        "请接入网关所在的网络或 VPN，再运行“localedge check”。",
    ),
    "why-reset": why(
        "The connection was closed before there was an answer: by the gateway, by a firewall or proxy in the way, or "
        "because one side spoke HTTPS and the other did not.",
        'Look for the code in brackets in the lines of "localedge run" of that moment, and give it to "localedge '
        'explain".',
        "连接在得到响应之前被关闭：由网关、途中的防火墙或代理关闭，或一方使用 HTTPS 而另一方没有。",
        "请在“localedge run”当时的输出中找到方括号里的代码，再交给“localedge explain”。",
    ),
    "why-empty": why(
        "The server closed the connection without a word. That is what happens when plain HTTP reaches an HTTPS port, "
        "or when another program has the port.",
        'Compare the base URL with the line "Listening on" of "localedge run": http:// goes with {base}, https:// '
        "with {secure}.",
        "服务器没有任何响应就关闭了连接。明文 HTTP 发到 HTTPS 端口，或端口属于其他程序时，就会这样。",
        "请把基础地址与“localedge run”的“Listening on”一行对照：http:// 对应 {base}，https:// 对应 {secure}。",
    ),
    "why-not-http": why(
        "What answered is no HTTP server, or it is an HTTPS server that was spoken to in plain HTTP.",
        "Correct the port in the base URL ({base}); for a gateway with HTTPS write https:// after --upstream.",
        "响应的不是 HTTP 服务器，或是用明文 HTTP 访问了 HTTPS 服务器。",
        "请更正基础地址中的端口（{base}）；网关使用 HTTPS 时，请在 --upstream 后写 https://。",
    ),
    "why-http2": why(
        "An answer over HTTP/2 was broken off by the server or by something in between.",
        'Look for the code in brackets in the lines of "localedge run" of that moment; over {base} the client speaks '
        "HTTP/1.1.",
        "通过 HTTP/2 的响应被服务器或中间设备中断。",
        "请在“localedge run”当时的输出中查找方括号里的代码；使用 {base} 时客户端走 HTTP/1.1。",
    ),
    "why-cut": why(
        "The answer had begun and broke off before its end. The gateway, or a proxy in front of it, closed the "
        "connection.",
        'Look for gateway-cut in the lines of "localedge run" and at the gateway\'s own log of that moment; "localedge '
        'check" tries a streamed answer.',
        "响应已经开始，但在结束之前中断：网关或其前面的代理关闭了连接。",
        "请在“localedge run”的输出中查找 gateway-cut，并查看网关当时的日志；“localedge check”会试一次流式响应。",
    ),
    "why-stalled": why(
        "The client gave up because nothing arrived for minutes. The gateway holds answers back in place of streaming "
        "them, or the model thinks for long and no ping is sent meanwhile.",
        'Run "localedge check", which tells streamed from held back; longer waits: API_TIMEOUT_MS for Claude Code, '
        "inferenceStreamIdleTimeoutSec = 1800 for Claude Desktop.",
        "客户端因数分钟没有收到数据而放弃。网关把响应攒在一起而没有流式发送，或模型思考很久而期间没有发送 ping。",
        "请运行“localedge check”，它能区分流式与缓冲；要等更久：Claude Code 设 API_TIMEOUT_MS，Claude Desktop 设 inferenceStreamIdleTimeoutSec = 1800。",
    ),
    "why-proxy-down": why(
        "The client goes through a proxy (HTTP_PROXY, HTTPS_PROXY or the system's setting), and that proxy cannot be "
        "reached. The edge is on this machine and needs none.",
        _NO_PROXY,
        "客户端通过代理（HTTP_PROXY、HTTPS_PROXY 或系统设置）连接，而该代理无法访问。localedge 就在本机，不需要代理。",
        _NO_PROXY_ZH,
    ),
    "why-proxy-tunnel": why(
        "A proxy did not open the way. Either it was asked for an address on this machine, or HTTP_PROXY or HTTPS_PROXY "
        "names localedge, which is a base URL and no proxy.",
        _NO_PROXY,
        "代理没有接通。可能向它请求了本机的地址，或 HTTP_PROXY、HTTPS_PROXY 指向了 localedge，而它是基础地址，不是代理。",
        _NO_PROXY_ZH,
    ),
    "why-proxy-auth": why(
        "A proxy on the way wants a user name and password (407).",
        "For the edge on this machine set NO_PROXY=127.0.0.1,localhost; for the way to the gateway set gateway.proxy to "
        "http://user:password@host:port.",
        "途中的代理要求用户名和密码（407）。",
        "访问本机的 localedge 时请设置 NO_PROXY=127.0.0.1,localhost；通往网关时请把 gateway.proxy 设为 http://用户名:密码@主机:端口。",
    ),
    "why-port-taken": why(
        "Another program already listens on that port, perhaps an edge that was started before.",
        'Stop it, or choose another port: "localedge run --port 18081", and the same port in the base URL.',
        "该端口已有其他程序监听，也可能是之前启动的 localedge。",
        "请停止该程序，或换一个端口：“localedge run --port 18081”，并在基础地址中使用同一端口。",
    ),
    "why-port-forbidden": why(
        "The system does not let this user listen on that port: it is below 1024, reserved, or held exclusively.",
        'Choose another: "localedge run --port 18080".',
        "系统不允许当前用户监听该端口：端口小于 1024、被保留或被独占。",
        "请换一个端口：“localedge run --port 18080”。",
    ),
    "why-unsafe-port": why(
        "Chromium and Node.js refuse to talk to that port number, whatever listens there.",
        'Choose another: "localedge run --port 18080", and {base} as the base URL.',
        "Chromium 和 Node.js 拒绝访问该端口号，无论那里有什么程序。",
        "请换一个端口：“localedge run --port 18080”，并用 {base} 作为基础地址。",
    ),
    "why-redirect": why(
        "The server sends the client elsewhere (a redirect), and the clients of Claude do not follow it. Mostly a "
        "gateway wants https:// in place of http://, or another path.",
        'Run "localedge check", then start the edge with the address it names: "localedge run --upstream URL".',
        "服务器要求客户端转向其他地址（重定向），而 Claude 的客户端不会跟随。多半是网关要求 https:// 而不是 http://，或需要其他路径。",
        "请运行“localedge check”，再用它指出的地址启动：“localedge run --upstream URL”。",
    ),
    "why-web-page": why(
        "A web page tried to use the edge, and the browser or the edge did not allow it.",
        "If the page is yours, add its origin to client.allowed_origins and start the edge again.",
        "网页试图使用 localedge，被浏览器或 localedge 阻止。",
        "如果这是你自己的网页，请把它的来源加入 client.allowed_origins，再重新启动 localedge。",
    ),
    "why-bad-url": why(
        "The base URL cannot be read as a URL: a scheme is missing, or there is a space or a stray character in it.",
        "Write {base}, without quotes and without /v1.",
        "基础地址不是有效的 URL：缺少协议，或含有空格或多余字符。",
        "请写成 {base}，不加引号，也不加 /v1。",
    ),
    "why-bad-header": why(
        "The key cannot be sent: it is empty, or has a line break, a space or a character beyond ASCII in it, mostly "
        "from copying.",
        'Set ANTHROPIC_AUTH_TOKEN again, without spaces and line breaks ("localedge env" prints the lines).',
        "密钥无法发送：它为空，或含有换行、空格或非 ASCII 字符，多半是复制造成的。",
        "请重新设置 ANTHROPIC_AUTH_TOKEN，不带空格和换行（“localedge env”会输出这些行）。",
    ),
    "why-encoding": why(
        "The answer is said to be compressed and is not, or its compressed bytes are damaged. A gateway or a proxy "
        "changed one and not the other.",
        "Switch compression off in the gateway; localedge passes answers on byte for byte.",
        "响应声明为压缩格式，但实际并非如此，或压缩数据已损坏：网关或代理只改了其中一处。",
        "请在网关中关闭压缩；localedge 会逐字节转发响应。",
    ),
    "why-connection": why(
        "The client could not talk to its base URL, and this line does not say why.",
        'See that "localedge run" is running and the base URL is {base}, then give the lines around this one to '
        '"localedge explain".',
        "客户端无法与基础地址通信，而这一行没有说明原因。",
        "请确认“localedge run”正在运行、基础地址为 {base}，再把这一行前后的内容交给“localedge explain”。",
    ),
}
