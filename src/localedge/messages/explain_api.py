"""What errors mean that gateways, the Messages API and Claude Code answer with."""

from .entry import Entry
from .explain_tls import why

_CHECK = 'Run "localedge check"'
_CHECK_ZH = "请运行“localedge check”"

TABLE: dict[str, Entry] = {
    "why-key-refused": why(
        "The gateway does not accept the key (401). It is another gateway's, has expired, or is sent in the wrong field: "
        "some want Authorization: Bearer, some x-api-key.",
        'Correct ANTHROPIC_AUTH_TOKEN, or the key and auth scheme in Claude Desktop; "localedge check" tries both '
        "fields.",
        "网关不接受该密钥（401）：密钥属于其他网关、已过期，或放在了错误的字段中（有的要求 Authorization: Bearer，有的要求 x-api-key）。",
        "请更正 ANTHROPIC_AUTH_TOKEN，或 Claude Desktop 中的密钥和认证方式；“localedge check”会两种都试。",
    ),
    "why-no-key": why(
        "The client has no key to send.",
        'Set what "localedge env" prints, with your gateway\'s key as ANTHROPIC_AUTH_TOKEN (any word will do where the '
        "gateway wants none).",
        "客户端没有可发送的密钥。",
        "请设置“localedge env”输出的变量，把网关密钥填入 ANTHROPIC_AUTH_TOKEN（网关不要求密钥时任意单词即可）。",
    ),
    "why-login-sent": why(
        "Claude Code sent the login of your Anthropic account in place of the gateway's key, and the gateway does not "
        "take that.",
        'Set what "localedge env" prints, with your gateway\'s key as ANTHROPIC_AUTH_TOKEN, then start Claude Code again.',
        "Claude Code 发送的是你的 Anthropic 账号登录凭证，而不是网关密钥，网关不接受。",
        "请设置“localedge env”输出的变量，把网关密钥填入 ANTHROPIC_AUTH_TOKEN，再重新启动 Claude Code。",
    ),
    "why-two-keys": why(
        "Two credentials are set, and it is open which of them is sent.",
        "Unset ANTHROPIC_API_KEY, or ANTHROPIC_AUTH_TOKEN, whichever is not the gateway's.",
        "同时设置了两个凭证，无法确定会发送哪一个。",
        "请取消 ANTHROPIC_API_KEY 与 ANTHROPIC_AUTH_TOKEN 中不属于该网关的那一个。",
    ),
    "why-forbidden": why(
        "The gateway knows the key but does not allow this request (403): not this model, not this address, or not from "
        "here.",
        f"{_CHECK} with the same key, and ask the gateway's owner what the key may use.",
        "网关认识该密钥，但不允许此请求（403）：不允许该模型、该地址或该来源。",
        f"{_CHECK_ZH}（使用同一密钥），并询问网关管理员该密钥的权限。",
    ),
    "why-model-unknown": why(
        "The gateway has no model of that name, or no provider for it at the moment.",
        'Run "localedge check --model ID" with the name the gateway gives it, and use that name in Claude.',
        "网关没有该名称的模型，或目前没有可用的渠道。",
        "请用网关所用的名称运行“localedge check --model ID”，并在 Claude 中使用该名称。",
    ),
    "why-path-unknown": why(
        "The gateway serves nothing at this path (404). Its base URL needs another path, or it speaks OpenAI's API only "
        "and not the Messages API.",
        f'{_CHECK}, which tells the two apart; a path belongs behind the host in "localedge run --upstream", without /v1.',
        "网关在该路径上没有服务（404）：基础地址需要其他路径，或它只支持 OpenAI 的接口而不支持 Messages API。",
        f"{_CHECK_ZH}，它能区分两种情况；路径应写在“localedge run --upstream”的主机之后，不带 /v1。",
    ),
    "why-double-v1": why(
        "The path has /v1 twice: the base URL ends with /v1, and the client adds its own.",
        'Take /v1 off the base URL ({base}) or off the address after "localedge run --upstream".',
        "路径中出现了两次 /v1：基础地址以 /v1 结尾，而客户端还会自己加上。",
        "请去掉基础地址（{base}）或“localedge run --upstream”地址末尾的 /v1。",
    ),
    "why-too-large": why(
        "The request is larger than something on the way allows (413): the gateway, or nginx in front of it, which "
        "takes 1 MB unless told otherwise.",
        "Raise the gateway's limit (nginx: client_max_body_size 64m), or send fewer and smaller files; localedge's own is "
        "limits.body_bytes.",
        "请求超过了途中某处的上限（413）：网关，或它前面的 nginx（默认只允许 1 MB）。",
        "请调大网关的上限（nginx：client_max_body_size 64m），或减少、缩小文件；localedge 自身的上限是 limits.body_bytes。",
    ),
    "why-rate-limit": why(
        "The gateway or the provider behind it allows no more requests or tokens for now (429).",
        "Wait as long as retry-after says and try again, or have the limit of the key raised.",
        "网关或其背后的服务商暂时不再接受更多请求或令牌（429）。",
        "请按 retry-after 等待后重试，或请管理员提高该密钥的限额。",
    ),
    "why-overloaded": why(
        "The model's provider has no capacity at the moment (529). Neither your key nor your settings are wrong.",
        "Wait a moment and try again, or choose another model.",
        "模型服务商暂时没有余量（529）。你的密钥和设置都没有问题。",
        "请稍候重试，或换一个模型。",
    ),
    "why-server-error": why(
        "The gateway answered with an error of its own (5xx). The request did reach it.",
        f"Look at the gateway's log of that moment. {_CHECK}, which shows whether every request fails or only some.",
        "网关返回了自身的错误（5xx）。请求已经到达网关。",
        f"请查看网关当时的日志。{_CHECK_ZH}，它会显示是全部请求失败还是只有部分失败。",
    ),
    "why-bad-gateway": why(
        "A web server in front of the gateway answered (nginx, Envoy or the like), because it cannot reach the gateway "
        "behind it.",
        f"See that the gateway itself is running, and look at that web server's error log. {_CHECK} afterwards.",
        "响应来自网关前面的 Web 服务器（nginx、Envoy 等）：它无法连接到后面的网关。",
        f"请确认网关本身正在运行，并查看该 Web 服务器的错误日志。之后{_CHECK_ZH}。",
    ),
    "why-gateway-slow": why(
        "A web server in front of the gateway gave up waiting for it (504). Models think for minutes, and the usual "
        "limits are 60 or 100 seconds.",
        f"Raise its limit (nginx: proxy_read_timeout 1800s; proxy_buffering off). {_CHECK}, which shows the longest gap.",
        "网关前面的 Web 服务器等待超时（504）。模型可能思考数分钟，而常见上限是 60 或 100 秒。",
        f"请调大上限（nginx：proxy_read_timeout 1800s; proxy_buffering off）。{_CHECK_ZH}，它会显示最长的间隔。",
    ),
    "why-cdn": why(
        "Cloudflare, which stands in front of the gateway, answered in its place: it cannot reach the gateway, or it "
        "takes the client for a robot.",
        f"Ask the gateway's owner to let API requests pass. {_CHECK} afterwards.",
        "网关前面的 Cloudflare 代替它作了响应：它无法连接到网关，或把客户端当成了机器人。",
        f"请联系网关管理员放行 API 请求。之后{_CHECK_ZH}。",
    ),
    "why-beta": why(
        "The gateway, or the provider behind it, does not know a feature that Claude asks for (field anthropic-beta), or "
        "the gateway drops that field.",
        "Have the gateway pass anthropic-beta on; otherwise set CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS=1 for Claude Code.",
        "网关或其背后的服务商不支持 Claude 请求的某项功能（anthropic-beta 字段），或网关丢弃了该字段。",
        "请让网关转发 anthropic-beta；否则请为 Claude Code 设置 CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS=1。",
    ),
    "why-not-json": why(
        "The answer is no message of the Messages API but something else, mostly a web page: a login page, a wrong "
        "path, or a proxy in between.",
        f'{_CHECK}, which shows what the gateway really answers; correct the address after "localedge run --upstream".',
        "响应不是 Messages API 的消息，多半是网页：登录页、错误的路径或途中的代理。",
        f"{_CHECK_ZH}，它会显示网关实际的响应；再更正“localedge run --upstream”后面的地址。",
    ),
    "why-context": why(
        "The conversation is longer than the model takes.",
        "In Claude Code use /compact or /clear; for a model with a million tokens say so in the model's settings "
        "(supports1m).",
        "对话长度超过了模型的上限。",
        "请在 Claude Code 中使用 /compact 或 /clear；若模型支持一百万令牌，请在模型设置中注明（supports1m）。",
    ),
    "why-credit": why(
        "The account behind the key has no credit or quota left.",
        "Top it up at the gateway or the provider, or use another key.",
        "该密钥对应的账户余额或额度已用完。",
        "请在网关或服务商处充值，或换用其他密钥。",
    ),
    "why-past-the-edge": why(
        "Claude Code asked Anthropic itself and not the edge: ANTHROPIC_BASE_URL is not set where it was started.",
        'Set what "localedge env" prints in that shell and start Claude Code from there.',
        "Claude Code 访问的是 Anthropic 官方服务而不是 localedge：启动它的环境中没有设置 ANTHROPIC_BASE_URL。",
        "请在该 shell 中设置“localedge env”输出的变量，再从那里启动 Claude Code。",
    ),
    "why-tool-results": why(
        "The conversation has a tool call without its result, so the model's side refuses all of it. It is the "
        "conversation that is broken, not the connection.",
        "In Claude Code go back with /rewind, or begin anew with /clear.",
        "对话中有一次工具调用没有结果，因此整个对话被拒绝。损坏的是对话，而不是连接。",
        "请在 Claude Code 中用 /rewind 回退，或用 /clear 重新开始。",
    ),
}
