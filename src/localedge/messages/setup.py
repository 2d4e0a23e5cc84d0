"""What `localedge setup` asks and tells, and what can be wrong."""

from .entry import Entry, Words


def _talk(english: str, chinese: str) -> Entry:
    return Entry(Words(english), Words(chinese), talk=True)


_ASKED: dict[str, Entry] = {
    "setup-ask-gateway": _talk(
        'URL of the gateway, like http://gateway.example:8000; "demo" for the built-in one; Enter for {now}:',
        "网关地址，例如 http://gateway.example:8000；输入 demo 使用内置演示网关；直接回车则用 {now}：",
    ),
    "setup-ask-better": _talk(
        "The Messages API is at {url}. Use that? [Y/n]", "Messages API 位于 {url}。是否改用该地址？[Y/n]"
    ),
    "setup-ask-unusable": _talk(
        'Enter: try again, with another URL or key. "go": go on all the same. "stop": end here.',
        "回车：换一个地址或密钥重试；go：仍然继续；stop：到此为止。",
    ),
    "setup-ask-way": _talk(
        "How is Claude to reach the edge? 1: plain HTTP on this machine (recommended: it needs no certificate). "
        "2: HTTPS too. [1]",
        "Claude 以哪种方式访问 localedge？1：本机 HTTP（推荐，无需证书）。2：同时启用 HTTPS。[1]",
    ),
    "setup-ask-again": _talk(
        'Enter: try "{command}" again. "skip": go on without it. "stop": end here.',
        "回车：重新执行“{command}”；skip：跳过并继续；stop：到此为止。",
    ),
    "setup-ask-hosts": _talk(
        'Run "{command}" in another window, then press Enter. "skip": go on without it. "stop": end here.',
        "请在另一个窗口运行“{command}”，然后按回车。skip：跳过并继续；stop：到此为止。",
    ),
    "setup-ask-desktop": _talk(
        'Write this into Claude Desktop\'s configuration? Enter: yes. "skip": leave it alone.',
        "是否写入 Claude Desktop 的配置？回车：是；skip：不改动。",
    ),
    "setup-ask-quit": _talk(
        "Claude Desktop is running (pid {pid}). Quit it fully, from its menu or the icon in the tray, then press Enter. "
        '"skip": leave its configuration alone.',
        "Claude Desktop 正在运行（pid {pid}）。请从菜单或托盘图标完全退出，然后按回车。skip：不改动其配置。",
    ),
    "setup-ask-other-edge": _talk(
        "An edge with other settings is running (pid {pid}). Stop it with Ctrl-C in its window, then press Enter.",
        "一个设置不同的 localedge 正在运行（pid {pid}）。请在其窗口按 Ctrl-C 停止，然后按回车。",
    ),
    "setup-not-understood": _talk("That is none of the answers.", "无法识别该回答。"),
}

