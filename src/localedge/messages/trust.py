"""What can go wrong with a trust store or the journal; what the commands tell is in `trust_talk`."""

from . import trust_platforms, trust_talk
from .entry import Entry, Words

_STORES: dict[str, Entry] = {
    "store-tool-missing": Entry(
        Words(
            "the store {store} needs the program {program}, which is not installed.",
            "Install the package {package}, then run the command again.",
        ),
        Words(
            "证书库 {store} 需要程序 {program}，但它没有安装。",
            "请安装软件包 {package}，然后重新运行该命令。",
        ),
    ),
    "tool-missing": Entry(
        Words(
            "the store {store} was not changed: there is no program {program}.",
            "Install it, or put its directory on PATH, then run the command again.",
        ),
        Words(
            "证书库 {store} 未作改动：找不到程序 {program}。",
            "请安装它，或把它所在的目录加入 PATH，然后重新运行该命令。",
        ),
    ),
    "tool-failed": Entry(
        Words(
            "the store {store}: {program} failed ({reason}).",
            "Mend what it complains about and run the command again; what was begun is in the journal.",
        ),
        Words(
            "证书库 {store}：{program} 运行失败（{reason}）。",
            "请解决它报告的问题并重新运行该命令；已开始的改动记录在日志中。",
        ),
    ),
    "tool-hangs": Entry(
        Words(
            "the store {store}: {program} did not end within {seconds} seconds and was stopped.",
            "See whether another program holds the store, then run the command again.",
        ),
        Words(
            "证书库 {store}：{program} 在 {seconds} 秒内没有结束，已被终止。",
            "请检查是否有其他程序占用该证书库，然后重新运行该命令。",
        ),
    ),
    "store-lies": Entry(
        Words(
            "the store {store}: every step ended well, but afterwards the root is {state} there.",
            "Run the plan's commands by hand (--dry-run prints them) and look at what they say.",
        ),
        Words(
            "证书库 {store}：每一步都报告成功，但之后根证书的状态却是 {state}。",
            "请手动运行计划中的命令（--dry-run 会列出），并查看它们的输出。",
        ),
    ),
    "store-unreadable": Entry(
        Words(
            "the {store} store {path} cannot be read ({reason}).",
            "Mend that and run the command again, or leave this store out by naming others with --store.",
        ),
        Words(
            "无法读取 {store} 证书库 {path}（{reason}）。",
            "请解决后重新运行该命令，或用 --store 指定其他证书库以跳过它。",
        ),
    ),
    "store-file-failed": Entry(
        Words(
            "the store {store}: {path} cannot be written or removed ({reason}).",
            "Mend that and run the command again; on a read-only system use what its own configuration offers.",
        ),
        Words(
            "证书库 {store}：无法写入或删除 {path}（{reason}）。",
            "请解决后重新运行该命令；如果系统是只读的，请改用系统自身的配置方式。",
        ),
    ),
    "file-in-the-way": Entry(
        Words(
            "the store {store}: {path} is there already and is not what would be written.",
            "Look at it, move it away if nobody needs it, then run the command again.",
        ),
        Words(
            "证书库 {store}：{path} 已经存在，而且内容与要写入的不同。",
            "请查看该文件，若无人需要就移走它，然后重新运行该命令。",
        ),
    ),
    "file-changed": Entry(
        Words(
            "the store {store}: {path} is not as localedge wrote it, so it was left.",
            "Look at it and remove it yourself if nobody needs it.",
        ),
        Words(
            "证书库 {store}：{path} 与 localedge 写入的内容不同，因此保留未动。",
            "请查看该文件，若无人需要就自行删除。",
        ),
    ),
    "store-needs-person": Entry(
        Words(
            "the store {store} was left as it is: somebody has to answer a dialog or give a password there.",
            "Run the command in a terminal, without --no-input.",
        ),
        Words(
            "证书库 {store} 保持原样：需要有人回答对话框或输入密码。",
            "请在终端中运行该命令，不要加 --no-input。",
        ),
        exit_status=4,
    ),
    "no-such-store": Entry(
        Words('there is no trust store "{name}" here.', "These can be named: {known}."),
        Words("这里没有名为“{name}”的证书库。", "可用的名称：{known}。"),
        exit_status=2,
    ),
    "no-stores": Entry(
        Words(
            "no trust store was found on this machine that localedge could change.",
            'Put the root into your system\'s own configuration: "localedge ca export" writes it to a file.',
        ),
        Words(
            "在本机没有找到 localedge 能够修改的证书库。",
            "请把根证书加入系统自身的配置：“localedge ca export”可将其导出为文件。",
        ),
    ),
}

