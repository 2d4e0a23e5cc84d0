"""What `localedge hosts` tells, what can be wrong with a hosts file, and with a gateway whose name it maps."""

from .entry import Entry, Words

_FILE: dict[str, Entry] = {
    "hosts-missing": Entry(
        Words('The hosts file "{path}" does not exist.', "Make an empty one there, then run this again."),
        Words("hosts 文件“{path}”不存在。", "请先在该处建一个空文件，再重新运行。"),
    ),
    "hosts-unreadable": Entry(
        Words(
            'The hosts file "{path}" cannot be read ({reason}), so it stays as it is.',
            "Let this user read it, then run this again.",
        ),
        Words(
            "无法读取 hosts 文件“{path}”（{reason}），未作任何改动。", "请让当前用户能够读取它，再重新运行。"
        ),
    ),
    "hosts-not-a-file": Entry(
        Words('"{path}" is no ordinary file.', "Put an ordinary hosts file there, then run this again."),
        Words("“{path}”不是普通文件。", "请在该处放一个普通的 hosts 文件，再重新运行。"),
    ),
    "hosts-not-text": Entry(
        Words(
            'The hosts file "{path}" holds bytes that are no text in any encoding localedge knows.',
            "Save it again as UTF-8, or restore it; then run this again.",
        ),
        Words("hosts 文件“{path}”含有无法识别为文本的字节。", "请另存为 UTF-8 或恢复该文件，再重新运行。"),
    ),
    "hosts-link": Entry(
        Words(
            '"{path}" is a symbolic link to "{target}": whatever made it would undo a change.',
            "Add the line where that file is made, or put an ordinary file there and run this again.",
        ),
        Words(
            "“{path}”是指向“{target}”的符号链接，改动会被生成它的工具撤销。",
            "请在生成该文件的地方添加这一行，或换成普通文件后重新运行。",
        ),
    ),
    "hosts-nix": Entry(
        Words(
            '"{path}" is made by NixOS ("{target}"), so nothing was written.',
            'Put networking.hosts."127.0.0.1" = [ {names} ]; into your configuration and run '
            '"sudo nixos-rebuild switch".',
        ),
        Words(
            "“{path}”由 NixOS 生成（“{target}”），未写入任何内容。",
            '请在系统配置中加入 networking.hosts."127.0.0.1" = [ {names} ]; 并运行“sudo nixos-rebuild switch”。',
        ),
    ),
    "hosts-block-damaged": Entry(
        Words(
            'Line {line} of "{path}": the markers around localedge\'s lines are not one pair, so nothing was '
            "changed.",
            "Take out every line with such a marker and the lines between them, then run this again.",
        ),
        Words(
            "“{path}”第 {line} 行：localedge 的起止标记不成对，未作任何改动。",
            "请删去所有这类标记行及其间的各行，再重新运行。",
        ),
    ),
    "hosts-block-cut": Entry(
        Words(
            'Line {line} of "{path}": the markers around localedge\'s lines are not one pair, so nothing was '
            "changed.",
            "Take out every line with such a marker and the lines between them, or put back the file as it was "
            'before localedge from "{backup}"; then run this again.',
        ),
        Words(
            "“{path}”第 {line} 行：localedge 的起止标记不成对，未作任何改动。",
            "请删去所有这类标记行及其间的各行，或用“{backup}”恢复 localedge 改动之前的文件，再重新运行。",
        ),
    ),
    "hosts-block-edited": Entry(
        Words(
            'Line {line} of "{path}" stands between localedge\'s markers and is not one of its own, so nothing '
            "was changed.",
            "Move it above or below the markers, or take it out, then run this again.",
        ),
        Words(
            "“{path}”第 {line} 行位于 localedge 的标记之间，却不是它写的，未作任何改动。",
            "请把该行移到标记之外或删去，再重新运行。",
        ),
    ),
    "hosts-needs-root": Entry(
        Words('Only root may write "{path}"; nothing was changed.', 'Run "{command}".'),
        Words("只有 root 才能写入“{path}”，未作任何改动。", "请运行“{command}”。"),
    ),
    "hosts-needs-administrator": Entry(
        Words(
            'Only an administrator may write "{path}"; nothing was changed.',
            'Open PowerShell with "Run as administrator" and run there "{command}".',
        ),
        Words(
            "只有管理员才能写入“{path}”，未作任何改动。",
            "请以“以管理员身份运行”打开 PowerShell，在其中运行“{command}”。",
        ),
    ),
    "hosts-read-only": Entry(
        Words(
            '"{path}" is marked read-only, so somebody wants it to stay as it is; nothing was changed.',
            'If that was you, run "{command}" first.',
        ),
        Words("“{path}”被设为只读，未作任何改动。", "若确实要修改，请先运行“{command}”。"),
    ),
    "hosts-guarded": Entry(
        Words(
            'Not even an administrator may write "{path}" here ({reason}); nothing was changed.',
            "Lift what guards it: an immutable flag (chattr -i, chflags nouchg), a read-only file system, or "
            "security software; then run this again.",
        ),
        Words(
            "即使是管理员也无法写入“{path}”（{reason}），未作任何改动。",
            "请解除其保护：不可变标志（chattr -i、chflags nouchg）、只读文件系统或安全软件，再重新运行。",
        ),
    ),
    "hosts-unwritable": Entry(
        Words(
            '"{path}" could not be written ({reason}).',
            'Mend that; "localedge hosts show" tells what it says now.',
        ),
        Words("无法写入“{path}”（{reason}）。", "请先解决该问题；“localedge hosts show”会显示文件现状。"),
    ),
    "hosts-no-place": Entry(
        Words(
            'There is no place for a copy of "{path}" ({reason}), so nothing was changed.',
            "Let this user write beside it, or set XDG_DATA_HOME to a directory that can be written.",
        ),
        Words(
            "没有地方保存“{path}”的备份（{reason}），未作任何改动。",
            "请让当前用户能够写入其所在目录，或把 XDG_DATA_HOME 设为可写的目录。",
        ),
    ),
    "hosts-changed": Entry(
        Words('Another program has just changed "{path}", so nothing was written.', "Run this again."),
        Words("另一个程序刚刚修改了“{path}”，未写入任何内容。", "请重新运行。"),
    ),
    "hosts-not-kept": Entry(
        Words(
            '"{path}" was written, but it does not say what was written: another program or security software '
            "has changed it.",
            'Allow the change there, see "localedge hosts show", then run this again.',
        ),
        Words(
            "“{path}”已写入，但内容与所写不符：被其他程序或安全软件改动了。",
            "请在该软件中允许此改动，查看“localedge hosts show”后重新运行。",
        ),
    ),
}

