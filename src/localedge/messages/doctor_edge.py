"""What `localedge doctor` finds about the edge, the gateway, and the names that lead here."""

from .entry import Entry, Words


def _good(english: str, chinese: str) -> Entry:
    return Entry(Words(english), Words(chinese), talk=True)


_EDGE: dict[str, Entry] = {
    "doctor-edge-runs": _good("The edge runs: {urls}", "localedge 正在运行：{urls}"),
    "doctor-edge-port-unknown": Entry(
        Words(
            "The port is chosen when the edge starts ({setting}), so doctor cannot ask there.",
            "Set a port, or go by what the edge prints.",
        ),
        Words("端口在启动时才确定（{setting}），doctor 无法检查。", "请设定端口，或以启动时显示的地址为准。"),
    ),
    "doctor-edge-other-port": Entry(
        Words(
            "The edge runs at {url}, and the configuration says {configured}: env and desktop apply go by that.",
            "Set listen.port to {port}, or LOCALEDGE_PORT in this shell.",
        ),
        Words(
            "localedge 运行在 {url}，而配置中的端口是 {configured}，env 和 desktop apply 都以配置为准。",
            "请把 listen.port 设为 {port}，或在当前 shell 中设置 LOCALEDGE_PORT。",
        ),
    ),
    "doctor-edge-not-running": Entry(
        Words("The edge is not running: nobody listens at {urls}.", "Start it, and leave it running."),
        Words("localedge 没有运行：{urls} 无人监听。", "请启动它并保持运行。"),
    ),
    "doctor-edge-port-taken-by": Entry(
        Words(
            "Port {port} belongs to {owner} (pid {pid}), which is not localedge.",
            "Stop that program, or take another port for the edge and for Claude (listen.port, or LOCALEDGE_PORT).",
        ),
        Words(
            "端口 {port} 被 {owner}（pid {pid}）占用，不是 localedge。",
            "请停止该程序，或为 localedge 和 Claude 换一个端口（listen.port 或 LOCALEDGE_PORT）。",
        ),
    ),
    "doctor-edge-port-taken": Entry(
        Words(
            "Port {port} belongs to another program, not to localedge.",
            "Stop that program, or take another port for the edge and for Claude (listen.port, or LOCALEDGE_PORT).",
        ),
        Words(
            "端口 {port} 被其他程序占用，不是 localedge。",
            "请停止该程序，或为 localedge 和 Claude 换一个端口（listen.port 或 LOCALEDGE_PORT）。",
        ),
    ),
    "doctor-edge-silent-by": Entry(
        Words(
            "At port {port} {owner} (pid {pid}) takes connections and does not answer.",
            "Stop it and start the edge, or take another port for the edge and for Claude.",
        ),
        Words(
            "端口 {port} 上的 {owner}（pid {pid}）接受连接却不响应。",
            "请停止它再启动 localedge，或为 localedge 和 Claude 换一个端口。",
        ),
    ),
    "doctor-edge-silent": Entry(
        Words(
            "At port {port} some program takes connections and does not answer.",
            "Stop it and start the edge, or take another port for the edge and for Claude.",
        ),
        Words(
            "端口 {port} 上的某个程序接受连接却不响应。",
            "请停止它再启动 localedge，或为 localedge 和 Claude 换一个端口。",
        ),
    ),
    "doctor-edge-http-only": Entry(
        Words(
            "There is a local CA, but the edge serves no HTTPS at port {port}.",
            "Stop the edge and start it again without --http-only; what it prints then says why if it does not.",
        ),
        Words(
            "已有本地 CA，但 localedge 没有在端口 {port} 提供 HTTPS。",
            "请停止后重新启动（不加 --http-only）；若仍不提供，启动时会说明原因。",
        ),
    ),
    "doctor-edge-https-taken-by": Entry(
        Words(
            "Port {port}, for HTTPS, belongs to {owner} (pid {pid}), which is not localedge.",
            "Stop that program, or take another port for HTTPS (https.port, or LOCALEDGE_HTTPS_PORT).",
        ),
        Words(
            "HTTPS 端口 {port} 被 {owner}（pid {pid}）占用，不是 localedge。",
            "请停止该程序，或换一个 HTTPS 端口（https.port 或 LOCALEDGE_HTTPS_PORT）。",
        ),
    ),
    "doctor-edge-https-taken": Entry(
        Words(
            "Port {port}, for HTTPS, belongs to another program, not to localedge.",
            "Stop that program, or take another port for HTTPS (https.port, or LOCALEDGE_HTTPS_PORT).",
        ),
        Words(
            "HTTPS 端口 {port} 被其他程序占用，不是 localedge。",
            "请停止该程序，或换一个 HTTPS 端口（https.port 或 LOCALEDGE_HTTPS_PORT）。",
        ),
    ),
    "doctor-edge-handshake": Entry(
        Words(
            "HTTPS under {name} fails ({reason}).",
            "See what the local CA is like, then start the edge again.",
        ),
        Words("通过 {name} 的 HTTPS 连接失败（{reason}）。", "请查看本地 CA 的状态，再重启 localedge。"),
    ),
    "doctor-edge-desktop-refuses": Entry(
        Words(
            "Claude Desktop does not take {url}: plain HTTP only to 127.0.0.1, localhost and [::1].",
            "Listen on 127.0.0.1 for it.",
        ),
        Words(
            "Claude Desktop 不接受 {url}：http:// 只能用于 127.0.0.1、localhost 和 [::1]。",
            "供它使用时请监听 127.0.0.1。",
        ),
    ),
    "doctor-edge-config-newer": Entry(
        Words(
            '"{path}" has changed since the edge (pid {pid}) was started, which reads it only then.',
            "Stop the edge and start it again.",
        ),
        Words(
            "“{path}”在 localedge（pid {pid}）启动之后有改动，而它只在启动时读取。",
            "请停止后重新启动 localedge。",
        ),
    ),
    "doctor-edge-installed-since": Entry(
        Words(
            "localedge was installed anew since the edge (pid {pid}) was started: the earlier version runs on.",
            "Stop the edge and start it again.",
        ),
        Words(
            "localedge（pid {pid}）启动之后又安装过新版本，运行的仍是旧版本。", "请停止后重新启动 localedge。"
        ),
    ),
    "doctor-localhost-taken-by": Entry(
        Words(
            "localhost is ::1 first, and at [::1]:{port} {owner} (pid {pid}) answers, not the edge.",
            "Use 127.0.0.1 in place of localhost, or stop that program.",
        ),
        Words(
            "localhost 优先解析为 ::1，而 [::1]:{port} 上响应的是 {owner}（pid {pid}），不是 localedge。",
            "请用 127.0.0.1 代替 localhost，或停止该程序。",
        ),
    ),
    "doctor-localhost-taken": Entry(
        Words(
            "localhost is ::1 first, and at [::1]:{port} another program answers, not the edge.",
            "Use 127.0.0.1 in place of localhost, or stop that program.",
        ),
        Words(
            "localhost 优先解析为 ::1，而 [::1]:{port} 上响应的是其他程序，不是 localedge。",
            "请用 127.0.0.1 代替 localhost，或停止该程序。",
        ),
    ),
    "doctor-localhost-v6": Entry(
        Words("localhost is ::1 first, where the edge does not listen.", "Use 127.0.0.1 in base URLs."),
        Words("localhost 优先解析为 ::1，而 localedge 没有监听它。", "基础地址请使用 127.0.0.1。"),
    ),
}

