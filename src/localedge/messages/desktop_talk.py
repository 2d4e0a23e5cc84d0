"""What `localedge desktop` tells while it works."""

from .entry import Entry, Words


def _talk(english: str, chinese: str) -> Entry:
    return Entry(Words(english), Words(chinese), talk=True)


TABLE: dict[str, Entry] = {
    "desktop-models-asked": _talk(
        "empty: Claude Desktop asks the gateway for its models", "留空：Claude Desktop 会向网关查询模型"
    ),
    "desktop-ask-key": _talk(
        "The gateway's key (it is not shown; Claude Desktop keeps it in a file of yours):",
        "网关密钥（不会显示；Claude Desktop 会把它保存在你的文件中）：",
    ),
    "desktop-waiting": _talk(
        "Claude Desktop is running (pid {pid}). Quit it fully, from its menu or the icon in the tray: localedge goes on then.",
        "Claude Desktop 正在运行（pid {pid}）。请从菜单或托盘图标完全退出，localedge 随后继续。",
    ),
    "desktop-plan-make": _talk("make {path} with {keys}", "新建 {path}，写入 {keys}"),
    "desktop-plan-change": _talk(
        "change {path}: {keys}, and nothing else in it", "修改 {path}：仅 {keys}，其余内容不变"
    ),
    "desktop-plan-remove": _talk("remove {path}", "删除 {path}"),
    "desktop-made": _talk("made {path}", "已新建 {path}"),
    "desktop-written": _talk("changed {path}", "已修改 {path}"),
    "desktop-removed": _talk("removed {path}, which localedge had made", "已删除由 localedge 新建的 {path}"),
    "desktop-kept": _talk("{path} is as it should be", "{path} 无需改动"),
    "desktop-already": _talk(
        "Claude Desktop's configuration has {url} already: there is nothing to do.",
        "Claude Desktop 的配置已经是 {url}：无需任何操作。",
    ),
    "desktop-applied": _talk(
        "Claude Desktop will use {url} when it is started next. localedge desktop undo puts everything back.",
        "Claude Desktop 下次启动时将使用 {url}。localedge desktop undo 可恢复原状。",
    ),
    "desktop-key-kept": _talk(
        "Claude Desktop keeps the gateway's key in clear in {path}; localedge keeps no copy.",
        "Claude Desktop 会把网关密钥以明文保存在 {path} 中；localedge 不保留副本。",
    ),
    "desktop-other-history": _talk(
        "Conversations with a gateway have a history of their own; those with your account are not lost and come back with it.",
        "使用网关的对话有单独的历史记录；你账户中的对话不会丢失，切换回账户即可看到。",
    ),
    "desktop-bom": _talk(
        "{path} begins with a byte order mark, which is kept; if Claude Desktop ignores the file, save it without one.",
        "{path} 以字节顺序标记（BOM）开头，已予保留；如果 Claude Desktop 不理会该文件，请另存为不带 BOM 的文件。",
    ),
    "desktop-not-seen": _talk(
        "Claude Desktop has not been started here yet: if it is not installed, install it first.",
        "这里还没有启动过 Claude Desktop：如果尚未安装，请先安装。",
    ),
    "desktop-managed-wins": _talk(
        "{where} holds a configuration of an administrator, which wins: Claude Desktop ignores this one as long as it is there.",
        "{where} 中有管理员的配置，优先级更高：只要它存在，Claude Desktop 就会忽略此处的配置。",
    ),
    "desktop-edge-silent": _talk(
        "Nobody answers at {url} yet: start localedge run before Claude Desktop.",
        "{url} 目前无人应答：请在启动 Claude Desktop 之前运行 localedge run。",
    ),
    "desktop-nothing-to-undo": _talk(
        "There is nothing to undo: localedge has not changed Claude Desktop's files.",
        "没有需要撤销的内容：localedge 没有改动过 Claude Desktop 的文件。",
    ),
    "desktop-only-ours": _talk(
        "{path} has been written since: only what localedge had put in is gone, the rest is as it was left",
        "{path} 此后又被写入过：只去掉了 localedge 加入的内容，其余保持现状",
    ),
    "desktop-entry-stays": _talk(
        "{path} keeps the entry of localedge's profile, which is there still; the rest of what localedge put in is gone",
        "{path} 保留了 localedge 配置的条目，因为该配置仍在；localedge 加入的其余内容已去掉",
    ),
    "desktop-gone": _talk("{path} is there no more, and stays away", "{path} 已不存在，不再恢复"),
    "desktop-undone-partly": _talk(
        "The others are back. Mend what is told and run localedge desktop undo again.",
        "其余文件已恢复。请解决上述问题后再次运行 localedge desktop undo。",
    ),
    "desktop-wins-ours": _talk(
        "Claude Desktop uses the configuration of localedge: {url} ({where}, {name})",
        "Claude Desktop 使用 localedge 的配置：{url}（{where}，{name}）",
    ),
    "desktop-wins-library": _talk(
        "Claude Desktop uses the configuration {name} of its local library: {url} ({where})",
        "Claude Desktop 使用本地配置库中的 {name}：{url}（{where}）",
    ),
    "desktop-wins-managed": _talk(
        "Claude Desktop uses the configuration of an administrator: {url} ({where}, {name})",
        "Claude Desktop 使用管理员的配置：{url}（{where}，{name}）",
    ),
    "desktop-wins-unknown": _talk(
        "Claude Desktop should use {where}, which cannot be read.",
        "Claude Desktop 应使用 {where}，但无法读取。",
    ),
    "desktop-wins-account": _talk(
        "Claude Desktop uses its own account at Anthropic: no gateway is configured.",
        "Claude Desktop 使用 Anthropic 账户：没有配置网关。",
    ),
    "desktop-also-there": _talk(
        "  also there, without effect now: {where}", "  另有以下配置，目前不起作用：{where}"
    ),
    "desktop-not-running": _talk("Claude Desktop is not running.", "Claude Desktop 没有运行。"),
    "desktop-runs": _talk(
        "Claude Desktop is running (pid {pid}), started after the last change.",
        "Claude Desktop 正在运行（pid {pid}），启动时间晚于最近一次改动。",
    ),
    "desktop-runs-older": _talk(
        "Claude Desktop is running (pid {pid}) with an older configuration: quit it fully and start it again.",
        "Claude Desktop 正在运行（pid {pid}），但使用的是旧配置：请完全退出后重新启动。",
    ),
    "desktop-no-log": _talk("It has written no log yet.", "它还没有写过日志。"),
    "desktop-log": _talk(
        "Its log, last written {when}, tells about the configuration ({path}):",
        "其日志最近写入于 {when}，其中与配置有关的内容（{path}）：",
    ),
    "desktop-log-silent": _talk(
        "Its log, last written {when}, tells nothing about the configuration ({path}).",
        "其日志最近写入于 {when}，其中没有与配置有关的内容（{path}）。",
    ),
    "desktop-log-mode": _talk(
        "third-party use is on, provider {detail}", "第三方推理已启用，提供方 {detail}"
    ),
    "desktop-log-credentials": _talk("the key was loaded from {detail}", "密钥已从 {detail} 加载"),
    "desktop-log-health": _talk("it judged the configuration: {detail}", "它对配置的判断：{detail}"),
    "desktop-log-no-models": _talk(
        "the gateway's list has {detail} usable models: give them with localedge desktop apply --model",
        "网关列表中可用模型数为 {detail}：请用 localedge desktop apply --model 指定模型",
    ),
    "desktop-log-unknown-key": _talk(
        "this build does not know the key {detail}", "此版本不认识配置项 {detail}"
    ),
    "desktop-log-invalid": _talk("it refused the configuration: {detail}", "它拒绝了该配置：{detail}"),
    "desktop-log-unreachable": _talk("the gateway could not be reached: {detail}", "无法连接网关：{detail}"),
    "desktop-log-status": _talk(
        "the gateway answered HTTP {detail} when asked for models", "查询模型时网关返回 HTTP {detail}"
    ),
    "desktop-log-setup": _talk(
        "it offered to set up third-party use ({detail})", "它提示设置第三方推理（{detail}）"
    ),
    "desktop-export-reg": _talk(
        "On each machine: reg import FILE (for HKEY_LOCAL_MACHINE as administrator), then quit Claude Desktop and start it again.",
        "在每台机器上运行 reg import FILE（写入 HKEY_LOCAL_MACHINE 需要管理员身份），然后退出并重新启动 Claude Desktop。",
    ),
    "desktop-export-mobileconfig": _talk(
        "Hand it out with your device management, or open it and install it in System Settings; then quit Claude Desktop and start it again.",
        "请通过设备管理下发，或打开它并在“系统设置”中安装，然后退出并重新启动 Claude Desktop。",
    ),
    "desktop-export-managed-settings": _talk(
        "It belongs at /etc/claude-desktop/managed-settings.json, owned by root, mode 0644; then quit Claude Desktop and start it again.",
        "请放到 /etc/claude-desktop/managed-settings.json，所有者为 root，权限 0644，然后退出并重新启动 Claude Desktop。",
    ),
    "desktop-export-json": _talk(
        "It is a profile as Claude Desktop's local library has it; localedge desktop apply writes one for you.",
        "这是 Claude Desktop 本地配置库中的配置格式；localedge desktop apply 可直接为你写入。",
    ),
    "desktop-export-key": _talk(
        "The gateway's key stands in this in clear: keep the file to yourself and to the tool that hands it out.",
        "其中含有明文的网关密钥：请妥善保管，只交给分发配置的工具。",
    ),
    "desktop-export-headers": _talk(
        "It has the edge's client token as a header in the form of text, which builds since October 2026 may not take: try it on one machine first.",
        "其中以文本形式写入了客户端令牌请求头，2026 年 10 月以后的版本可能不接受：请先在一台机器上试用。",
    ),
}