_NAMES: dict[str, Entry] = {
    "hosts-name-bad": Entry(
        Words(
            '"{name}" is not a host name that can be mapped.',
            "Use letters, digits and hyphens with at least one dot, no port or path, like localedge.test.",
        ),
        Words(
            "“{name}”不是可以映射的主机名。",
            "请使用字母、数字和连字符，至少含一个点，不带端口和路径，例如 localedge.test。",
        ),
    ),
    "hosts-name-address": Entry(
        Words('"{name}" is an address, and a hosts file maps names.', "Give a name, like localedge.test."),
        Words("“{name}”是 IP 地址，而 hosts 文件映射的是名称。", "请给出名称，例如 localedge.test。"),
    ),
    "hosts-name-loopback": Entry(
        Words(
            '"{name}" means this machine already, and programs rely on that.',
            "Use it as it is, or give another name, like localedge.test.",
        ),
        Words("“{name}”本来就指本机，许多程序依赖于此。", "可直接使用，或换一个名称，例如 localedge.test。"),
    ),
    "hosts-name-mapped": Entry(
        Words(
            'Line {line} of "{path}" maps {name} to {address} already, and that line is not localedge\'s.',
            "Leave it if that is what you want; else take it out, or choose another name.",
        ),
        Words(
            "“{path}”第 {line} 行已把 {name} 映射到 {address}，且不是 localedge 写的。",
            "如果正合所需就保留它；否则请删去该行，或换一个名称。",
        ),
    ),
    "hosts-name-not-ours": Entry(
        Words(
            'Line {line} of "{path}" maps {name} to {address}, but localedge did not write it.',
            "Take it out by hand if you want it gone.",
        ),
        Words(
            "“{path}”第 {line} 行把 {name} 映射到 {address}，但不是 localedge 写的。",
            "如需去除，请手动删去该行。",
        ),
    ),
}