_GATEWAY: dict[str, Entry] = {
    "doctor-gateway-answers": _good(
        "The gateway answers: {gateway} (localedge check tells whether as Claude wants it)",
        "网关有响应：{gateway}（localedge check 可检查其接口是否符合 Claude 的要求）",
    ),
    "doctor-gateway-by-proxy": _good(
        "The gateway answers: {gateway}, through the proxy {proxy}",
        "网关有响应：{gateway}（经代理 {proxy}）",
    ),
    "doctor-gateway-demo": Entry(
        Words(
            "No gateway is configured: the edge answers with canned words.",
            "Name your gateway when you start it, or in the configuration (gateway.url).",
        ),
        Words(
            "尚未配置网关：localedge 只会返回预先写好的响应。",
            "请在启动时指定网关，或写入配置（gateway.url）。",
        ),
    ),
    "doctor-gateway-by-options": Entry(
        Words(
            "The edge was started with a gateway that the configuration does not have; it answers.",
            "Set gateway.url in the configuration, and doctor looks at it in detail.",
        ),
        Words(
            "localedge 启动时指定的网关不在配置中；它有响应。",
            "把它写入配置的 gateway.url，doctor 便会详细检查。",
        ),
    ),
    "doctor-gateway-by-edge": Entry(
        Words(
            "The edge does not get through to the gateway: it answers {problem}.",
            "See what that means; if {gateway} answers otherwise, stop the edge and start it again.",
        ),
        Words(
            "localedge 无法连通网关：它返回 {problem}。",
            "请查看其含义；若 {gateway} 本身正常，请停止 localedge 再重新启动。",
        ),
    ),
    "doctor-gateway-behind": Entry(
        Words(
            "The edge does not get through to the gateway that it was started with: it answers {problem}.",
            '"localedge explain {problem}" tells what that is; or check that gateway itself.',
        ),
        Words(
            "localedge 无法连通启动时指定的网关：它返回 {problem}。",
            "“localedge explain {problem}”会说明含义；也可以直接检查该网关。",
        ),
    ),
    "doctor-gateway-behind-status": Entry(
        Words(
            "The gateway that the edge was started with answers with {status}: what stands behind it is not there.",
            "Look at the gateway's own log, or check it.",
        ),
        Words(
            "localedge 启动时指定的网关返回 {status}：它后面的服务不可用。",
            "请查看网关自身的日志，或直接检查它。",
        ),
    ),
    "doctor-gateway-behind-silent": Entry(
        Words(
            "The edge gets no answer from its gateway in time.",
            "See whether the gateway is stuck or overloaded, and check it.",
        ),
        Words("localedge 没有及时收到网关的响应。", "请查看网关是否卡住或过载，并检查它。"),
    ),
    "doctor-gateway-not-as-configured": Entry(
        Words(
            "The edge reaches a gateway, but not the one that is configured: {gateway} fails ({problem}).",
            "Correct gateway.url before you start the edge again.",
        ),
        Words(
            "localedge 能连通网关，但不是配置中的那个：{gateway} 失败（{problem}）。",
            "重启 localedge 之前请更正 gateway.url。",
        ),
    ),
    "doctor-gateway-own-name": Entry(
        Words(
            "The name of {gateway} leads to this machine, so only a running edge can ask the gateway.",
            "Start the edge, then run doctor again.",
        ),
        Words(
            "{gateway} 的名称指向本机，只有运行中的 localedge 才能访问网关。",
            "请先启动 localedge，再运行 doctor。",
        ),
    ),
    "doctor-gateway-no-dns": Entry(
        Words(
            "No name server answered for {host}, on the way to the gateway {gateway}.",
            "Check the network or VPN, or set gateway.address to the gateway's IP address.",
        ),
        Words(
            "查询 {host}（通往网关 {gateway}）时没有域名服务器响应。",
            "请检查网络或 VPN，或把 gateway.address 设为网关的 IP 地址。",
        ),
    ),
    "doctor-gateway-status": Entry(
        Words(
            "The gateway {gateway} answers with {status}: what stands behind it is not there.",
            "Look at the gateway's own log.",
        ),
        Words("网关 {gateway} 返回 {status}：它后面的服务不可用。", "请查看网关自身的日志。"),
    ),
    "doctor-gateway-redirects": Entry(
        Words(
            "The gateway {gateway} sends to https: clients do not follow that with a message.",
            "Give it as {secure}, after a check.",
        ),
        Words("网关 {gateway} 重定向到 https，客户端发送消息时不会跟随。", "请在检查后改用 {secure}。"),
    ),
    "doctor-gateway-via": Entry(
        Words(
            "Another proxy stands before the gateway {gateway} ({via}); some hold streams back.",
            "See whether streams arrive piece by piece.",
        ),
        Words(
            "网关 {gateway} 之前还有一个代理（{via}），有的代理会缓冲流式响应。",
            "请检查流式响应是否逐段到达。",
        ),
    ),
}

