"""What `localedge doctor` says about Claude Desktop."""

from .entry import Entry, Words


def _good(english: str, chinese: str) -> Entry:
    return Entry(Words(english), Words(chinese), talk=True)


_QUIT = "Quit it fully (from its menu or the icon in the tray, closing the window is not enough) and start it again."
_QUIT_ZH = "请完全退出（从菜单或托盘图标退出，只关闭窗口不够）后重新启动。"

TABLE: dict[str, Entry] = {
    "doctor-desktop-installed": _good(
        "Claude Desktop {version} is installed in {where}; it is not running.",
        "已安装 Claude Desktop {version}（{where}），目前没有运行。",
    ),
    "doctor-desktop-running": _good(
        "Claude Desktop {version} is running (pid {pid}).",
        "Claude Desktop {version} 正在运行（pid {pid}）。",
    ),
    "doctor-desktop-set-up": _good(
        "Claude Desktop is set up for {url}.",
        "Claude Desktop 已设置为使用 {url}。",
    ),
    "doctor-desktop-not-installed": Entry(
        Words(
            "Claude Desktop was not found in the usual places.",
            "If you want to use it, install it from claude.com/download; Claude Code and the SDKs do not need it.",
        ),
        Words(
            "在常见位置没有找到 Claude Desktop。",
            "需要时请从 claude.com/download 安装；Claude Code 和 SDK 不需要它。",
        ),
    ),
    "doctor-desktop-not-applied": Entry(
        Words(
            "Claude Desktop uses its own account: no gateway is configured for it.",
            "Quit it and set it up for {edge}.",
        ),
        Words("Claude Desktop 使用自己的账户：没有为它配置网关。", "请先退出它，再设置为使用 {edge}。"),
    ),
    "doctor-desktop-mode": Entry(
        Words(
            "The profile {where} is applied, but deploymentMode is not 3p, so Claude Desktop uses its own account.",
            "Quit it and apply the profile again.",
        ),
        Words(
            "已应用配置 {where}，但 deploymentMode 不是 3p，Claude Desktop 因此使用自己的账户。",
            "请先退出它，再重新应用配置。",
        ),
    ),
    "doctor-desktop-no-profile": Entry(
        Words(
            'By "{path}" Claude Desktop goes by a profile, and none is applied that it could read.',
            "Apply one.",
        ),
        Words("按“{path}”，Claude Desktop 应使用配置文件，但没有应用任何可读取的配置。", "请应用一个配置。"),
    ),
    "doctor-desktop-modes-differ": Entry(
        Words(
            "deploymentMode in {path} is not 3p, and in the file of the same name in the other directory it is: builds differ in which they read.",
            "Quit Claude Desktop and apply the profile again.",
        ),
        Words(
            "{path} 中的 deploymentMode 不是 3p，而另一目录下同名文件中是 3p：不同版本读取的文件不同。",
            "请先退出 Claude Desktop，再重新应用配置。",
        ),
    ),
    "doctor-desktop-places-differ": Entry(
        Words(
            "The store package and the classic build of Claude Desktop have different base URLs: {where} and {other}.",
            "Quit Claude Desktop and apply the profile again, which covers both.",
        ),
        Words(
            "Claude Desktop 的商店包与传统版本配置的基础地址不同：{where} 与 {other}。",
            "请先退出 Claude Desktop，再重新应用配置，两处都会写入。",
        ),
    ),
    "doctor-desktop-managed": Entry(
        Words(
            "An administrator's configuration, {where}, hides {hides}; it leads to this edge as well.",
            "Have changes made there: localedge desktop apply has no effect meanwhile.",
        ),
        Words(
            "管理员的配置 {where} 使 {hides} 不起作用；它同样指向此 localedge。",
            "需要改动时请在该处修改：目前 localedge desktop apply 不起作用。",
        ),
    ),
    "doctor-desktop-managed-elsewhere": Entry(
        Words(
            "An administrator's configuration, {where}, sends Claude Desktop to {url}, not to this edge at {edge}.",
            "Ask the administrator to change or remove it: it wins over everything that you can set.",
        ),
        Words(
            "管理员的配置 {where} 让 Claude Desktop 使用 {url}，而不是此处的 {edge}。",
            "请联系管理员修改或移除：它优先于你能作的任何设置。",
        ),
    ),
    "doctor-desktop-hidden": Entry(
        Words(
            "The policy in {where} has no effect: any value in {by} hides it.",
            "Have it removed from one of the two places.",
        ),
        Words("{where} 中的策略不起作用：{by} 中只要有任何值就会覆盖它。", "请移除两处中的一处。"),
    ),
    "doctor-desktop-other-profile": Entry(
        Words(
            'Claude Desktop uses the profile "{name}" with {url}, not that of localedge with {edge}.',
            "Choose the profile localedge in Claude Desktop, or quit it and apply the profile again.",
        ),
        Words(
            "Claude Desktop 使用配置“{name}”（{url}），而不是 localedge 的配置（{edge}）。",
            "请在 Claude Desktop 中选择配置 localedge，或先退出它再重新应用配置。",
        ),
    ),
    "doctor-desktop-other-provider": Entry(
        Words(
            'Claude Desktop uses the provider "{provider}" by {where}, not a gateway.',
            "To use this edge, quit it and apply the profile of localedge.",
        ),
        Words(
            "Claude Desktop 按 {where} 使用提供方“{provider}”，而不是网关。",
            "要使用 localedge，请先退出它，再应用 localedge 的配置。",
        ),
    ),
    "doctor-desktop-tls-to-plain": Entry(
        Words(
            "Claude Desktop is sent to {url} by {where}, but plain HTTP is spoken there, which ends in ERR_SSL_PROTOCOL_ERROR; a URL without http:// becomes https.",
            "Use {edge}: quit Claude Desktop and apply the profile again.",
        ),
        Words(
            "{where} 让 Claude Desktop 使用 {url}，但该端口是明文 HTTP，结果是 ERR_SSL_PROTOCOL_ERROR；省略 http:// 的地址会变成 https。",
            "请使用 {edge}：先退出 Claude Desktop，再重新应用配置。",
        ),
    ),
    "doctor-desktop-plain-to-tls": Entry(
        Words(
            "Claude Desktop is sent to {url} by {where}, but HTTPS is spoken there.",
            "Use {edge}, or https: quit Claude Desktop and apply the profile again.",
        ),
        Words(
            "{where} 让 Claude Desktop 使用 {url}，但该端口是 HTTPS。",
            "请使用 {edge}，或改用 https：先退出 Claude Desktop，再重新应用配置。",
        ),
    ),
    "doctor-desktop-port": Entry(
        Words(
            "Claude Desktop is sent to {url} by {where}, but this edge listens at {edge}.",
            "Quit Claude Desktop and apply the profile again.",
        ),
        Words(
            "{where} 让 Claude Desktop 使用 {url}，但 localedge 监听的是 {edge}。",
            "请先退出 Claude Desktop，再重新应用配置。",
        ),
    ),
    "doctor-desktop-elsewhere": Entry(
        Words(
            "Claude Desktop is sent to {url} by {where}, past this edge at {edge}.",
            "If that is not what you want, quit it and apply the profile of localedge.",
        ),
        Words(
            "{where} 让 Claude Desktop 使用 {url}，没有经过此处的 {edge}。",
            "如非有意，请先退出它，再应用 localedge 的配置。",
        ),
    ),
    "doctor-desktop-v1": Entry(
        Words(
            "The base URL {url} in {where} ends in /v1, which Claude Desktop puts there itself.",
            "Use {edge}: this edge mends it, other gateways answer 404.",
        ),
        Words(
            "{where} 中的基础地址 {url} 以 /v1 结尾，而 Claude Desktop 会自行加上。",
            "请使用 {edge}：localedge 会纠正，其他网关则会返回 404。",
        ),
    ),
    "doctor-desktop-query": Entry(
        Words(
            "The base URL {url} in {where} has a ? or # in it: what Claude Desktop adds behind is no path then.",
            "Use {edge}.",
        ),
        Words(
            "{where} 中的基础地址 {url} 含有 ? 或 #，Claude Desktop 加在后面的就不是路径。", "请使用 {edge}。"
        ),
    ),
    "doctor-desktop-bom": Entry(
        Words(
            "{path} begins with a byte order mark, and some builds of Claude Desktop ignore such a file.",
            "Save it as UTF-8 without one.",
        ),
        Words(
            "{path} 以字节顺序标记（BOM）开头，某些版本的 Claude Desktop 会忽略这样的文件。",
            "请另存为不带 BOM 的 UTF-8。",
        ),
    ),
    "doctor-desktop-outdated": Entry(
        Words(
            "Claude Desktop (pid {pid}) was started before its configuration changed, and reads it at launch only.",
            _QUIT,
        ),
        Words("Claude Desktop（pid {pid}）启动于配置改动之前，而它只在启动时读取配置。", _QUIT_ZH),
    ),
    "doctor-desktop-before-trust": Entry(
        Words(
            "Claude Desktop (pid {pid}) was started before the local CA was trusted, and reads the trust store at launch only.",
            _QUIT,
        ),
        Words("Claude Desktop（pid {pid}）启动于信任本地 CA 之前，而它只在启动时读取信任存储。", _QUIT_ZH),
    ),
    "doctor-desktop-unknown-key": Entry(
        Words(
            "This build of Claude Desktop ignores the key {key}, says its log {path}.",
            "Update Claude Desktop, or quit it and apply the profile again, which leaves the key out.",
        ),
        Words(
            "日志 {path} 显示，此版本的 Claude Desktop 会忽略配置项 {key}。",
            "请更新 Claude Desktop，或先退出它再重新应用配置（不再写入该项）。",
        ),
    ),
    "doctor-desktop-log": Entry(
        Words(
            "The last that Claude Desktop logged about its gateway: {said} ({path}).",
            "Have the log explained.",
        ),
        Words("Claude Desktop 日志中关于网关的最后一条：{said}（{path}）。", "请让 localedge 解释该日志。"),
    ),
    "doctor-desktop-silent": Entry(
        Words(
            "Claude Desktop {version} was started with a gateway configured, and its log {path} says nothing about it: the build may be too old for gateways.",
            "Update Claude Desktop.",
        ),
        Words(
            "Claude Desktop {version} 在配置网关后启动，但日志 {path} 对此只字未提：该版本可能太旧，不支持网关。",
            "请更新 Claude Desktop。",
        ),
    ),
}
