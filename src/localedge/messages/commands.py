"""What commands fail with, and what they tell while they work."""

from .entry import Entry, Words

_REPORT = (
    "Please report this line, your system and the version (localedge version) "
    "at the place you got localedge from."
)
_REPORT_ZH = "请把这一行、你的系统以及版本号（localedge version）报告给 localedge 的发布处。"

_FAILURES: dict[str, Entry] = {
    "usage": Entry(
        Words("{detail}.", 'Try "{command} --help".'),
        Words("命令行有误（{detail}）。", "请看“{command} --help”。"),
        exit_status=2,
    ),
    "no-home": Entry(
        Words(
            "nobody knows where your home directory is: {name} is empty, not set, or no full path.",
            "Set {name} to the full path of your home directory, then run this again.",
        ),
        Words(
            "不知道你的主目录在哪里：{name} 为空、未设置，或不是完整路径。",
            "请把 {name} 设为主目录的完整路径，然后重新运行。",
        ),
    ),
    "no-such-command": Entry(
        Words('there is no command "{name}".', 'Try "{command} --help".'),
        Words("没有名为“{name}”的命令。", "请看“{command} --help”。"),
        exit_status=2,
    ),
    "no-such-command-near": Entry(
        Words('there is no command "{name}".', 'Did you mean "{near}"? Try "{command} --help".'),
        Words("没有名为“{name}”的命令。", "是不是想写“{near}”？请看“{command} --help”。"),
        exit_status=2,
    ),
    "no-such-option": Entry(
        Words('"{command}" has no option "{name}".', 'Try "{command} --help".'),
        Words("“{command}”没有“{name}”选项。", "请看“{command} --help”。"),
        exit_status=2,
    ),
    "no-such-option-near": Entry(
        Words('"{command}" has no option "{name}".', 'Did you mean "{near}"? Try "{command} --help".'),
        Words("“{command}”没有“{name}”选项。", "是不是想写“{near}”？请看“{command} --help”。"),
        exit_status=2,
    ),
    "option-without-value": Entry(
        Words('the option "{name}" needs a value after it.', 'Try "{command} --help".'),
        Words("选项“{name}”后面要有一个值。", "请看“{command} --help”。"),
        exit_status=2,
    ),
    "extra-words": Entry(
        Words('"{command}" takes no words besides its options.', 'Try "{command} --help".'),
        Words("“{command}”只接受选项，不接受其他词。", "请看“{command} --help”。"),
        exit_status=2,
    ),
    "output-failed": Entry(
        Words("the output cannot be written ({reason}).", "Make room there, or send it elsewhere."),
        Words("无法写出结果（{reason}）。", "请腾出空间，或把输出改到别处。"),
    ),
    "internal-error": Entry(
        Words("internal error: {kind} at {place}.", _REPORT),
        Words("内部错误：{kind}，位于 {place}。", _REPORT_ZH),
        exit_status=3,
    ),
    "port-in-use": Entry(
        Words(
            "port {port} is in use by another program.",
            "Stop that program, or choose another port with --port, or LOCALEDGE_PORT for setup (0 takes any free one).",
        ),
        Words(
            "端口 {port} 已被其他程序占用。",
            "请停止该程序，或用 --port 换一个端口；setup 用 LOCALEDGE_PORT（0 表示任选一个空闲端口）。",
        ),
    ),
    "port-in-use-by": Entry(
        Words(
            "port {port} is in use by {owner} (pid {pid}).",
            "Stop that program, or choose another port with --port, or LOCALEDGE_PORT for setup (0 takes any free one).",
        ),
        Words(
            "端口 {port} 已被 {owner}（pid {pid}）占用。",
            "请停止该程序，或用 --port 换一个端口；setup 用 LOCALEDGE_PORT（0 表示任选一个空闲端口）。",
        ),
    ),
    "privileged-port": Entry(
        Words(
            "this user may not listen on port {port}.",
            "Choose a port from 1024 up with --port; the usual one is 18080.",
        ),
        Words("当前用户无权监听端口 {port}。", "请用 --port 选择 1024 及以上的端口，常用的是 18080。"),
    ),
    "port-reserved": Entry(
        Words(
            "Windows keeps port {port} for itself or another program holds it exclusively.",
            'Choose another with --port; "netsh interface ipv4 show excludedportrange tcp" lists reserved ports.',
        ),
        Words(
            "端口 {port} 被 Windows 保留，或被其他程序独占。",
            "请用 --port 换一个端口；“netsh interface ipv4 show excludedportrange tcp”可列出保留的端口。",
        ),
    ),
    "address-not-available": Entry(
        Words(
            "the address {host} does not belong to this machine.",
            "Use 127.0.0.1, or an address of this machine, with --host.",
        ),
        Words("地址 {host} 不属于本机。", "请用 --host 指定 127.0.0.1 或本机的其他地址。"),
    ),
    "listen-failed": Entry(
        Words(
            "cannot listen on {host} port {port} ({reason}).",
            "Choose another address with --host or another port with --port.",
        ),
        Words(
            "无法监听 {host} 的端口 {port}（{reason}）。", "请用 --host 换一个地址，或用 --port 换一个端口。"
        ),
    ),
}

