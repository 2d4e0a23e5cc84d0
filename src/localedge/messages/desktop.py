"""What `localedge desktop` tells, and what can be wrong with Claude Desktop's files."""

from . import desktop_talk
from .entry import Entry, Words

_CLAUDE_NEITHER = (
    "Mend it or move it away (Claude Desktop cannot read it either), then run the command again."
)
_CLAUDE_NEITHER_ZH = "请修复或移走该文件（Claude Desktop 同样无法读取），然后重新运行命令。"
_UNTOUCHED = "Nothing in it was changed."
_UNTOUCHED_ZH = "其内容未作任何改动。"

TABLE: dict[str, Entry] = {
    **desktop_talk.TABLE,
    "desktop-url-refused": Entry(
        Words(
            "Claude Desktop refuses the base URL {url}: it takes https, or http to exactly 127.0.0.1, localhost or [::1].",
            "Let the edge listen on 127.0.0.1, or use --https.",
        ),
        Words(
            "Claude Desktop 不接受基础地址 {url}：只接受 https，或主机名恰为 127.0.0.1、localhost 或 [::1] 的 http。",
            "请让 localedge 监听 127.0.0.1，或使用 --https。",
        ),
    ),
    "desktop-url-missing": Entry(
        Words(
            "The configuration has no inferenceGatewayBaseUrl.",
            "Run localedge desktop apply, or have its administrator set it.",
        ),
        Words(
            "该配置中没有 inferenceGatewayBaseUrl。", "请运行 localedge desktop apply，或请管理员设置该项。"
        ),
    ),
    "desktop-key-empty": Entry(
        Words(
            "The gateway's key is empty, and Claude Desktop wants one.",
            'Give the key, or any word such as "demo" if the gateway needs none.',
        ),
        Words(
            "网关密钥为空，而 Claude Desktop 要求填写。",
            "请提供密钥；若网关不需要，填 demo 之类的任意内容即可。",
        ),
    ),
    "desktop-key-characters": Entry(
        Words(
            "The gateway's key has spaces or characters that no HTTP header can carry, or is too long.",
            "Give the key alone, on one line.",
        ),
        Words("网关密钥含有空格或 HTTP 请求头不能携带的字符，或者过长。", "请只提供密钥本身，并写在一行内。"),
    ),
    "desktop-key-gone": Entry(
        Words(
            "{key} is there in a form that builds since October 2026 no longer take.",
            "Run localedge desktop apply, or set inferenceGatewayAuthScheme to bearer or x-api-key and inferenceCustomHeaders to an object.",
        ),
        Words(
            "{key} 使用了 2026 年 10 月以后的版本不再接受的形式。",
            "请运行 localedge desktop apply，或把 inferenceGatewayAuthScheme 设为 bearer 或 x-api-key，把 inferenceCustomHeaders 设为对象。",
        ),
    ),
    "desktop-auth-scheme": Entry(
        Words(
            '"{value}" is not a way to send the key.', "Use --auth-scheme bearer or --auth-scheme x-api-key."
        ),
        Words("“{value}”不是发送密钥的方式。", "请使用 --auth-scheme bearer 或 --auth-scheme x-api-key。"),
        exit_status=2,
    ),
    "desktop-model-no-id": Entry(
        Words(
            "A model id is empty, too long, or has spaces or characters that are not ASCII.",
            "Give each id as the gateway names it, with a --model of its own.",
        ),
        Words("某个模型名为空、过长，或含有空格或非 ASCII 字符。", "请按网关的命名逐个用 --model 给出。"),
    ),
    "desktop-model-foreign": Entry(
        Words(
            'Newer builds of Claude Desktop hide the model "{model}": its name has "{word}" in it.',
            "Have the gateway serve it under a name such as claude-opus-4 too, and give that name.",
        ),
        Words(
            "新版 Claude Desktop 会隐藏模型“{model}”，因为名称中含有“{word}”。",
            "请让网关另以 claude-opus-4 之类的名称提供该模型，并填写这个名称。",
        ),
    ),
    "desktop-model-strange": Entry(
        Words(
            'Newer builds of Claude Desktop hide the model "{model}": its name has none of claude, anthropic, opus, sonnet, haiku, fable, mythos in it.',
            "Have the gateway serve it under a name such as claude-opus-4 too, and give that name.",
        ),
        Words(
            "新版 Claude Desktop 会隐藏模型“{model}”，因为名称中没有 claude、anthropic、opus、sonnet、haiku、fable、mythos 之一。",
            "请让网关另以 claude-opus-4 之类的名称提供该模型，并填写这个名称。",
        ),
    ),
    "desktop-no-key": Entry(
        Words(
            "The gateway's key is not known, and nobody can be asked here.",
            "Set ANTHROPIC_AUTH_TOKEN or ANTHROPIC_API_KEY, or name a file with --key-file.",
        ),
        Words(
            "不知道网关密钥，此处也无法询问。",
            "请设置 ANTHROPIC_AUTH_TOKEN 或 ANTHROPIC_API_KEY，或用 --key-file 指定文件。",
        ),
        exit_status=4,
    ),
    "desktop-key-file": Entry(
        Words("The key file {path} cannot be read: {reason}.", "Name a text file that holds the key alone."),
        Words("无法读取密钥文件 {path}：{reason}。", "请指定一个只含密钥的文本文件。"),
    ),
    "desktop-no-https": Entry(
        Words(
            "This edge does not serve HTTPS: there is no local CA yet, or http_only is set.",
            "Run localedge trust-ca first, or leave --https out: plain HTTP on loopback is enough for Claude Desktop.",
        ),
        Words(
            "localedge 尚未提供 HTTPS：还没有本地 CA，或设置了 http_only。",
            "请先运行 localedge trust-ca，或去掉 --https：对 Claude Desktop 来说回环地址上的 HTTP 就够了。",
        ),
    ),
    "desktop-port-free": Entry(
        Words(
            "{key} is not a fixed port, so the base URL is not known beforehand.",
            "Set a port in the configuration, or give the URL that localedge run prints with --base-url.",
        ),
        Words(
            "{key} 不是固定端口，无法预先知道基础地址。",
            "请在配置中设置端口，或用 --base-url 给出 localedge run 打印的地址。",
        ),
    ),
    "desktop-running": Entry(
        Words(
            "Claude Desktop is running (pid {pid}), and it writes these files when it quits.",
            'Quit it fully (from its menu or the icon in the tray, closing the window is not enough) and run the command again; "localedge desktop" can wait for it with --wait.',
        ),
        Words(
            "Claude Desktop 正在运行（pid {pid}），它退出时会写入这些文件。",
            "请完全退出（从菜单或托盘图标退出，只关闭窗口不够）后重新运行命令；“localedge desktop”的命令可加 --wait 等待。",
        ),
    ),
    "desktop-is-directory": Entry(
        Words(
            "{path} is a directory where Claude Desktop keeps a file.",
            "Move it away, then run the command again.",
        ),
        Words("{path} 是一个目录，而 Claude Desktop 在此处存放文件。", "请移走该目录，然后重新运行命令。"),
    ),
    "desktop-no-file": Entry(
        Words("{path} is no ordinary file.", "Move it away, then run the command again."),
        Words("{path} 不是普通文件。", "请将其移走，然后重新运行命令。"),
    ),
    "desktop-too-large": Entry(
        Words("{path} has {size} bytes, far more than such a file can have.", _CLAUDE_NEITHER),
        Words("{path} 有 {size} 字节，远超此类文件应有的大小。", _CLAUDE_NEITHER_ZH),
    ),
    "desktop-empty": Entry(
        Words("{path} is empty, or zero bytes only: it was not written to its end.", _CLAUDE_NEITHER),
        Words("{path} 为空或只有零字节：它没有写完。", _CLAUDE_NEITHER_ZH),
    ),
    "desktop-not-utf8": Entry(
        Words(
            "{path} is not UTF-8 in line {line}. " + _UNTOUCHED,
            "Save it as UTF-8, then run the command again.",
        ),
        Words("{path} 第 {line} 行不是 UTF-8。" + _UNTOUCHED_ZH, "请另存为 UTF-8，然后重新运行命令。"),
    ),
    "desktop-not-json": Entry(
        Words("{path} is not JSON in line {line}. " + _UNTOUCHED, _CLAUDE_NEITHER),
        Words("{path} 第 {line} 行不是 JSON。" + _UNTOUCHED_ZH, _CLAUDE_NEITHER_ZH),
    ),
    "desktop-other-shape": Entry(
        Words(
            "{path} is JSON, but not of the shape that Claude Desktop writes. " + _UNTOUCHED, _CLAUDE_NEITHER
        ),
        Words("{path} 是 JSON，但不是 Claude Desktop 写出的结构。" + _UNTOUCHED_ZH, _CLAUDE_NEITHER_ZH),
    ),
    "desktop-not-plist": Entry(
        Words("{path} is not a property list.", "Have its administrator hand the profile out again."),
        Words("{path} 不是属性列表文件。", "请让管理员重新下发描述文件。"),
    ),
    "desktop-not-text": Entry(
        Words(
            "{key} in {where} is not a text value (REG_SZ), so Claude Desktop ignores it.",
            "Set it again as REG_SZ; localedge desktop export --format reg writes such a file.",
        ),
        Words(
            "{where} 中的 {key} 不是文本值（REG_SZ），Claude Desktop 会忽略它。",
            "请改为 REG_SZ；localedge desktop export --format reg 可生成这样的文件。",
        ),
    ),
    "desktop-profile-missing": Entry(
        Words(
            "{path} is not there, though the list of the library says that it is applied.",
            "Run localedge desktop apply, or choose another configuration in Claude Desktop.",
        ),
        Words(
            "配置列表称已应用 {path}，但该文件不存在。",
            "请运行 localedge desktop apply，或在 Claude Desktop 中选择其他配置。",
        ),
    ),
    "desktop-changed": Entry(
        Words(
            "{path} was written by another program just now. " + _UNTOUCHED,
            "Quit Claude Desktop and run the command again.",
        ),
        Words("{path} 刚刚被其他程序写入。" + _UNTOUCHED_ZH, "请退出 Claude Desktop 后重新运行命令。"),
    ),
    "desktop-locked": Entry(
        Words(
            "{path} is in use by another program.",
            "Quit Claude Desktop and editors that have it open, then run the command again.",
        ),
        Words("{path} 正被其他程序占用。", "请退出 Claude Desktop 以及打开它的编辑器，然后重新运行命令。"),
    ),
    "desktop-unreadable": Entry(
        Words(
            "{path} cannot be read: {reason}.", "See to it that you may read it, then run the command again."
        ),
        Words("无法读取 {path}：{reason}。", "请确认你有读取权限，然后重新运行命令。"),
    ),
    "desktop-unwritable": Entry(
        Words(
            "{path} cannot be written: {reason}. It is as it was.",
            "See to it that you may write there, then run the command again.",
        ),
        Words("无法写入 {path}：{reason}。它保持原样。", "请确认你有写入权限，然后重新运行命令。"),
    ),
    "desktop-disk-full": Entry(
        Words(
            "There is no room on the disk to write {path}. It is as it was.",
            "Free some room, then run the command again.",
        ),
        Words("磁盘空间不足，无法写入 {path}。它保持原样。", "请腾出空间，然后重新运行命令。"),
    ),
    "desktop-partly": Entry(
        Words(
            "{done} of {all} files had been written before that, each of them whole.",
            "Mend it and run the command again, or take the others back with localedge desktop undo.",
        ),
        Words(
            "在此之前已完整写入 {all} 个文件中的 {done} 个。",
            "请解决后重新运行命令，或用 localedge desktop undo 撤销已写入的文件。",
        ),
    ),
    "desktop-journal-unwritable": Entry(
        Words(
            "The journal {path} cannot be written: {reason}. Nothing was changed.",
            "Make room and see to it that you may write there, then run the command again.",
        ),
        Words(
            "无法写入日志 {path}：{reason}。没有作任何改动。", "请确认有空间和写入权限，然后重新运行命令。"
        ),
    ),
    "desktop-journal-unreadable": Entry(
        Words(
            "The journal {path} cannot be read: {reason}.",
            "See to it that you may read it, then run the command again.",
        ),
        Words("无法读取日志 {path}：{reason}。", "请确认你有读取权限，然后重新运行命令。"),
    ),
    "desktop-journal-damaged": Entry(
        Words(
            "The journal {path} is damaged or of another version, so localedge does not know what it changed.",
            "Use the version of localedge that wrote it; if it is damaged, choose another configuration in Claude "
            'Desktop or set deploymentMode to "1p" by hand, then move the journal away.',
        ),
        Words(
            "日志 {path} 已损坏或属于其他版本，localedge 无从得知改动过什么。",
            "请使用写入它的 localedge 版本；如果已损坏，请在 Claude Desktop 中选择其他配置，或手动把 deploymentMode 改为 1p，然后移走该日志。",
        ),
    ),
    "desktop-export-format": Entry(
        Words(
            '"{value}" is not a form of export.', "Use --format reg, mobileconfig, managed-settings or json."
        ),
        Words("“{value}”不是可导出的格式。", "请使用 --format reg、mobileconfig、managed-settings 或 json。"),
        exit_status=2,
    ),
    "desktop-export-scope": Entry(
        Words('The form {format} cannot be for "{scope}".', "Use --scope with one of: {known}."),
        Words("格式 {format} 不能用于“{scope}”。", "请把 --scope 设为以下之一：{known}。"),
        exit_status=2,
    ),
    "desktop-export-exists": Entry(
        Words("{path} is there already, and is not replaced.", "Give another name, or remove it."),
        Words("{path} 已存在，不会被覆盖。", "请换一个名称，或先删除它。"),
    ),
    "desktop-export-unwritable": Entry(
        Words("{path} cannot be written: {reason}.", "Give another place with --output."),
        Words("无法写入 {path}：{reason}。", "请用 --output 指定其他位置。"),
    ),
}
