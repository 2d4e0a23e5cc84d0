"""What `localedge check` tells of a gateway, and what can be wrong with one.

Each finding says what is the case, what it means for Claude Desktop, and what to do where there is something
to do.  `check_answers` has those about a message and a stream.
"""

from . import check_answers
from .check_answers import row
from .entry import Entry, Words

_TALK: dict[str, Entry] = {
    "check-level-ok": row("ok  ", "", "正常", ""),
    "check-level-note": row("note", "", "注意", ""),
    "check-level-bad": row("FAIL", "", "失败", ""),
    "check-what-stream": row(", streamed", "", "（流式）", ""),
    "check-what-scheme": row(", the other scheme", "", "（另一种认证方式）", ""),
    "check-what-wrong-key": row(", wrong key", "", "（错误的密钥）", ""),
    "check-what-tools": row(", with a tool", "", "（带工具）", ""),
    "check-what-beta": row(", unknown anthropic-beta", "", "（未知的 anthropic-beta）", ""),
    "check-what-big-body": row(", 2 MB", "", "（2 MB 请求体）", ""),
    "check-title": row("Checking the gateway {gateway}", "", "正在检查网关 {gateway}", ""),
    "check-title-demo": row(
        "No gateway is configured: checking the demo gateway of localedge, {gateway}",
        "",
        "尚未配置网关：正在检查 localedge 的演示网关 {gateway}",
        "",
    ),
    "check-title-edge": row("The same through localedge", "", "同样的请求，经由 localedge", ""),
    "check-no-key": row(
        "No key: the gateway is asked without one.",
        "If it wants one, set ANTHROPIC_AUTH_TOKEN or ANTHROPIC_API_KEY, or use --key-file.",
        "没有密钥：将不带密钥访问网关。",
        "如果网关需要密钥，请设置 ANTHROPIC_AUTH_TOKEN 或 ANTHROPIC_API_KEY，或使用 --key-file。",
    ),
    "check-key-prompt": row(
        "Key of the gateway (not shown; Enter for none): ",
        "",
        "网关密钥（不会显示；没有则直接回车）：",
        "",
    ),
    "check-key-typed": row("what was typed", "", "输入的内容", ""),
    "check-waiting": row(
        "Waiting for {what}: {seconds} s so far, {limit} s at most without a byte.",
        "",
        "正在等待 {what}：已 {seconds} 秒，最多 {limit} 秒没有数据。",
        "",
    ),
    "check-tokens": row(
        "Tokens used, by the gateway's own count: {input} in, {output} out.",
        "",
        "按网关自己的统计，共用掉 token：输入 {input}，输出 {output}。",
        "",
    ),
    "check-usable": row(
        "Usable for Claude Desktop with the model {model} and the scheme {scheme}.",
        "Next: localedge run --http-only{upstream}",
        "可用于 Claude Desktop：模型 {model}，认证方式 {scheme}。",
        "下一步：localedge run --http-only{upstream}",
    ),
    "check-usable-hidden": row(
        "Works with {model} and the scheme {scheme}, an id that newer builds of Claude Desktop do not show.",
        "Let the gateway offer it under a claude- id, then: localedge run --http-only{upstream}",
        "可用 {model}（认证方式 {scheme}），但较新版本的 Claude Desktop 不显示该 ID。",
        "请让网关以 claude- 开头的 ID 提供它，然后：localedge run --http-only{upstream}",
    ),
    "check-usable-demo": row(
        "The demo gateway works; nothing is known of yours.",
        "Next: localedge check --upstream http://gateway.example:8000",
        "演示网关正常；这不代表你的网关可用。",
        "下一步：localedge check --upstream http://gateway.example:8000",
    ),
    "check-unusable": row(
        "Not usable for Claude Desktop as it is.",
        "Mend the first line that says FAIL, then check again.",
        "目前不能用于 Claude Desktop。",
        "请先解决第一个标为“失败”的问题，然后重新检查。",
    ),
    "check-scheme-none": row("any (no key was asked for)", "", "任意（没有使用密钥）", ""),
}

_MISTAKES: dict[str, Entry] = {
    "check-key-bad": Entry(
        Words(
            "{where} does not hold a key: one line of visible ASCII characters is wanted.",
            "Put nothing but the key there.",
        ),
        Words("{where} 中不是密钥：应为一行可见的 ASCII 字符。", "请只写入密钥本身。"),
    ),
    "check-model-bad": Entry(
        Words(
            '"{model}" is no model id: visible ASCII characters are wanted, 200 at most.',
            "Correct --model.",
        ),
        Words("“{model}”不是模型 id：应为最多 200 个可见的 ASCII 字符。", "请更正 --model。"),
        exit_status=2,
    ),
}

