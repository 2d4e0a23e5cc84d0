"""What `localedge doctor` itself tells; its findings are in the tables beside this one."""

from . import (
    doctor_code,
    doctor_desktop,
    doctor_edge,
    doctor_here,
    doctor_proxies,
    doctor_trust,
    doctor_windows,
)
from .entry import Entry, Words


def _talk(english: str, chinese: str) -> Entry:
    return Entry(Words(english), Words(chinese), talk=True)


TABLE: dict[str, Entry] = {
    **doctor_edge.TABLE,
    **doctor_here.TABLE,
    **doctor_trust.TABLE,
    **doctor_proxies.TABLE,
    **doctor_desktop.TABLE,
    **doctor_code.TABLE,
    **doctor_windows.TABLE,
    "doctor-error": _talk("ERROR  ", "错误"),
    "doctor-warning": _talk("WARNING", "警告"),
    "doctor-note": _talk("note   ", "提示"),
    "doctor-good": _talk("ok     ", "正常"),
    "doctor-well": _talk("Nothing to mend ({looked} findings).", "一切正常（{looked} 项）。"),
    "doctor-summary": _talk("Errors: {errors}. Warnings: {warnings}.", "错误：{errors}，警告：{warnings}。"),
    "doctor-mended": _talk("mended: {what}", "已修复：{what}"),
    "doctor-fix-hint": _talk(
        "localedge doctor --fix mends some of this without any risk.",
        "运行 localedge doctor --fix 可安全地修复其中一部分。",
    ),
    "doctor-bundle": _talk(
        "Written to {path}: {names}. Keys and tokens are blanked out; read it before you send it.",
        "已写入 {path}：{names}。其中的密钥和令牌已被隐去；发送前请先自行查看。",
    ),
    "doctor-bundle-what": _talk(
        "What localedge doctor --bundle collected on this machine. Nothing was sent anywhere: read it, then attach it to "
        "your report.",
        "localedge doctor --bundle 在本机收集的内容。没有向任何地方发送：请先阅读，再附在你的报告中。",
    ),
    "doctor-bundle-blanked": _talk(
        "Keys, tokens and passwords are blanked out, your home directory is ~, your user name USER. The address of your "
        "gateway is in it. No prompt and no answer is: of Claude Desktop's log only known errors are counted.",
        "密钥、令牌和密码已被隐去，主目录写作 ~，用户名写作 USER。其中包含你的网关地址。"
        "没有任何提问或回答：Claude Desktop 的日志只统计已知的错误。",
    ),
    "doctor-bundle-files": _talk(
        "doctor.txt, doctor.json: the findings. versions.txt: programs and libraries. configuration.txt: localedge's "
        "settings. environment.txt: variables that concern the connection. hosts.txt: our names. trust.json: trust stores "
        "that were changed. desktop.json, desktop-log.txt: Claude Desktop's configuration, without the key, and its log.",
        "doctor.txt、doctor.json：检查结果。versions.txt：程序和库的版本。configuration.txt：localedge 的设置。"
        "environment.txt：与连接有关的环境变量。hosts.txt：我们的名称。trust.json：改动过的信任存储。"
        "desktop.json、desktop-log.txt：Claude Desktop 的配置（不含密钥）及其日志。",
    ),
    "doctor-look-failed": Entry(
        Words(
            "the look at {area} failed: {kind} at {place}.",
            "The rest was looked at; please report this line with your system and the version (localedge version).",
        ),
        Words(
            "检查 {area} 时出错：{kind}，位于 {place}。",
            "其余检查已完成；请把这一行连同你的系统和版本号（localedge version）一并报告。",
        ),
    ),
    "doctor-look-late": Entry(
        Words(
            "the look at {area} took longer than {seconds} seconds and was given up.",
            "Something it asks does not answer; run it again, and read the other lines first.",
        ),
        Words(
            "检查 {area} 超过 {seconds} 秒仍未完成，已放弃。",
            "所查询的对象没有响应；请先处理其他各行，再重新运行。",
        ),
    ),
    "doctor-fix-failed": Entry(
        Words("it could not be mended ({reason}).", "Use the command that the line names."),
        Words("未能修复（{reason}）。", "请使用该行给出的命令。"),
    ),
    "doctor-output-alone": Entry(
        Words("--output names the archive of --bundle.", "Add --bundle, or leave --output out."),
        Words("--output 用于指定 --bundle 的归档文件。", "请加上 --bundle，或去掉 --output。"),
        exit_status=2,
    ),
    "doctor-bundle-exists": Entry(
        Words("{path} exists already.", "Remove it, or choose another name with --output."),
        Words("{path} 已经存在。", "请删除它，或用 --output 换一个文件名。"),
    ),
    "doctor-bundle-unwritable": Entry(
        Words("{path} cannot be written ({reason}).", "Choose another place with --output."),
        Words("无法写入 {path}（{reason}）。", "请用 --output 换一个位置。"),
    ),
}