_NOTES: dict[str, Entry] = {
    "hosts-name-claude": Entry(
        Words(
            "WARNING: {name} belongs to Claude's own service: every program on this machine, Claude's apps and "
            "their sign-in included, will reach localedge in its place.",
            'If you did not mean that, run "localedge hosts remove {name}".',
        ),
        Words(
            "警告：{name} 属于 Claude 官方服务：本机所有程序（包括 Claude 应用及其登录）都将改为连接 localedge。",
            "如果不是有意为之，请运行“localedge hosts remove {name}”。",
        ),
    ),
    "hosts-name-public": Entry(
        Words(
            "{name} exists in DNS ({addresses}): programs on this machine will reach localedge in its place.",
            'If you did not mean that, run "localedge hosts remove {name}".',
        ),
        Words(
            "{name} 在 DNS 中已存在（{addresses}）：本机程序将改为连接 localedge。",
            "如果不是有意为之，请运行“localedge hosts remove {name}”。",
        ),
    ),
    "hosts-name-gateway": Entry(
        Words(
            "{name} is the gateway's own name: localedge will ask DNS servers where it really is.",
            "Where they do not know it, set gateway.address to the gateway's IP address.",
        ),
        Words(
            "{name} 是网关自己的名称：localedge 会直接向 DNS 服务器查询其真实地址。",
            "若 DNS 中没有，请把 gateway.address 设为网关的 IP 地址。",
        ),
    ),
    "hosts-generated": Entry(
        Words(
            '"{path}" is written anew by the system at every start, which will undo this.',
            "Turn that off where the file's own first lines say; under WSL, Windows programs need the name in "
            "Windows' hosts file.",
        ),
        Words(
            "“{path}”由系统在每次启动时重新生成，届时此改动会丢失。",
            "请按文件开头的说明关闭自动生成；在 WSL 下，Windows 程序需要 Windows 自己的 hosts 文件中有此名称。",
        ),
    ),
    "hosts-not-configured": Entry(
        Words(
            "localedge does not serve {names} yet: https.names does not have it.",
            'Add it to https.names in the configuration, then run "localedge trust-ca" again: names are part '
            "of the root certificate.",
        ),
        Words(
            "localedge 尚未对 {names} 提供服务：https.names 中没有它。",
            "请把它加入配置中的 https.names，再运行“localedge trust-ca”：名称是根证书的一部分。",
        ),
    ),
    "hosts-not-covered": Entry(
        Words(
            "The local CA was made without {names}.",
            'Run "localedge trust-ca" again: names are part of the root certificate, so there will be a new one.',
        ),
        Words(
            "本地 CA 生成时不包含 {names}。",
            "请再次运行“localedge trust-ca”：名称是根证书的一部分，因此会换用新的根证书。",
        ),
    ),
    "hosts-no-effect": Entry(
        Words(
            'The file is written, but the system says that {name} is at "{found}".',
            'Ask again with "localedge hosts show" in a minute; a cache or a resolver that ignores the hosts '
            "file may need a restart.",
        ),
        Words(
            "文件已写入，但系统解析 {name} 的结果是“{found}”。",
            "请过一分钟用“localedge hosts show”再看；可能需要重启 DNS 缓存或忽略 hosts 文件的解析服务。",
        ),
    ),
}