_TOLD: dict[str, Entry] = {
    "setup-resumed": _talk(
        "Going on where the last setup ended; --again starts over.",
        "从上次设置中断处继续；--again 可从头开始。",
    ),
    "setup-gateway": _talk("1. Gateway: {gateway}", "1. 网关：{gateway}"),
    "setup-done-gateway": _talk("1. Gateway: {gateway} (done before)", "1. 网关：{gateway}（此前已完成）"),
    "setup-written": _talk("   written to {path}", "   已写入 {path}"),
    "setup-usable": _talk(
        '2. Check: usable with the model {model}; {notes} remarks, which "localedge check" shows',
        "2. 检查：可用，模型 {model}；另有 {notes} 条说明，可用“localedge check”查看",
    ),
    "setup-done-check": _talk(
        "2. Check: done before, with the model {model}", "2. 检查：此前已完成，模型 {model}"
    ),
    "setup-way-http": _talk(
        "3. Plain HTTP on this machine: no certificate is needed", "3. 本机 HTTP：无需证书"
    ),
    "setup-way-https": _talk("3. HTTPS beside plain HTTP", "3. 在 HTTP 之外同时启用 HTTPS"),
    "setup-http-instead": _talk(
        "   Plain HTTP on this machine in place of HTTPS, which needs the local CA",
        "   没有本地 CA 就无法使用 HTTPS，改用本机 HTTP",
    ),
    "setup-done-trust": _talk("4. The local CA is trusted in every store", "4. 本地 CA 已被所有证书库信任"),
    "setup-done-hosts": _talk("   {names}: leads to this machine", "   {names}：已指向本机"),
    "setup-done-desktop": _talk(
        "5. Claude Desktop has {url} already", "5. Claude Desktop 的配置已经是 {url}"
    ),
    "setup-no-desktop": _talk(
        '5. Claude Desktop is left alone; "localedge desktop show" prints the values for its window',
        "5. 不改动 Claude Desktop；“localedge desktop show”会显示要填写的值",
    ),
    "setup-code": _talk(
        'For Claude Code, in a shell ("{command}" prints all of it):',
        "Claude Code 用户请在 shell 中设置（“{command}”会打印全部内容）：",
    ),
    "setup-edge-runs": _talk(
        "An edge is running already (pid {pid}): it is the one that is tried",
        "已有 localedge 在运行（pid {pid}）：将用它测试",
    ),
    "setup-edge-unknown": _talk(
        "   which gateway it has cannot be told: another user has started it, or it is of another version",
        "   无法得知它使用哪个网关：由其他用户启动，或版本不同",
    ),
    "setup-testing": _talk("6. What Test connection does, through {url}:", "6. 通过 {url} 进行连接测试："),
    "setup-works": _talk("Test connection works at {url}.", "通过 {url} 测试连接成功。"),
    "setup-fails": _talk(
        'Test connection does not work at {url}: see the line above, or give it to "localedge explain".',
        "通过 {url} 测试连接失败：请看上一行，或把它交给“localedge explain”。",
    ),
    "setup-no-models": _talk(
        "But Claude Desktop will show no model: see the line about models above.",
        "但 Claude Desktop 不会显示任何模型：请看上面关于模型的一行。",
    ),
    "setup-overruled": _talk(
        "But Claude Desktop goes by an administrator's configuration, which sends it elsewhere ({where}): have it removed, "
        "or changed to this URL.",
        "但 Claude Desktop 采用的是管理员的配置，指向别处（{where}）：请让管理员移除该配置，或改为上述 URL。",
    ),
    "setup-start-claude": _talk(
        "Start Claude Desktop now; one that runs must be quit fully first.",
        "现在可以启动 Claude Desktop；若正在运行，请先完全退出。",
    ),
    "setup-serves-on": _talk("The edge serves on all the same.", "localedge 仍会继续运行。"),
    "setup-stays": _talk(
        "Leave this window open: Ctrl-C stops the edge. Next time: {command}",
        "请保持此窗口打开，Ctrl-C 可停止。下次启动：{command}",
    ),
    "setup-next": _talk("Next: {command}", "下一步：{command}"),
    "setup-plan-gateway": _talk(
        "1. Gateway: {gateway}, written to {path} if it does not stand there",
        "1. 网关：{gateway}；如果 {path} 中没有，则写入",
    ),
    "setup-plan-check": _talk(
        "2. Check: ask it what Claude will ask, for a few tokens",
        "2. 检查：按 Claude 的方式请求网关，只用少量 token",
    ),
    "setup-plan-trust": _talk(
        "4. The local CA into the trust stores, the names into the hosts file:",
        "4. 把本地 CA 加入证书库，把名称加入 hosts 文件：",
    ),
    "setup-plan-desktop": _talk("5. Claude Desktop's configuration:", "5. Claude Desktop 的配置："),
    "setup-plan-desktop-later": _talk(
        "5. Claude Desktop's configuration, when the local CA is there",
        "5. 有了本地 CA 之后：写入 Claude Desktop 的配置",
    ),
    "setup-plan-test": _talk(
        "6. Start the edge, and do through it what Claude Desktop's Test connection does",
        "6. 启动 localedge，并通过它完成 Claude Desktop 的连接测试",
    ),
}