_HELLO_AND_MODELS: dict[str, Entry] = {
    "check-hello-ok": row(
        "The gateway is there (HTTP {status}).",
        "",
        "网关可以访问（HTTP {status}）。",
        "",
    ),
    "check-hello-error": row(
        "The gateway is there, and answers the start-up probe with HTTP {status}.",
        "Claude Desktop does not see that: localedge answers the probe by itself.",
        "网关可以访问，但对启动探测返回 HTTP {status}。",
        "Claude Desktop 不会受影响：localedge 会自行应答该探测。",
    ),
    "check-models-ok": row(
        "Models listed: {count}, fit for Claude Desktop's picker: {taken} ({names}).",
        "",
        "共 {count} 个模型，其中 {taken} 个可出现在 Claude Desktop 的列表中：{names}。",
        "",
    ),
    "check-models-openai": row(
        "Models listed, in OpenAI's shape: {count}, fit for Claude Desktop's picker: {taken} ({names}).",
        "Claude Desktop reads the ids; display names and 1M contexts are missing.",
        "共 {count} 个模型（OpenAI 格式），其中 {taken} 个可出现在 Claude Desktop 的列表中：{names}。",
        "Claude Desktop 能读取 id，但缺少显示名称和 1M 上下文信息。",
    ),
    "check-models-refused": row(
        "Models listed: {count}, but Claude Desktop shows none of these ids: {names}.",
        "Have the gateway offer them under a name such as claude-opus-4: newer builds want claude, opus, sonnet "
        "or haiku in an id and refuse other vendors' words.",
        "共 {count} 个模型，但 Claude Desktop 不会显示这些 id：{names}。",
        "请让网关以 claude-opus-4 之类的名称提供它们：新版本要求 id 含有 claude、opus、sonnet 或 haiku，并拒绝其他厂商的字样。",
    ),
    "check-models-empty": row(
        "The list of models is empty.",
        "Claude Desktop says that there are no usable models: name them in its window by hand.",
        "模型列表为空。",
        "Claude Desktop 会提示没有可用模型：请在其窗口中手动填写模型。",
    ),
    "check-models-none": row(
        "The gateway has no list of models (HTTP {status}).",
        "Claude Desktop goes without: name the models in its window by hand.",
        "网关没有模型列表（HTTP {status}）。",
        "Claude Desktop 可以没有它：请在其窗口中手动填写模型。",
    ),
    "check-models-redirect": row(
        "The list of models redirects to {to}.",
        "Claude does not follow: name the models by hand.",
        "模型列表重定向到 {to}。",
        "Claude 不会跟随重定向：请手动填写模型。",
    ),
    "check-models-html": row(
        'A web page came in place of the list of models (HTTP {status}, "{title}").',
        "Claude Desktop cannot read it: name the models by hand, and look at what the next lines say.",
        "返回的是网页而不是模型列表（HTTP {status}，“{title}”）。",
        "Claude Desktop 无法读取：请手动填写模型，并看后面几行的结果。",
    ),
    "check-models-error": row(
        'The list of models fails: HTTP {status}, "{said}".',
        "Claude Desktop goes without: name the models by hand.",
        "获取模型列表失败：HTTP {status}，“{said}”。",
        "Claude Desktop 可以没有它：请手动填写模型。",
    ),
    "check-models-failed": row(
        "The list of models did not come: {problem}",
        "Claude Desktop waits up to 10 s for it at every start: name the models by hand and switch discovery off.",
        "没有得到模型列表：{problem}",
        "Claude Desktop 每次启动最多会为此等待 10 秒：请手动填写模型并关闭模型发现。",
    ),
}

