"""What can be wrong with the configuration.  `where` names the line, variable or flag."""

from .entry import Entry, Words

TABLE: dict[str, Entry] = {
    "config-missing": Entry(
        Words(
            'The configuration file "{path}" does not exist.',
            'Correct the name, or make one with "localedge config init".',
        ),
        Words("配置文件“{path}”不存在。", "请更正文件名，或用“localedge config init”新建。"),
    ),
    "config-unreadable": Entry(
        Words(
            'The configuration file "{path}" cannot be read ({reason}).',
            "Let this user read it, or name another file with --config.",
        ),
        Words(
            "无法读取配置文件“{path}”（{reason}）。", "请让当前用户能够读取它，或用 --config 指定其他文件。"
        ),
    ),
    "config-not-utf8": Entry(
        Words('The configuration file "{path}" is not UTF-8 text.', "Save it again as UTF-8."),
        Words("配置文件“{path}”不是 UTF-8 文本。", "请以 UTF-8 编码重新保存。"),
    ),
    "config-not-toml": Entry(
        Words("{where}: this is not valid TOML ({reason}).", "Correct that line."),
        Words("{where}：不是有效的 TOML（{reason}）。", "请更正该行。"),
    ),
    "config-half-written": Entry(
        Words(
            "{where}: the file stops in the middle of a value ({reason}).",
            'Complete the last line, or make the file anew with "localedge config init --force".',
        ),
        Words(
            "{where}：文件在某个值的中途结束（{reason}）。",
            "请补全最后一行，或用“localedge config init --force”重新生成文件。",
        ),
    ),
    "config-exists": Entry(
        Words('"{path}" is already there.', "Edit it, or replace it with --force."),
        Words("“{path}”已经存在。", "请直接编辑，或加 --force 覆盖。"),
    ),
    "config-unwritable": Entry(
        Words(
            '"{path}" cannot be written ({reason}).',
            "Let this user write there, or name another file with --config.",
        ),
        Words("无法写入“{path}”（{reason}）。", "请让当前用户能够写入该处，或用 --config 指定其他文件。"),
    ),
    "unknown-key": Entry(
        Words(
            '{where}: there is no setting "{key}".',
            'Take it out; "localedge config show" lists all settings.',
        ),
        Words("{where}：没有名为“{key}”的设置。", "请删去；“localedge config show”会列出全部设置。"),
    ),
    "unknown-key-near": Entry(
        Words('{where}: there is no setting "{key}".', 'Did you mean "{near}"?'),
        Words("{where}：没有名为“{key}”的设置。", "是不是想写“{near}”？"),
    ),
    "unknown-keys": Entry(
        Words(
            "{where}: there are {count} more settings that localedge does not have.",
            'See whether this is the right file; "localedge config path" tells the usual one.',
        ),
        Words(
            "{where}：还有 {count} 项 localedge 没有的设置。",
            "请确认文件是否正确；“localedge config path”会显示默认的配置文件。",
        ),
    ),
    "unknown-variable": Entry(
        Words(
            "{name} is no variable of localedge.",
            'Unset it; "localedge config init" writes down every setting with its variable.',
        ),
        Words(
            "{name} 不是 localedge 的变量。", "请取消它；“localedge config init”会写出每项设置及其变量名。"
        ),
    ),
    "unknown-variable-near": Entry(
        Words("{name} is no variable of localedge.", "Did you mean {near}?"),
        Words("{name} 不是 localedge 的变量。", "是不是想写 {near}？"),
    ),
    "not-a-section": Entry(
        Words(
            '{where}: "{key}" is a section, not a value.',
            "Write [{key}] on a line of its own, then {sample}.",
        ),
        Words("{where}：“{key}”是一个小节，不是值。", "请单独写一行 [{key}]，再在其下写 {sample}。"),
    ),
    "bad-text": Entry(
        Words("{where}: {key} must be text.", 'Put it in quotes, as in {key} = "...".'),
        Words("{where}：{key} 必须是文本。", '请加引号，例如 {key} = "..."。'),
    ),
    "bad-switch": Entry(
        Words('{where}: "{value}" is neither true nor false.', "Write true or false."),
        Words("{where}：“{value}”既不是 true 也不是 false。", "请写 true 或 false。"),
    ),
    "bad-number": Entry(
        Words('{where}: "{value}" is not a whole number.', "Write a number from {low} to {high}."),
        Words("{where}：“{value}”不是整数。", "请写 {low} 到 {high} 之间的数字。"),
    ),
    "bad-duration": Entry(
        Words(
            '{where}: "{value}" is not a length of time.',
            'Write seconds (30) or a unit ("500ms", "30s", "5m", "1h").',
        ),
        Words("{where}：“{value}”不是时长。", "请写秒数（30），或带单位的值（“500ms”“30s”“5m”“1h”）。"),
    ),
    "bad-size": Entry(
        Words(
            '{where}: "{value}" is not a size.', 'Write bytes (65536) or a unit ("64KiB", "10MB", "1GiB").'
        ),
        Words("{where}：“{value}”不是大小。", "请写字节数（65536），或带单位的值（“64KiB”“10MB”“1GiB”）。"),
    ),
    "out-of-range": Entry(
        Words('{where}: "{value}" is out of range for {key}.', "Write something from {low} to {high}."),
        Words("{where}：“{value}”超出 {key} 的范围。", "请填写 {low} 到 {high} 之间的值。"),
    ),
    "bad-choice": Entry(
        Words('{where}: "{value}" is not a choice for {key}.', "Choose one of: {choices}."),
        Words("{where}：{key} 没有“{value}”这个选项。", "可选值：{choices}。"),
    ),
    "bad-choice-near": Entry(
        Words('{where}: "{value}" is not a choice for {key} ({choices}).', 'Did you mean "{near}"?'),
        Words("{where}：{key} 没有“{value}”这个选项（{choices}）。", "是不是想写“{near}”？"),
    ),
    "bad-list": Entry(
        Words("{where}: {key} must be a list of texts.", 'Write it like ["one", "two"].'),
        Words("{where}：{key} 必须是文本列表。", '请写成 ["one", "two"] 的形式。'),
    ),
    "bad-listen-host": Entry(
        Words(
            '{where}: "{value}" is not an address to listen on.', "Use 127.0.0.1, ::1 or another IP address."
        ),
        Words("{where}：“{value}”不是可以监听的地址。", "请使用 127.0.0.1、::1 或其他 IP 地址。"),
    ),
    "bind-not-loopback": Entry(
        Words(
            "{where}: {host} can be reached by other machines, and no client token guards the edge.",
            "Use 127.0.0.1, or set LOCALEDGE_CLIENT_TOKEN (listen.client_token in the file).",
        ),
        Words(
            "{where}：其他机器可以访问 {host}，而 localedge 没有客户端令牌保护。",
            "请改用 127.0.0.1，或设置 LOCALEDGE_CLIENT_TOKEN（文件中为 listen.client_token）。",
        ),
    ),
    "demo-not-loopback": Entry(
        Words(
            "{where}: {host} can be reached by other machines, and nothing guards the demo gateway.",
            "Use 127.0.0.1 or ::1.",
        ),
        Words("{where}：其他机器可以访问 {host}，而演示网关没有任何保护。", "请改用 127.0.0.1 或 ::1。"),
    ),
    "bad-token": Entry(
        Words(
            "{where}: the token must be visible ASCII characters without spaces.",
            'Make one with: python -c "import secrets; print(secrets.token_urlsafe())".',
        ),
        Words(
            "{where}：令牌只能由可见的 ASCII 字符组成，且不含空格。",
            '可以这样生成：python -c "import secrets; print(secrets.token_urlsafe())"。',
        ),
    ),
    "secret-file-unreadable": Entry(
        Words('{where}: "{path}" cannot be read ({reason}).', "Correct the path or the file's permissions."),
        Words("{where}：无法读取“{path}”（{reason}）。", "请更正路径或文件权限。"),
    ),
    "bad-allowed-host": Entry(
        Words(
            '{where}: "{value}" is not a bare host name.',
            "Write only the name, like host.docker.internal: no scheme, port, path or wildcard.",
        ),
        Words(
            "{where}：“{value}”不是单纯的主机名。",
            "请只写名称，例如 host.docker.internal：不带协议、端口、路径和通配符。",
        ),
    ),
    "bad-allowed-origin": Entry(
        Words(
            '{where}: "{value}" is not the origin of a page.',
            "Write scheme, host and port as the browser shows them, like https://app.example:8443.",
        ),
        Words(
            "{where}：“{value}”不是网页的来源。",
            "请按浏览器显示的写出协议、主机和端口，例如 https://app.example:8443。",
        ),
    ),
    "ca-file-missing": Entry(
        Words('{where}: the CA file "{path}" does not exist.', "Correct the path in gateway.ca_file."),
        Words("{where}：CA 文件“{path}”不存在。", "请更正 gateway.ca_file 中的路径。"),
    ),
    "ca-file-unreadable": Entry(
        Words(
            '{where}: the CA file "{path}" cannot be read ({reason}).', "Name a file that this user may read."
        ),
        Words("{where}：无法读取 CA 文件“{path}”（{reason}）。", "请指定当前用户能够读取的文件。"),
    ),
    "ca-file-not-pem": Entry(
        Words(
            '{where}: the CA file "{path}" holds no PEM certificate.',
            'Give the file with "-----BEGIN CERTIFICATE-----" in it; openssl x509 -inform der converts others.',
        ),
        Words(
            "{where}：CA 文件“{path}”中没有 PEM 证书。",
            "请使用含有“-----BEGIN CERTIFICATE-----”的文件；其他格式可用 openssl x509 -inform der 转换。",
        ),
    ),
    "bad-https-name": Entry(
        Words(
            '{where}: "{value}" is not a name that HTTPS can be served for.',
            "Write an exact host name of at least two parts, like localedge.test: no port, no wildcard.",
        ),
        Words(
            "{where}：“{value}”不是可以提供 HTTPS 的主机名。",
            "请写至少两段的完整主机名，例如 localedge.test：不带端口和通配符。",
        ),
    ),
    "bad-https-name-near": Entry(
        Words('{where}: "{value}" is not a name that HTTPS can be served for.', 'Did you mean "{near}"?'),
        Words("{where}：“{value}”不是可以提供 HTTPS 的主机名。", "是不是想写“{near}”？"),
    ),
    "bad-https-port": Entry(
        Words(
            '{where}: "{value}" is not a port.',
            "Write a number from {low} to {high}, or systemd or fd:3 for a socket that a service manager "
            "passes on (not on Windows).",
        ),
        Words(
            "{where}：“{value}”不是端口。",
            "请写 {low} 到 {high} 之间的数字；由服务管理器传入套接字时写 systemd 或 fd:3（Windows 不支持）。",
        ),
    ),
    "same-port": Entry(
        Words(
            "{where}: plain HTTP and HTTPS cannot both have port {port}.",
            "Choose another with --port or --https-port.",
        ),
        Words(
            "{where}：明文 HTTP 与 HTTPS 不能共用端口 {port}。", "请用 --port 或 --https-port 换一个端口。"
        ),
    ),
    "bad-address": Entry(
        Words('{where}: "{value}" is not an IP address.', "Write one like 192.0.2.10 or 2001:db8::10."),
        Words("{where}：“{value}”不是 IP 地址。", "请写 192.0.2.10 或 2001:db8::10 这样的地址。"),
    ),
}