_NAMES: dict[str, Entry] = {
    "doctor-names-lead-here": _good("These names lead here: {names}", "这些名称指向本机：{names}"),
    "doctor-names-unmapped": Entry(
        Words(
            "{names} is known to nobody, so HTTPS under that name does not work.",
            "Add it to the hosts file (as administrator), or use https://localhost.",
        ),
        Words(
            "{names} 无法解析，因此不能用该名称访问 HTTPS。",
            "请（以管理员身份）把它加入 hosts 文件，或使用 https://localhost。",
        ),
    ),
    "doctor-name-elsewhere": Entry(
        Words(
            "{name} leads to {found}, not to this machine: keys and prompts would go there.",
            "Add it to the hosts file (as administrator), or take another name into https.names.",
        ),
        Words(
            "{name} 指向 {found}，不是本机：密钥和提示词会发往那里。",
            "请（以管理员身份）把它加入 hosts 文件，或在 https.names 中换一个名称。",
        ),
    ),
    "doctor-name-mapped-elsewhere": Entry(
        Words(
            'Line {line} of "{path}" leads {name} to {address}: keys and prompts would go there.',
            "Take that line out, then add the name with localedge hosts add.",
        ),
        Words(
            "“{path}”第 {line} 行把 {name} 指向 {address}：密钥和提示词会发往那里。",
            "请删去该行，再用 localedge hosts add 添加该名称。",
        ),
    ),
    "doctor-name-conflict": Entry(
        Words(
            'Line {line} of "{path}" leads {name} to {address}, another one to this machine.',
            "Take out the line that is wrong.",
        ),
        Words("“{path}”第 {line} 行把 {name} 指向 {address}，另一行却指向本机。", "请删去错误的那一行。"),
    ),
    "doctor-name-no-effect": Entry(
        Words(
            '"{path}" leads {name} to this machine, but the system finds: {found}.',
            "Restart what caches names, or let it heed the hosts file.",
        ),
        Words(
            "“{path}”把 {name} 指向本机，但系统解析为：{found}。",
            "请重启 DNS 缓存，或让解析服务遵循 hosts 文件。",
        ),
    ),
    "doctor-name-v6-only": Entry(
        Words(
            "{name} leads to {found} only, and the edge listens for HTTPS at 127.0.0.1.",
            "Map it to 127.0.0.1, or let the edge listen on ::1 (listen.host).",
        ),
        Words(
            "{name} 只指向 {found}，而 localedge 的 HTTPS 监听 127.0.0.1。",
            "请映射到 127.0.0.1，或让 localedge 监听 ::1（listen.host）。",
        ),
    ),
    "doctor-name-not-heard": Entry(
        Words(
            "{name} leads to {found}, and the edge listens for HTTPS at 127.0.0.1.",
            "Map the name to 127.0.0.1.",
        ),
        Words("{name} 指向 {found}，而 localedge 的 HTTPS 监听 127.0.0.1。", "请把该名称映射到 127.0.0.1。"),
    ),
    "doctor-name-mapped-aside": Entry(
        Words(
            'Line {line} of "{path}" leads {name} to {found}, and the edge listens for HTTPS at 127.0.0.1.',
            "Put 127.0.0.1 there.",
        ),
        Words(
            "“{path}”第 {line} 行把 {name} 指向 {found}，而 localedge 的 HTTPS 监听 127.0.0.1。",
            "请在该行改为 127.0.0.1。",
        ),
    ),
    "doctor-hosts-unreadable": Entry(
        Words('The hosts file "{path}" cannot be read ({reason}).', "Restore it, or let this user read it."),
        Words("无法读取 hosts 文件“{path}”（{reason}）。", "请恢复该文件，或让当前用户能够读取。"),
    ),
    "doctor-hosts-damaged": Entry(
        Words(
            'Localedge\'s lines in "{path}" are not whole, so names cannot be added or removed.',
            "See which line, and take out the markers with what stands between them.",
        ),
        Words(
            "“{path}”中 localedge 写的部分不完整，无法增删名称。", "请查看是哪一行，删去标记及其间的各行。"
        ),
    ),
}

TABLE: dict[str, Entry] = {**_EDGE, **_GATEWAY, **_NAMES}