_FAILURES: dict[str, Entry] = {
    "setup-stopped": Entry(
        Words(
            "stopped; what is done stays.", 'Run "localedge setup" again to go on, or "localedge uninstall".'
        ),
        Words(
            "已停止，已完成的步骤保持不变。", "再次运行“localedge setup”可继续，或运行“localedge uninstall”。"
        ),
    ),
    "setup-both-ways": Entry(
        Words("--http-only and --https are both given.", "Leave out one of them."),
        Words("同时给出了 --http-only 和 --https。", "请去掉其中一个。"),
        exit_status=2,
    ),
    "setup-key-for-url": Entry(
        Words(
            "that looks like a key, where the gateway's URL is wanted.",
            "Give the URL, such as http://gateway.example:8000; the key is asked for next.",
        ),
        Words(
            "这看起来是密钥，而此处需要网关地址。",
            "请输入地址，例如 http://gateway.example:8000；随后会询问密钥。",
        ),
    ),
    "setup-gateway-changed": Entry(
        Words(
            "the configuration has the gateway {gateway} by now, which is not the one that was set up.",
            'Run "localedge setup" again.',
        ),
        Words("配置中的网关现在是 {gateway}，与刚才设置的不同。", "请再次运行“localedge setup”。"),
    ),
    "setup-missing": Entry(
        Words(
            "nobody can be asked, and {option} is not given.",
            "Give it, or --yes for the recommended answers.",
        ),
        Words("无法提问，而且没有给出 {option}。", "请给出该选项，或用 --yes 采用推荐的回答。"),
        exit_status=4,
    ),
    "setup-unusable": Entry(
        Words(
            "the gateway {gateway} is not usable for Claude Desktop as it is.",
            "Mend the first line that says FAIL, or give another --upstream, then run the command again.",
        ),
        Words(
            "网关 {gateway} 目前不能用于 Claude Desktop。",
            "请先解决第一个标为“失败”的问题，或换一个 --upstream，然后重新运行。",
        ),
    ),
    "setup-person": Entry(
        Words(
            "this step needs a person.",
            'Run "{command}", then "localedge setup" again: it goes on there. Without HTTPS: "localedge setup --http-only".',
        ),
        Words(
            "这一步需要有人操作。",
            "请运行“{command}”，然后再次运行“localedge setup”，会从这里继续。不用 HTTPS：“localedge setup --http-only”。",
        ),
        exit_status=4,
    ),
    "setup-not-done": Entry(
        Words(
            "this step is not done.",
            'Mend it, run "{command}", then "localedge setup" again: it goes on there. Without HTTPS: "localedge setup --http-only".',
        ),
        Words(
            "这一步没有完成。",
            "请解决问题并运行“{command}”，然后再次运行“localedge setup”，会从这里继续。不用 HTTPS：“localedge setup --http-only”。",
        ),
    ),
    "setup-variable-wins": Entry(
        Words(
            "the variable {name} is set, and goes before what setup would write into the configuration.",
            "Unset it, then run the command again.",
        ),
        Words("已设置变量 {name}，其优先级高于设置程序写入配置的值。", "请取消该变量后重新运行。"),
    ),
    "setup-other-edge": Entry(
        Words(
            "an edge with another gateway, or without the HTTPS that was chosen, is running (pid {pid}).",
            "Stop it with Ctrl-C in its window, then run the command again.",
        ),
        Words(
            "一个使用其他网关、或没有启用所选 HTTPS 的 localedge 正在运行（pid {pid}）。",
            "请在其窗口按 Ctrl-C 停止，然后重新运行。",
        ),
    ),
    "setup-config-by-hand": Entry(
        Words(
            "the gateway's URL cannot be changed in {path} without touching anything else there; nothing was changed.",
            "Write {line} into its section [gateway] by hand, then run the command again.",
        ),
        Words(
            "无法在不影响其他内容的情况下修改 {path} 中的网关地址，未作任何改动。",
            "请手工在 [gateway] 一节中写入 {line}，然后重新运行。",
        ),
    ),
    "setup-journal-unwritable": Entry(
        Words(
            "setup's record {path} cannot be written ({reason}).",
            "Make room, or mend the rights there, then run the command again.",
        ),
        Words("无法写入设置记录 {path}（{reason}）。", "请腾出空间或修正权限，然后重新运行。"),
    ),
    "setup-journal-unreadable": Entry(
        Words(
            "setup's record {path} cannot be read ({reason}).",
            "Mend the rights there, then run the command again.",
        ),
        Words("无法读取设置记录 {path}（{reason}）。", "请修正权限，然后重新运行。"),
    ),
    "setup-journal-damaged": Entry(
        Words(
            "setup's record {path} is damaged or of another version, so what the configuration was before is not known.",
            "Use the version of localedge that wrote it; move a damaged one away, then run the command again.",
        ),
        Words(
            "设置记录 {path} 已损坏或属于其他版本，因此无法得知配置原来的内容。",
            "请使用写入它的 localedge 版本；如果已损坏，请移走该文件，然后重新运行。",
        ),
    ),
}

TABLE: dict[str, Entry] = {**_ASKED, **_TOLD, **_FAILURES}
