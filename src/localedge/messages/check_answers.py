"""What `localedge check` tells of a message and of a stream, or of what came in place of one."""

from .entry import Entry, Words


def row(fact: str, step: str, fact_zh: str, step_zh: str) -> Entry:
    """A line of a report: no failure of the command, so it may end without a next step."""
    return Entry(Words(fact, step), Words(fact_zh, step_zh), talk=True)


_MODEL: dict[str, Entry] = {
    "check-model-unknown": row(
        'Wrong model name: the gateway does not serve {model} ("{said}").',
        "Use one that it lists ({listed}) with --model, or ask its owner for the right name.",
        "模型名称不对：网关不提供 {model}（“{said}”）。",
        "请用 --model 指定它列出的模型（{listed}），或向网关管理员询问正确的名称。",
    ),
    "check-model-hidden": row(
        "{model} works, but newer builds of Claude Desktop do not show this id.",
        "Have the gateway offer it under a name such as claude-opus-4, without another vendor's word in it.",
        "{model} 可用，但新版 Claude Desktop 不会显示这个 id。",
        "请让网关以 claude-opus-4 之类的名称提供它，名称中不要含有其他厂商的字样。",
    ),
    "check-model-other": row(
        "The gateway does not serve {defaults}, but {model} works.",
        "Enter {model} as the model in Claude Desktop.",
        "网关不提供 {defaults}，但 {model} 可用。",
        "请在 Claude Desktop 中把模型填为 {model}。",
    ),
}

_MESSAGE: dict[str, Entry] = {
    "check-message-ok": row(
        "A message of {model} came, in the right shape.",
        '"Test connection" in Claude Desktop will succeed.',
        "{model} 返回了格式正确的消息。",
        "Claude Desktop 的 Test connection 会成功。",
    ),
    "check-message-shape": row(
        "The answer is not a message of the Messages API: wrong or missing are {missing}.",
        "Claude Desktop cannot read it: update the gateway, or use its Anthropic endpoint.",
        "返回的不是 Messages API 的消息：{missing} 缺失或有误。",
        "Claude Desktop 无法读取：请升级网关，或使用它的 Anthropic 端点。",
    ),
    "check-packed": row(
        "The answer is compressed ({coding}) although nobody asked for it.",
        "Claude Desktop unpacks it, but a compressed stream may arrive late: switch compression off for the API.",
        "返回内容被压缩（{coding}），尽管没有要求压缩。",
        "Claude Desktop 能够解压，但压缩的流可能延迟到达：请为该 API 关闭压缩。",
    ),
    "check-packed-unreadable": row(
        "The answer is compressed in a way that nobody asked for ({coding}) or that is broken.",
        "Claude Desktop may not be able to read it: switch compression off for the API.",
        "返回内容使用了没有要求的压缩方式（{coding}），或压缩数据已损坏。",
        "Claude Desktop 可能无法读取：请为该 API 关闭压缩。",
    ),
    "check-edge-refused": row(
        'localedge did not get an answer from the gateway: HTTP {status}, "{said}".',
        "Claude Desktop will see the same.",
        "localedge 没有从网关得到响应：HTTP {status}，“{said}”。",
        "Claude Desktop 会看到同样的错误。",
    ),
    "check-error": row(
        'The gateway answers with an error: HTTP {status}, "{said}".',
        "Claude Desktop will show it in place of an answer: look at the gateway's own log.",
        "网关返回错误：HTTP {status}，“{said}”。",
        "Claude Desktop 会显示该错误而不是回答：请查看网关自身的日志。",
    ),
    "check-error-inside": row(
        'HTTP 200 with an error inside: "{said}".',
        "Claude Desktop takes 200 for success and shows an empty answer: mend the error, and have the gateway send "
        "its status.",
        "HTTP 200，内容却是错误：“{said}”。",
        "Claude Desktop 会把 200 当作成功而显示空白：请解决该错误，并让网关返回相应的状态码。",
    ),
    "check-busy": row(
        'The gateway has no capacity or no credit left: HTTP {status}, "{said}".',
        "Claude Desktop will keep trying: wait, look at your plan, then check again.",
        "网关没有余量或额度：HTTP {status}，“{said}”。",
        "Claude Desktop 会不断重试：请稍候并查看你的额度，然后重新检查。",
    ),
    "check-too-large": row(
        "The gateway refuses even a small request as too large (413).",
        "Allow bodies of 32 MB, in nginx with client_max_body_size 32m.",
        "连很小的请求也被网关以过大为由拒绝（413）。",
        "请允许 32 MB 的请求体，nginx 为 client_max_body_size 32m。",
    ),
    "check-key-refused": row(
        'The key is refused, as Bearer and as x-api-key: HTTP {status}, "{said}".',
        "Check the key, and that it belongs to this gateway.",
        "密钥以 Bearer 和 x-api-key 两种方式都被拒绝：HTTP {status}，“{said}”。",
        "请检查密钥，并确认它属于这个网关。",
    ),
    "check-key-refused-as": row(
        'The key is refused, sent as {scheme}: HTTP {status}, "{said}".',
        'Check the key and its scheme: "localedge check" tries bearer and x-api-key.',
        "密钥以 {scheme} 方式发送时被拒绝：HTTP {status}，“{said}”。",
        "请检查密钥及其发送方式：“localedge check”会尝试 bearer 和 x-api-key 两种。",
    ),
    "check-key-missing": row(
        'The gateway wants a key: HTTP {status}, "{said}".',
        "Set ANTHROPIC_AUTH_TOKEN or ANTHROPIC_API_KEY, or use --key-file.",
        "网关需要密钥：HTTP {status}，“{said}”。",
        "请设置 ANTHROPIC_AUTH_TOKEN 或 ANTHROPIC_API_KEY，或使用 --key-file。",
    ),
    "check-empty": row(
        "HTTP 200 with nothing in it.",
        "Claude Desktop would show an empty answer: check that gateway.url (--upstream) names the API.",
        "HTTP 200，但没有内容。",
        "Claude Desktop 会显示空白：请确认 gateway.url（--upstream）指向的是 API。",
    ),
    "check-not-json": row(
        'The answer is not JSON: "{said}".',
        "Claude Desktop cannot read it: check that gateway.url (--upstream) names the API.",
        "返回的不是 JSON：“{said}”。",
        "Claude Desktop 无法读取：请确认 gateway.url（--upstream）指向的是 API。",
    ),
}