_TALK: dict[str, Entry] = {
    "edge-elsewhere": Entry(
        Words(
            "The edge that runs listens at {urls}, not at {url}: whoever answers there gets what Claude sends, the key too.",
            "Set LOCALEDGE_PORT, or listen.port in the configuration, to its port, and run this again.",
        ),
        Words(
            "正在运行的 localedge 监听 {urls}，而不是 {url}：Claude 发送的内容（包括密钥）会交给在后者应答的程序。",
            "请把 LOCALEDGE_PORT 或配置中的 listen.port 设为它的端口，然后重新运行本命令。",
        ),
        talk=True,
    ),
    "not-on-path": Entry(
        Words('"localedge" is not on the PATH here: type {program} in its place.'),
        Words("这里的 PATH 中没有“localedge”：请改为输入 {program}。"),
        talk=True,
    ),
    "demo-announcement": Entry(
        Words(
            "No gateway is configured, so this is the built-in demo gateway: its answers are canned, "
            "no model is behind it.",
            "To use a real one: localedge run --upstream http://gateway.example:8000",
        ),
        Words(
            "尚未配置网关，现在使用的是内置演示网关：响应是预先写好的，背后没有模型。",
            "使用真正的网关：localedge run --upstream http://gateway.example:8000",
        ),
        talk=True,
    ),
    "demo-listening": Entry(
        Words("Its answers are canned, no model is behind it.", "Press Ctrl-C to stop."),
        Words("响应是预先写好的，背后没有模型。", "按 Ctrl-C 停止。"),
        talk=True,
    ),
    "insecure-upstream": Entry(
        Words(
            "WARNING: the certificate of {gateway} is not checked: anyone on the way can read and change "
            "prompts, answers and keys.",
            "Put the gateway's CA into gateway.ca_file and drop --insecure-upstream (gateway.insecure).",
        ),
        Words(
            "警告：不检查 {gateway} 的证书，途中任何人都能读取和篡改提示词、响应和密钥。",
            "请把网关的 CA 填入 gateway.ca_file，并去掉 --insecure-upstream（gateway.insecure）。",
        ),
        talk=True,
    ),
    "beyond-loopback": Entry(
        Words(
            "Other machines can reach this edge on port {port}; every request needs the client token, and the "
            "name they use must be in client.allowed_hosts.",
            "Use --host 127.0.0.1 to keep it to this machine.",
        ),
        Words(
            "其他机器可以通过端口 {port} 访问 localedge；每个请求都需要客户端令牌，"
            "它们所用的名称还须列入 client.allowed_hosts。",
            "如果只供本机使用，请加 --host 127.0.0.1。",
        ),
        talk=True,
    ),
    "desktop-needs-loopback": Entry(
        Words(
            "Claude Desktop takes http:// only for 127.0.0.1, localhost and [::1], not for {host}.",
            "Use --host 127.0.0.1 for Claude Desktop.",
        ),
        Words(
            "Claude Desktop 只接受 127.0.0.1、localhost 和 [::1] 的 http:// 地址，不接受 {host}。",
            "供 Claude Desktop 使用时请加 --host 127.0.0.1。",
        ),
        talk=True,
    ),
    "stopping": Entry(
        Words("Stopping: answers in flight are finished first.", "Press Ctrl-C again to stop at once."),
        Words("正在停止：先完成进行中的响应。", "再按一次 Ctrl-C 立即停止。"),
        talk=True,
    ),
    "paste-desktop": Entry(
        Words("For Claude Desktop (third-party inference):"),
        Words("在 Claude Desktop（第三方推理设置）中填写："),
        talk=True,
    ),
    "paste-connection": Entry(Words("Connection"), Words("Connection（连接方式）"), talk=True),
    "paste-base-url": Entry(Words("Gateway base URL"), Words("Gateway base URL（基础地址）"), talk=True),
    "paste-key": Entry(Words("Gateway API key"), Words("Gateway API key（密钥）"), talk=True),
    "paste-scheme": Entry(Words("Gateway auth scheme"), Words("Gateway auth scheme（认证方式）"), talk=True),
    "paste-model": Entry(Words("Model"), Words("Model（模型）"), talk=True),
    "paste-header": Entry(Words("Custom header"), Words("Custom header（自定义请求头）"), talk=True),
    "your-token": Entry(Words("your client token"), Words("你的客户端令牌"), talk=True),
    "your-key": Entry(Words("your gateway's key"), Words("你的网关密钥"), talk=True),
    "any-key": Entry(Words("anything, for example: demo"), Words("任意内容，例如 demo"), talk=True),
    "model-hint": Entry(
        Words(" (or any model of your gateway)"), Words("（或网关提供的其他模型）"), talk=True
    ),
    "paste-code": Entry(
        Words("For Claude Code, in the terminal you start it from:"),
        Words("在启动 Claude Code 的终端中执行："),
        talk=True,
    ),
    "config-written": Entry(
        Words("Every line is commented out:", "take away the # of what you want to change."),
        Words("文件中每一行都已注释，", "要修改哪一项，就去掉该行开头的 #。"),
        talk=True,
    ),
    "config-none": Entry(
        Words("There is no file yet:", '"localedge config init" writes one.'),
        Words("文件尚不存在：", "“localedge config init”会生成一份。"),
        talk=True,
    ),
    "no-value": Entry(Words("(none)"), Words("（无）"), talk=True),
    "from-default": Entry(Words("default"), Words("默认值"), talk=True),
    "from-demo": Entry(
        Words("nothing configured, so the demo gateway"), Words("未配置，使用演示网关"), talk=True
    ),
    "from-proxy-variables": Entry(Words("no proxy for this gateway"), Words("此网关不经代理"), talk=True),
}

TABLE: dict[str, Entry] = {**_FAILURES, **_TALK}
