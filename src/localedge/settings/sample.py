"""The commented configuration file that `config init` writes."""

from .table import SETTINGS

_HEAD = {
    "en": (
        "# localedge configuration (TOML, UTF-8).\n"
        "# Flags win over LOCALEDGE_* variables, variables over this file.\n"
        '# "localedge config show" prints what is in force and where it came from.\n'
        "# Keys belong to the client; listen.client_token or a proxy's password make this file secret.\n"
    ),
    "zh": (
        "# localedge 配置文件（TOML，UTF-8）。\n"
        "# 命令行选项优先于 LOCALEDGE_* 变量，变量优先于本文件。\n"
        "# “localedge config show”会显示生效的值及其来源。\n"
        "# 网关密钥由客户端保管；如果写入 listen.client_token 或代理的密码，请勿外传本文件。\n"
    ),
}


def text(lang: str = "en") -> str:
    """A file in which every setting stands, commented out, with its words and its variable."""
    lines = [_HEAD.get(lang, _HEAD["en"])]
    # What stands outside of sections must come before the first of them.
    for setting in sorted(SETTINGS, key=lambda setting: "." in setting.key):
        section, _, name = setting.key.rpartition(".")
        header = f"[{section}]\n"
        if section and header not in lines:
            lines.append(header)
        words = setting.zh if lang == "zh" else setting.en
        others = f"{setting.env}, {setting.flag}" if setting.flag else setting.env
        lines.append(f"# {words} ({others})\n#{name} = {setting.sample}\n")
    return "\n".join(lines)