_ELSEWHERE: dict[str, Entry] = {
    "check-html": row(
        'A web page came in place of an answer (HTML, HTTP {status}, "{said}").',
        "This is a web site, a login page or a proxy, not the API: put the API's URL into gateway.url (--upstream), "
        "often another port or path.",
        "返回的是网页而不是回答（HTML，HTTP {status}，“{said}”）。",
        "这是网站、登录页或代理，不是 API：请在 gateway.url（--upstream）中填写 API 的地址，通常是另一个端口或路径。",
    ),
    "check-no-messages-api": row(
        'There is no Messages API at this URL: POST /v1/messages gives HTTP {status}, "{said}".',
        "Claude Desktop needs it: ask the gateway's owner for its Anthropic base URL.",
        "该地址没有 Messages API：POST /v1/messages 返回 HTTP {status}，“{said}”。",
        "Claude Desktop 需要它：请向网关管理员询问 Anthropic 接口的基础地址。",
    ),
    "check-other-path": row(
        "The Messages API is at another path of this gateway.",
        "Use {url} as gateway.url (--upstream).",
        "Messages API 在这个网关的另一个路径下。",
        "请把 gateway.url（--upstream）设为 {url}。",
    ),
    "check-openai-only": row(
        "The gateway speaks OpenAI's API only, not the Messages API (HTTP {status} at /v1/messages).",
        "Claude Desktop cannot use it: switch on its Anthropic endpoint, or put a converter such as LiteLLM before it.",
        "网关只提供 OpenAI 接口，没有 Messages API（/v1/messages 返回 HTTP {status}）。",
        "Claude Desktop 无法使用：请启用网关的 Anthropic 端点，或在前面加一个转换器（如 LiteLLM）。",
    ),
    "check-openai-answer": row(
        "The answer at /v1/messages is a chat completion in OpenAI's shape, not a message.",
        "Claude Desktop cannot read it: use the gateway's Anthropic endpoint, or a converter such as LiteLLM.",
        "/v1/messages 返回的是 OpenAI 格式的结果，而不是消息。",
        "Claude Desktop 无法读取：请使用网关的 Anthropic 端点，或转换器（如 LiteLLM）。",
    ),
    "check-redirect": row(
        "The gateway redirects to {to}.",
        "Claude does not follow redirects: put the final URL into gateway.url (--upstream).",
        "网关重定向到 {to}。",
        "Claude 不会跟随重定向：请在 gateway.url（--upstream）中填写最终地址。",
    ),
    "check-redirect-https": row(
        "The gateway redirects to https.",
        "Claude does not follow redirects: use {url} as gateway.url (--upstream).",
        "网关重定向到 https。",
        "Claude 不会跟随重定向：请把 gateway.url（--upstream）设为 {url}。",
    ),
    "check-redirect-moved": row(
        "The gateway redirects to another place on the same host.",
        "Claude does not follow redirects: use {url} as gateway.url (--upstream).",
        "网关重定向到同一主机的另一处。",
        "Claude 不会跟随重定向：请把 gateway.url（--upstream）设为 {url}。",
    ),
    "check-redirect-elsewhere": row(
        "The gateway redirects to {to}.",
        "If that is a login page, this is a web site and not the API; if it is the API, put that URL into "
        "gateway.url (--upstream). The key was not sent there.",
        "网关重定向到 {to}。",
        "如果那是登录页，这里就是网站而不是 API；如果那是 API，请把它填入 gateway.url（--upstream）。密钥没有发往那里。",
    ),
    "check-redirect-loop": row(
        "The gateway redirects in a circle, to {to}.",
        "Nobody can use it like that: its owner must mend it, often a proxy that redirects to https behind another "
        "one that already speaks https.",
        "网关循环重定向到 {to}。",
        "这样谁也无法使用：需要网关管理员修复，常见原因是已处于 https 之后的代理又重定向到 https。",
    ),
}

