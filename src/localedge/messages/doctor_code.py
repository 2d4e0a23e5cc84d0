"""What `localedge doctor` says about Claude Code and the SDKs."""

from .entry import Entry, Words

TABLE: dict[str, Entry] = {
    "doctor-code-fine": Entry(
        Words("Claude Code and the SDKs are sent to {url} by {where}."),
        Words("Claude Code 和 SDK 已由 {where} 设置为使用 {url}。"),
        talk=True,
    ),
    "doctor-code-unset": Entry(
        Words(
            "ANTHROPIC_BASE_URL is not set here, so Claude Code and the SDKs do not use this edge.",
            "If you want them to use {edge}, set it in their shell.",
        ),
        Words(
            "此处没有设置 ANTHROPIC_BASE_URL，Claude Code 和 SDK 不会使用 localedge。",
            "如需让它们使用 {edge}，请在它们的 shell 中设置。",
        ),
    ),
    "doctor-code-not-url": Entry(
        Words("{name} is {url}, which is no http or https URL that clients can use.", "Set it to {edge}."),
        Words("{name} 的值 {url} 不是客户端能用的 http 或 https 地址。", "请改为 {edge}。"),
    ),
    "doctor-code-tls-to-plain": Entry(
        Words("{name} is {url}, but plain HTTP is spoken on that port.", "Set it to {edge}."),
        Words("{name} 的值是 {url}，但该端口是明文 HTTP。", "请改为 {edge}。"),
    ),
    "doctor-code-plain-to-tls": Entry(
        Words("{name} is {url}, but HTTPS is spoken on that port.", "Set it to {edge}."),
        Words("{name} 的值是 {url}，但该端口是 HTTPS。", "请改为 {edge}。"),
    ),
    "doctor-code-port": Entry(
        Words("{name} is {url}, where this edge does not listen.", "Set it to {edge}."),
        Words("{name} 的值是 {url}，但 localedge 没有监听该地址。", "请改为 {edge}。"),
    ),
    "doctor-code-gateway": Entry(
        Words(
            "{name} is {url}, the gateway itself: requests go past this edge.",
            "If that is not what you want, set it to {edge}.",
        ),
        Words(
            "{name} 的值是网关本身 {url}：请求不经过 localedge。",
            "如非有意，请改为 {edge}。",
        ),
    ),
    "doctor-code-elsewhere": Entry(
        Words(
            "{name} is {url}, which is not this edge.",
            "If that is not what you want, set it to {edge}.",
        ),
        Words("{name} 的值是 {url}，不是 localedge。", "如非有意，请改为 {edge}。"),
    ),
    "doctor-code-v1": Entry(
        Words(
            "{name} is {url}, but clients put /v1 there themselves; this edge mends it, other gateways answer 404.",
            "Set it to {edge}.",
        ),
        Words(
            "{name} 的值是 {url}，但客户端会自行加上 /v1；localedge 会纠正，其他网关则会返回 404。",
            "请改为 {edge}。",
        ),
    ),
    "doctor-code-localhost": Entry(
        Words(
            "{name} is {url}, and localhost may lead to ::1 first, where this edge does not listen.",
            "Set it to {edge} to save each client that attempt.",
        ),
        Words(
            "{name} 的值是 {url}，而 localhost 可能先解析为 ::1，localedge 没有监听该地址。",
            "请改为 {edge}，可省去这次尝试。",
        ),
    ),
    "doctor-code-no-credential": Entry(
        Words(
            "{variable} is set and no credential is: Claude Code would send its own login token there.",
            "Set ANTHROPIC_AUTH_TOKEN or ANTHROPIC_API_KEY beside it.",
        ),
        Words(
            "设置了 {variable} 却没有设置凭据：Claude Code 会把自己的登录令牌发到该地址。",
            "请同时设置 ANTHROPIC_AUTH_TOKEN 或 ANTHROPIC_API_KEY。",
        ),
    ),
    "doctor-code-both": Entry(
        Words(
            "Both {token} and {key} are set, and clients differ in which they send.",
            "Keep the one that the gateway wants.",
        ),
        Words("同时设置了 {token} 和 {key}，不同客户端发送的可能不同。", "请只保留网关所需的一个。"),
    ),
    "doctor-code-provider": Entry(
        Words(
            "{variable} is set, so Claude Code goes to a cloud provider and leaves the base URL alone.",
            "Unset it to use this edge.",
        ),
        Words(
            "设置了 {variable}，Claude Code 会使用云服务商并忽略基础地址。",
            "要使用 localedge，请取消该设置。",
        ),
    ),
    "doctor-code-settings": Entry(
        Words(
            "{name} is {url} and wins over this shell's {other} in every session of Claude Code.",
            "Remove it from the file, or set it to the same URL there.",
        ),
        Words(
            "{name} 的值是 {url}，在 Claude Code 的每个会话中都优先于当前 shell 的 {other}。",
            "请从该文件中删除，或改为相同的地址。",
        ),
    ),
    "doctor-code-unreadable": Entry(
        Words(
            "The settings file of Claude Code {path} cannot be read, or is not JSON, so its env is not known.",
            "Mend the file; claude doctor tells what Claude Code thinks of it.",
        ),
        Words(
            "无法读取 Claude Code 的设置文件 {path}，或它不是 JSON，其中的 env 因此未知。",
            "请修复该文件；运行 claude doctor 可查看 Claude Code 的判断。",
        ),
    ),
}