_REST: dict[str, Entry] = {
    "check-wrong-key-ok": row(
        "A wrong key is refused in the right shape (401).",
        "Claude Desktop can tell you when the key is wrong.",
        "错误的密钥会以正确的格式被拒绝（401）。",
        "密钥有误时 Claude Desktop 能明确提示。",
    ),
    "check-wrong-key-shape": row(
        'A wrong key is refused (401), but not in the shape of the Messages API: "{said}".',
        "Claude Desktop may show a vague error when the key is wrong.",
        "错误的密钥会被拒绝（401），但不是 Messages API 的格式：“{said}”。",
        "密钥有误时 Claude Desktop 的提示可能不够明确。",
    ),
    "check-wrong-key-status": row(
        'A wrong key is answered with HTTP {status} in place of 401: "{said}".',
        "Claude Desktop does not see that it is the key, and tries a 5xx again and again.",
        "对错误的密钥返回 HTTP {status} 而不是 401：“{said}”。",
        "Claude Desktop 看不出是密钥的问题；若为 5xx，还会反复重试。",
    ),
    "check-wrong-key-taken": row(
        "The gateway takes any key.",
        "Claude Desktop works; whoever reaches the gateway can use it too. Any text will do as the key.",
        "网关接受任何密钥。",
        "Claude Desktop 可以使用；但能访问网关的任何人也都能用。密钥可填任意文字。",
    ),
    "check-wrong-key-failed": row(
        "No answer to a wrong key: {problem}",
        "Claude Desktop cannot tell you when the key is wrong.",
        "对错误的密钥没有响应：{problem}",
        "密钥有误时 Claude Desktop 无法提示。",
    ),
    "check-scheme-both": row(
        "The key is taken as {used} and as {other}.",
        "Either scheme will do in Claude Desktop.",
        "密钥用 {used} 和 {other} 两种方式都被接受。",
        "在 Claude Desktop 中选哪种认证方式都可以。",
    ),
    "check-scheme-one": row(
        "The key is taken as {used} only; as {other} the answer was HTTP {status}.",
        "Choose the scheme {used} in Claude Desktop.",
        "密钥只能以 {used} 方式使用；以 {other} 方式得到 HTTP {status}。",
        "请在 Claude Desktop 中选择 {used} 认证方式。",
    ),
    "check-count-ok": row("Tokens can be counted ({tokens}).", "", "可以统计 token（{tokens}）。", ""),
    "check-count-none": row(
        "Tokens cannot be counted (HTTP {status}).",
        "That is fine: Claude estimates, then.",
        "不支持统计 token（HTTP {status}）。",
        "没有关系：Claude 会自行估算。",
    ),
    "check-count-error": row(
        'Counting tokens fails: HTTP {status}, "{said}".',
        "Claude estimates, then; an answer of 404 would be quicker.",
        "统计 token 失败：HTTP {status}，“{said}”。",
        "Claude 会自行估算；网关返回 404 会更快。",
    ),
    "check-count-failed": row(
        "Counting tokens brought no answer: {problem}",
        "Claude may wait for it: have the gateway answer 404.",
        "统计 token 没有得到响应：{problem}",
        "Claude 可能会为此等待：请让网关返回 404。",
    ),
    "check-tools-ok": row(
        "Tools work.",
        "Claude Desktop can use files, connectors and Cowork.",
        "工具调用正常。",
        "Claude Desktop 可以使用文件、连接器和 Cowork。",
    ),
    "check-tools-not-called": row(
        "The model did not call the tool that it was told to.",
        "Chat works; files, connectors and Cowork may not. Try another model, or pass tool_choice on.",
        "模型没有调用要求它调用的工具。",
        "聊天可以使用，但文件、连接器和 Cowork 可能不行。请换一个模型，或让网关转发 tool_choice。",
    ),
    "check-tools-refused": row(
        'A message with a tool is refused: HTTP {status}, "{said}".',
        "Claude Desktop brings tools with every turn, so every turn fails: use a model and a gateway that pass them on.",
        "带有工具的请求被拒绝：HTTP {status}，“{said}”。",
        "Claude Desktop 每一轮都会带上工具，因此都会失败：请使用支持工具的模型和网关。",
    ),
    "check-beta-ok": row(
        "An unknown anthropic-beta is let through.",
        "Newer clients will not be refused for theirs.",
        "未知的 anthropic-beta 不会被拒绝。",
        "更新的客户端不会因此被拒绝。",
    ),
    "check-beta-refused": row(
        'An unknown anthropic-beta is refused: HTTP {status}, "{said}".',
        "After an update Claude may fail with 400: have the gateway ignore betas that it does not know, or set "
        "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS=1 for Claude Code.",
        "未知的 anthropic-beta 会被拒绝：HTTP {status}，“{said}”。",
        "Claude 更新后可能会因此得到 400：请让网关忽略不认识的 beta，或为 Claude Code 设置 CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS=1。",
    ),
    "check-big-ok": row(
        "A body of 2 MB passes.",
        "Pictures and files can be sent.",
        "2 MB 的请求体可以通过。",
        "可以发送图片和文件。",
    ),
    "check-big-refused": row(
        "A body of 2 MB does not pass (HTTP {status}).",
        "Turns with pictures and files fail: allow 32 MB, in nginx with client_max_body_size 32m.",
        "2 MB 的请求体无法通过（HTTP {status}）。",
        "带图片和文件的对话会失败：请放宽到 32 MB，nginx 为 client_max_body_size 32m。",
    ),
}

TABLE: dict[str, Entry] = {**_TALK, **_MISTAKES, **_HELLO_AND_MODELS, **check_answers.TABLE, **_REST}