_STREAM: dict[str, Entry] = {
    "check-stream-ok": row(
        "Really streamed: {events} events in order, the first after {first} s, the longest gap {gap} s.",
        "Claude Desktop shows answers as they are written.",
        "确实是流式：{events} 个事件顺序正确，首个在 {first} 秒后到达，最长间隔 {gap} 秒。",
        "Claude Desktop 会边生成边显示。",
    ),
    "check-stream-quick": row(
        "A correct stream of {events} events; it came too quickly to tell streaming from buffering.",
        "Claude Desktop can read it.",
        "流格式正确，共 {events} 个事件；到达太快，无法区分是流式还是缓冲。",
        "Claude Desktop 可以读取。",
    ),
    "check-stream-buffered": row(
        "Not really streamed: {events} events came all at once after {first} s, so something buffers them.",
        "Claude Desktop shows nothing until an answer is complete and gives up on long ones: switch buffering off, "
        "in nginx with proxy_buffering off.",
        "并非真正的流式：{events} 个事件在 {first} 秒后一次性到达，中间有缓冲。",
        "Claude Desktop 要等回答完成才显示，长回答还会超时：请关闭缓冲，nginx 为 proxy_buffering off。",
    ),
    "check-stream-gap": row(
        "The stream was silent for {gap} s at a time.",
        "Claude Desktop shows a warning after 20 s: have the gateway send pings.",
        "流中曾有 {gap} 秒没有数据。",
        "超过 20 秒 Claude Desktop 会显示警告：请让网关发送 ping 事件。",
    ),
    "check-stream-unasked": row(
        "A stream came although a whole message was asked for.",
        '"Test connection" in Claude Desktop will fail: have the gateway respect "stream".',
        "请求的是完整消息，返回的却是流。",
        "Claude Desktop 的 Test connection 会失败：请让网关遵守 stream 参数。",
    ),
    "check-not-streamed": row(
        "A whole message came although a stream was asked for.",
        'Every turn in Claude Desktop is a stream, so none will work: have the gateway respect "stream".',
        "请求的是流，返回的却是完整消息。",
        "Claude Desktop 的每一轮都用流，因此都会失败：请让网关遵守 stream 参数。",
    ),
    "check-stream-type": row(
        "The stream comes with the content type {kind}.",
        "Claude Desktop may not read it as a stream: have the gateway say text/event-stream.",
        "流的内容类型是 {kind}。",
        "Claude Desktop 可能不把它当作流：请让网关使用 text/event-stream。",
    ),
    "check-stream-not-json": row(
        'The stream has an event that is not JSON: "{said}".',
        "Claude Desktop drops such an answer: update the gateway.",
        "流中有不是 JSON 的事件：“{said}”。",
        "Claude Desktop 会丢弃这样的回答：请升级网关。",
    ),
    "check-stream-openai": row(
        "The stream is in OpenAI's shape, not the Messages API's.",
        "Claude Desktop cannot read it: use the gateway's Anthropic endpoint, or a converter such as LiteLLM.",
        "流是 OpenAI 的格式，不是 Messages API 的格式。",
        "Claude Desktop 无法读取：请使用网关的 Anthropic 端点，或转换器（如 LiteLLM）。",
    ),
    "check-stream-error": row(
        'The stream ends with an error: "{said}".',
        "Claude Desktop shows it in place of an answer: look at the gateway's own log.",
        "流以错误结束：“{said}”。",
        "Claude Desktop 会显示该错误而不是回答：请查看网关自身的日志。",
    ),
    "check-stream-unnamed": row(
        'The stream has an event named "{name}" whose type is {type}.',
        "Clients go by the name and skip such an event: update the gateway.",
        "流中有名为“{name}”而类型为 {type} 的事件。",
        "客户端按名称识别，会跳过这样的事件：请升级网关。",
    ),
    "check-stream-order": row(
        "The stream's events are out of order: number {number} is {got} where {wanted} should come.",
        "Claude Desktop drops such an answer: update the gateway.",
        "流的事件顺序有误：第 {number} 个是 {got}，应为 {wanted}。",
        "Claude Desktop 会丢弃这样的回答：请升级网关。",
    ),
    "check-stream-cut": row(
        "The stream ends without message_stop; its last event is {last}.",
        "Claude Desktop takes that for a dropped connection: look for a proxy or time limit that cuts answers.",
        "流没有以 message_stop 结束；最后一个事件是 {last}。",
        "Claude Desktop 会视为连接中断：请检查是否有代理或时限切断了回答。",
    ),
}

