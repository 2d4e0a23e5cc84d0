"""What errors that users see mean, and what `localedge explain` and `localedge env` tell."""

from . import explain_api, explain_connection, explain_desktop, explain_tls
from .entry import Entry, Words

_FAILURES: dict[str, Entry] = {
    "explain-nothing": Entry(
        Words(
            "there is no text to explain.",
            'Put the error between quotes after "localedge explain", or name a log with --file.',
        ),
        Words(
            "没有要解释的内容。",
            "请在“localedge explain”后面用引号写出错误信息，或用 --file 指定日志文件。",
        ),
        exit_status=2,
    ),
    "explain-text-and-file": Entry(
        Words("both a text and a log are given.", "Leave out one of them."),
        Words("同时给出了文本和日志文件。", "请去掉其中一个。"),
        exit_status=2,
    ),
    "explain-unreadable": Entry(
        Words("{path} cannot be read ({reason}).", "Name a file that this user may read."),
        Words("无法读取 {path}（{reason}）。", "请指定当前用户能够读取的文件。"),
    ),
    "explain-no-writer": Entry(
        Words(
            "{path} is a pipe into which nobody has written for {seconds} seconds.",
            'Start the program that writes there first, or pipe its output: "program 2>&1 | localedge explain -".',
        ),
        Words(
            "{path} 是一个管道，{seconds} 秒内没有程序写入。",
            "请先启动向其写入的程序，或直接用管道传入输出：“program 2>&1 | localedge explain -”。",
        ),
    ),
    "explain-unknown": Entry(
        Words(
            "not known: nothing in this text is an error that localedge can explain.",
            'Look at "localedge doctor", and at "localedge run --log-level debug" while it happens; for a report, '
            'collect the whole error and what "localedge doctor --bundle" writes.',
        ),
        Words(
            "未知：这段内容中没有 localedge 能够解释的错误。",
            "请运行“localedge doctor”，并在问题出现时查看“localedge run --log-level debug”的输出；报告问题时请附上完整的错误，"
            "以及“localedge doctor --bundle”生成的文件。",
        ),
    ),
    "env-any-port": Entry(
        Words(
            "{key} is 0, so nobody can know where the edge will listen.",
            "Give it a number in the configuration or in the variable {variable}.",
        ),
        Words("{key} 为 0，无法预知 localedge 的监听端口。", "请在配置文件或变量 {variable} 中指定端口号。"),
    ),
    "env-passed-socket": Entry(
        Words(
            "HTTPS listens on a socket that is passed on, so its port is not known here.",
            "Set https.port (LOCALEDGE_HTTPS_PORT) to that socket's port for this command.",
        ),
        Words(
            "HTTPS 使用传入的套接字，这里无法得知端口。",
            "请为该命令把 https.port（LOCALEDGE_HTTPS_PORT）设为该套接字的端口。",
        ),
    ),
    "env-shell-unknown": Entry(
        Words('the shell "{shell}" is not one of those known here.', "Choose with --shell: {known}."),
        Words("不认识名为“{shell}”的 shell。", "请用 --shell 选择：{known}。"),
        exit_status=2,
    ),
    "env-unquotable": Entry(
        Words(
            "the value of {name} has a character that this shell cannot take in a line.",
            "Use another shell (--shell bash, --shell pwsh), or another path.",
        ),
        Words(
            "{name} 的值中含有这个 shell 无法表示的字符。",
            "请换一个 shell（--shell bash、--shell pwsh），或换一个路径。",
        ),
    ),
}


def _talk(english: str, chinese: str, next_: str = "", next_zh: str = "") -> Entry:
    return Entry(Words(english, next_), Words(chinese, next_zh), talk=True)


_TALK: dict[str, Entry] = {
    "explain-next": _talk("Next: {step}", "下一步：{step}"),
    "explain-seen": _talk("Seen: {text}", "原文：{text}"),
    "explain-seen-times": _talk(
        "Seen {times} times, the last one: {text}", "出现 {times} 次，最后一次：{text}"
    ),
    "explain-source": _talk("Source: {source}", "依据：{source}"),
    "explain-own-source": _talk("localedge's own table of messages", "localedge 自身的消息表"),
    "explain-waiting": _talk(
        "Waiting for a program that writes into {path}; Ctrl-C ends it.",
        "正在等待程序向 {path} 写入；按 Ctrl-C 结束。",
    ),
    "explain-tail": _talk(
        "Only the end of {path} was read: the last {read} of {size} MiB.",
        "只读取了 {path} 的末尾：{size} MiB 中的最后 {read} MiB。",
    ),
    "explain-tail-of-input": _talk(
        "Only the end of the input was looked at: the last {read} MiB.",
        "只查看了输入的末尾：最后 {read} MiB。",
    ),
    "explain-enough": _talk(
        "Reading stopped after {size} MiB: the input does not end.",
        "读取 {size} MiB 后已停止：输入没有结束。",
    ),
    "env-use": _talk("To set them in this shell: {command}", "在当前 shell 中设置：{command}"),
    "env-placeholder": _talk(
        "{name} is a placeholder:",
        "{name} 是占位内容：",
        "put your gateway's key in its place.",
        "请替换为你的网关密钥。",
    ),
    "env-token-placeholder": _talk(
        "{name} is a placeholder:",
        "{name} 是占位内容：",
        "put the edge's client token (listen.client_token) in its place.",
        "请替换为 localedge 的客户端令牌（listen.client_token）。",
    ),
    "env-kept": _talk(
        "{name} is set already and stays as it is: it will be sent to the gateway.",
        "{name} 已经设置，保持不变：它会被发送给网关。",
    ),
    "env-both": _talk(
        "ANTHROPIC_AUTH_TOKEN and ANTHROPIC_API_KEY are both set, and clients differ in which one they send.",
        "ANTHROPIC_AUTH_TOKEN 与 ANTHROPIC_API_KEY 同时存在，不同客户端会发送不同的一个。",
        "Unset the one that is not the gateway's.",
        "请取消不属于该网关的那一个。",
    ),
    "env-kept-headers": _talk(
        "ANTHROPIC_CUSTOM_HEADERS is set already and stays as it is.",
        "ANTHROPIC_CUSTOM_HEADERS 已经设置，保持不变。",
        'Add a line to it: "x-localedge-token: " and the edge\'s client token.',
        "请在其中加一行：“x-localedge-token: ”和 localedge 的客户端令牌。",
    ),
    "env-kept-file": _talk(
        "{name} names a file of yours ({path}) and stays as it is, so it does not cover localedge.",
        "{name} 指向你自己的文件（{path}），保持不变，因此不含 localedge 的根证书。",
        'Run "{command}", then set {name} to the new file.',
        "请运行“{command}”，再把 {name} 设为新文件。",
    ),
    "env-no-bundle": _talk(
        "For Python and curl there must be a bundle of all roots, and there is none yet.",
        "Python 和 curl 需要包含全部根证书的证书包，目前还没有。",
        'Run "{command}", then this again.',
        "请运行“{command}”，然后重新运行本命令。",
    ),
    "env-old-bundle": _talk(
        "The bundle {path} does not hold the present root.",
        "证书包 {path} 中不含当前的根证书。",
        'Run "{command}", then this again.',
        "请运行“{command}”，然后重新运行本命令。",
    ),
}

TABLE: dict[str, Entry] = {
    **_FAILURES,
    **_TALK,
    **explain_tls.TABLE,
    **explain_connection.TABLE,
    **explain_desktop.TABLE,
    **explain_api.TABLE,
}