_TALK: dict[str, Entry] = {
    "hosts-added": Entry(
        Words('{name} now leads to this machine ({addresses}), by "{path}".'),
        Words("{name} 现已指向本机（{addresses}），写在“{path}”中。"),
        talk=True,
    ),
    "hosts-there": Entry(
        Words('{name} leads to this machine already ({addresses}), by "{path}".'),
        Words("{name} 已经指向本机（{addresses}），写在“{path}”中。"),
        talk=True,
    ),
    "hosts-removed": Entry(
        Words('{name} is no longer in "{path}".'), Words("“{path}”中已不再有 {name}。"), talk=True
    ),
    "hosts-absent": Entry(
        Words('{name} was not in "{path}".'), Words("“{path}”中原本就没有 {name}。"), talk=True
    ),
    "hosts-none": Entry(
        Words('There is nothing of localedge in "{path}".'),
        Words("“{path}”中没有 localedge 写的内容。"),
        talk=True,
    ),
    "hosts-dry-run": Entry(
        Words('That is what would change in "{path}"; nothing was changed.'),
        Words("以上是“{path}”将会发生的改动；实际未作任何改动。"),
        talk=True,
    ),
    "hosts-backup": Entry(
        Words('The file as it was is kept in "{path}" until the last name is removed.'),
        Words("原文件保存在“{path}”，移除最后一个名称时会一并删去。"),
        talk=True,
    ),
    "hosts-next": Entry(
        Words('Next, if you have not yet: "localedge trust-ca".'),
        Words("下一步（如果还没做）：“localedge trust-ca”。"),
        talk=True,
    ),
    "hosts-show-ours": Entry(
        Words("{name}: in the file, {addresses}; the system finds {found}"),
        Words("{name}：已写入文件，{addresses}；系统解析为 {found}"),
        talk=True,
    ),
    "hosts-show-other": Entry(
        Words("{name}: line {line} of the file, not localedge's, {addresses}; the system finds {found}"),
        Words("{name}：文件第 {line} 行（不是 localedge 写的），{addresses}；系统解析为 {found}"),
        talk=True,
    ),
    "hosts-show-absent": Entry(
        Words("{name}: not in the file; the system finds {found}"),
        Words("{name}：不在文件中；系统解析为 {found}"),
        talk=True,
    ),
    "hosts-found-nothing": Entry(Words("nothing"), Words("无结果"), talk=True),
    "hosts-found-late": Entry(Words("no answer in time"), Words("未及时得到回答"), talk=True),
}

_GATEWAY: dict[str, Entry] = {
    "gateway-own-name": Entry(
        Words(
            "The hosts file maps the gateway's own name {host} to this machine, and DNS servers gave no other "
            "address for it ({reason}).",
            "Set gateway.address to the gateway's IP address (to 127.0.0.1 if it does run here).",
        ),
        Words(
            "hosts 文件把网关自己的名称 {host} 映射到了本机，而 DNS 服务器没有给出其他地址（{reason}）。",
            "请把 gateway.address 设为网关的 IP 地址（若网关确实在本机，则设为 127.0.0.1）。",
        ),
    ),
    "gateway-is-edge": Entry(
        Words(
            "The gateway {gateway} is at {address}, where this edge itself listens: it would forward to itself.",
            "Set gateway.url or gateway.address to where the gateway really is, or let the edge listen on "
            "another port.",
        ),
        Words(
            "网关 {gateway} 的地址 {address} 正是 localedge 自己监听的地址，请求会转回给自己。",
            "请把 gateway.url 或 gateway.address 改为网关的真实地址，或让 localedge 监听其他端口。",
        ),
    ),
    "gateway-by-dns": Entry(
        Words(
            "The hosts file maps the gateway's own name {host} to this machine, so its address comes from DNS "
            "servers: {addresses}.",
            "To use another one, set gateway.address.",
        ),
        Words(
            "hosts 文件把网关自己的名称 {host} 映射到了本机，因此改用 DNS 服务器给出的地址：{addresses}。",
            "如需使用其他地址，请设置 gateway.address。",
        ),
    ),
}

TABLE: dict[str, Entry] = {**_FILE, **_NAMES, **_NOTES, **_TALK, **_GATEWAY}