_BROKEN: dict[str, Entry] = {
    "check-endless": row(
        "The answer had no end: given up after {size} MB.",
        "Check that gateway.url (--upstream) names the API.",
        "返回内容没有尽头：超过 {size} MB 后放弃。",
        "请确认 gateway.url（--upstream）指向的是 API。",
    ),
    "check-cut": row(
        "The answer was cut off before its end.",
        "Claude Desktop takes that for a dropped connection: look at the gateway's own log.",
        "返回内容在结束之前被切断。",
        "Claude Desktop 会视为连接中断：请查看网关自身的日志。",
    ),
    "check-stalled": row(
        "The answer stopped in the middle: no byte for {limit} s.",
        "Claude Desktop waits and then gives up: look at the gateway's own log. --timeout allows longer.",
        "返回内容中途停止：{limit} 秒没有数据。",
        "Claude Desktop 会等待然后放弃：请查看网关自身的日志。可用 --timeout 放宽。",
    ),
    "check-too-long": row(
        "The answer was not complete after {limit} s.",
        "It has a few words only, so the gateway is too slow or its answer has no end: look at its own log.",
        "{limit} 秒后返回内容仍未完成。",
        "它只有几个词，说明网关太慢或内容没有尽头：请查看网关自身的日志。",
    ),
}

TABLE: dict[str, Entry] = {**_MODEL, **_MESSAGE, **_ELSEWHERE, **_STREAM, **_BROKEN}