_RIGHTS: dict[str, Entry] = {
    "sudo-needs-password": Entry(
        Words(
            "the store {store} was left as it is: sudo wants a password.",
            "Run the command in a terminal, without --no-input.",
        ),
        Words("证书库 {store} 保持原样：sudo 需要密码。", "请在终端中运行该命令，不要加 --no-input。"),
        exit_status=4,
    ),
    "sudo-refused": Entry(
        Words(
            "the store {store} was left as it is: sudo did not give leave.",
            "Run the command again with your password if it was mistyped. If you may not use sudo, see to your own "
            'stores with --store nss, and have an administrator install what "localedge ca export" prints.',
        ),
        Words(
            "证书库 {store} 保持原样：sudo 未授权。",
            "如果密码输错了，请重新运行该命令。如果你无权使用 sudo，请用 --store nss 处理你自己的证书库，"
            "并请管理员安装“localedge ca export”输出的证书。",
        ),
    ),
    "sudo-missing": Entry(
        Words(
            "the store {store} can be changed by root only, and there is no sudo here.",
            "See to your own stores with --store nss, and have an administrator install what "
            '"localedge ca export" prints.',
        ),
        Words(
            "只有 root 能修改证书库 {store}，而这里没有 sudo。",
            "请用 --store nss 处理你自己的证书库，并请管理员安装“localedge ca export”输出的证书。",
        ),
    ),
    "needs-administrator": Entry(
        Words(
            "the store {store} can be changed by an administrator only.",
            "Run the command in a terminal that was started as administrator.",
        ),
        Words("只有管理员能修改证书库 {store}。", "请在以管理员身份启动的终端中运行该命令。"),
        exit_status=4,
    ),
    "not-with-sudo": Entry(
        Words(
            "this was started through sudo, so it would see root's browsers and files in place of {user}'s.",
            "Run it without sudo: it asks for sudo itself where that is needed.",
        ),
        Words(
            "该命令是通过 sudo 启动的，看到的会是 root 的浏览器和文件，而不是 {user} 的。",
            "请不要加 sudo 运行：需要时它会自行调用 sudo。",
        ),
    ),
    "trust-declined": Entry(
        Words("nothing was changed.", "Run the command again when you want it, or see --dry-run."),
        Words("没有作任何改动。", "需要时请重新运行该命令，也可以先用 --dry-run 查看。"),
    ),
}

_JOURNAL: dict[str, Entry] = {
    "journal-unwritable": Entry(
        Words(
            "the journal {path} cannot be written ({reason}), and without it nothing is changed.",
            "Mend that and run the command again.",
        ),
        Words("无法写入日志 {path}（{reason}）；没有日志就不会作任何改动。", "请解决后重新运行该命令。"),
    ),
    "journal-unfinished": Entry(
        Words(
            "the store {store} was changed, but the journal {path} cannot be written any more ({reason}): "
            "it says that this was begun, not that it is done.",
            'Mend that and run the command again; "localedge untrust-ca" undoes what was begun.',
        ),
        Words(
            "证书库 {store} 已被改动，但无法再写入日志 {path}（{reason}）：日志只记录了改动已开始，没有记录已完成。",
            "请解决后重新运行该命令；“localedge untrust-ca”可以撤销已开始的改动。",
        ),
    ),
    "journal-too-long": Entry(
        Words(
            "the journal {path} would have {size} bytes, and no more than {most} are read back: "
            "without it nothing is changed.",
            'Name fewer stores with --store, or undo others first with "localedge untrust-ca".',
        ),
        Words(
            "日志 {path} 将达到 {size} 字节，而最多只能读回 {most} 字节；没有日志就不会作任何改动。",
            "请用 --store 指定较少的证书库，或先用“localedge untrust-ca”撤销其他证书库的改动。",
        ),
    ),
    "journal-unreadable": Entry(
        Words(
            "the journal {path} cannot be read ({reason}).",
            "Mend that and run the command again: it tells what is to be undone.",
        ),
        Words("无法读取日志 {path}（{reason}）。", "请解决后重新运行该命令：撤销时要依据它。"),
    ),
    "journal-damaged": Entry(
        Words(
            "the journal {path} is damaged, so it cannot tell what was changed.",
            'Restore it from a backup, or move it away and run "localedge untrust-ca --unrecorded", '
            "which looks for the root in every store.",
        ),
        Words(
            "日志 {path} 已损坏，无法得知作过哪些改动。",
            "请从备份恢复，或移走它并运行“localedge untrust-ca --unrecorded”，该命令会在每个证书库中查找根证书。",
        ),
    ),
    "journal-version": Entry(
        Words(
            "the journal {path} was written by another version of localedge (format {version}).",
            "Use that version, or a newer one.",
        ),
        Words(
            "日志 {path} 由另一个版本的 localedge 写入（格式 {version}）。", "请使用那个版本或更新的版本。"
        ),
    ),
}

TABLE: dict[str, Entry] = {**_STORES, **_RIGHTS, **_JOURNAL, **trust_platforms.TABLE, **trust_talk.TABLE}
