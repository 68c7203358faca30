"""What a technician reads about one machine: what is wrong and what to do, Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Lang = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Advice:
    """What is wrong, and what to do about it, in both languages; `{…}` is filled in."""

    wrong_zh: str
    do_zh: str
    wrong_en: str
    do_en: str

    def say(self, lang: Lang, **words: str) -> str:
        """Return both sentences."""
        said = f"{self.wrong_zh}。{self.do_zh}。" if lang == "zh" else f"{self.wrong_en}. {self.do_en}."
        for key, word in words.items():
            said = said.replace("{" + key + "}", word)
        return said


ADVICE: dict[str, Advice] = {
    "port-missing": Advice(
        "找不到串口 {place}",
        "检查 USB 线和转换器是否插好；用 ls /dev/serial/by-id 查看现有串口，改正 wire 里的地址",
        "there is no serial port {place}",
        "Check the USB cable and adapter; see what there is with ls /dev/serial/by-id and correct `wire`",
    ),
    "port-denied": Advice(
        "没有权限打开 {place}",
        "把运行本程序的用户加入 dialout 组，然后重新登录",
        "this user may not open {place}",
        "Add the user who runs this program to the group dialout and log in again",
    ),
    "port-busy": Advice(
        "{place} 正被别的程序使用",
        "如果设备服务正在运行，这是正常的；要单独检测，先停止它：systemctl stop device-agent",
        "another program uses {place}",
        "If the agent runs this is right; to test, stop it first: systemctl stop device-agent",
    ),
    "host-silent": Advice(
        "{place} 没有应答",
        "检查电源和网线；用 ping 试试该地址；核对端口号；确认它与本机在同一网段",
        "nothing answers at {place}",
        "Check the cable and the power; try ping; compare the port and that both are in one network",
    ),
    "wire-lost": Advice(
        "{place} 打不开（{detail}）",
        "检查线缆和 wire 里的地址",
        "{place} cannot be opened ({detail})",
        "Check the cable and the address in `wire`",
    ),
    "wire-closed": Advice(
        "连接被对方断开",
        "检查插头是否松动；确认没有别的主机连着这台设备",
        "the other end hung up",
        "Check for a loose plug, and that no other computer is connected to this machine",
    ),
    "no-answer": Advice(
        "线路是通的，但设备没有应答",
        "检查设备电源、波特率和总线地址；RS-485 请核对 A、B 两线是否接反",
        "the wire is open but the machine does not answer",
        "Check its power, the baud rate and its bus address; on RS-485 whether A and B are swapped",
    ),
    "protocol-error": Advice(
        "有应答，但内容看不懂",
        "核对驱动型号（driver）和波特率",
        "something answers in another language",
        "Compare the driver and the baud rate with the machine",
    ),
    "library-hangs": Advice(
        "厂商驱动库没有返回，已被终止",
        "拔下设备再插上；仍不行请更新厂商驱动",
        "the maker's library did not come back and was ended",
        "Unplug the machine and plug it in again; if that does not help update the maker's software",
    ),
    "library-crashed": Advice(
        "厂商驱动库崩溃或无法加载（{detail}）",
        "确认厂商驱动已安装且与系统匹配",
        "the maker's library crashed or cannot be loaded ({detail})",
        "See that the maker's software is installed and made for this system",
    ),
    "too-long": Advice(
        "检测了 {detail} 秒还没有结果",
        "断电重启设备后再检测；仍不行请联系厂商",
        "the test has not ended after {detail} s",
        "Switch the machine off and on and test again; if that does not help call its maker",
    ),
    "paper-out": Advice(
        "没有纸", "换上纸卷，合上盖子", "it is out of paper", "Put in a roll and close the cover"
    ),
    "cover-open": Advice("盖子没合上", "合上盖子", "its cover is open", "Close the cover"),
    "offline": Advice(
        "设备处于脱机状态", "按联机键或重启设备", "it is off line", "Press its on-line key or restart it"
    ),
    "cutter": Advice(
        "切刀故障", "清理切刀处的纸屑，重启设备", "its cutter is stuck", "Clear the paper and restart it"
    ),
    "printer-fault": Advice(
        "打印机报告故障", "重启打印机；仍不行请报修", "it reports a fault", "Restart it; else call its maker"
    ),
    "self-test-failed": Advice(
        "自检失败", "重启读卡器；仍不行请报修", "its self test failed", "Restart it; else call its maker"
    ),
    "no-voice": Advice(
        "合成不出声音",
        "安装 espeak-ng，核对 voice 设置",
        "it has no voice",
        "Install espeak-ng, check the voice",
    ),
    "board-no-font": Advice(
        "缺少字体文件", "运行安装程序，或设置 font", "a font is missing", "Run the setup, or set `font`"
    ),
    "refused": Advice(
        "设备拒绝执行", "查看设备自己的提示或说明书", "it refuses", "See its own display or its manual"
    ),
    "cards-out": Advice("卡片用完了", "在卡箱里加卡", "it is out of cards", "Put cards into the stacker"),
    "card-at-exit": Advice(
        "出口有一张没取走的卡",
        "取走卡片，或发送 capture-card 收回",
        "a card lies at its exit",
        "Take the card, or send capture-card",
    ),
    "card-jam": Advice(
        "卡片卡住了",
        "打开机器取出卡片，再发送 reset-dispenser",
        "a card is stuck in it",
        "Open it, take the card out, then send reset-dispenser",
    ),
    "overlap": Advice(
        "两张卡叠在一起",
        "取出叠在一起的卡，再发送 reset-dispenser",
        "two cards stick together",
        "Take them out, then send reset-dispenser",
    ),
    "dispense-error": Advice(
        "出卡失败", "发送 reset-dispenser", "it could not let a card out", "Send reset-dispenser"
    ),
    "not-ready": Advice("设备还没就绪", "稍等再试", "it is not ready yet", "Wait and try again"),
    "busy": Advice("设备正在动作", "稍等再试", "it is at work", "Wait and try again"),
    "door-open": Advice("柜门开着", "关好柜门", "its door is open", "Close its door"),
    "door-tampered": Advice(
        "柜门被撬动", "马上到现场查看", "its door was tampered with", "Go and look at once"
    ),
    "media-jammed": Advice("卡纸", "打开机器清除卡纸", "paper is stuck in it", "Open it and clear the paper"),
    "toner-out": Advice("墨粉用完了", "更换粉盒", "it is out of toner", "Put in a new cartridge"),
    "ups-low": Advice("备用电池快没电了", "恢复市电", "its battery is low", "Bring the mains back"),
    "ups-engaged": Advice("正在用备用电池", "恢复市电", "it runs on its battery", "Bring the mains back"),
    "exchange": Advice(
        "正在补票", "由两名人员结束补票", "it is open for an exchange", "Let the two operators end it"
    ),
    "maintenance": Advice(
        "处于维护状态", "把操作开关拨回运行", "it is in maintenance", "Turn its operator switch to run"
    ),
    "machine-fault": Advice(
        "设备报告故障",
        "查看设备自己的屏幕，或联系厂商",
        "it reports a fault",
        "See its own screen or call its maker",
    ),
    "driver-bug": Advice(
        "驱动程序本身出错（{detail}）",
        "把这一行和 device-agent trace 的记录发给驱动的作者",
        "the driver itself made a mistake ({detail})",
        "Send this line and a recording by device-agent trace to the driver's author",
    ),
    "device-fault": Advice(
        "设备报告故障：{detail}",
        "对照设备说明书处理，或联系厂商",
        "the machine reports {detail}",
        "See its manual or call its maker",
    ),
}
"""By an error's code; what is not here is `device-fault`."""
PAPER_LOW = Advice("纸快用完了", "准备好新的纸卷", "it will soon be out of paper", "Have a new roll ready")
CANNOT_BE_ASKED = Advice(
    "连接能打开，但这种设备不会应答",
    "到现场按一下键、扫一个码或看一看灯，才知道它是否正常",
    "its wire opens, but such a machine cannot be asked",
    "Press a key, scan a code or look at the lamp to know that it works",
)
WELL: dict[Lang, str] = {"zh": "正常", "en": "well"}
BAD: dict[Lang, str] = {"zh": "异常", "en": "BAD "}
CARE: dict[Lang, str] = {"zh": "注意", "en": "care"}


def lang_of(environ: dict[str, str]) -> Lang:
    """Return the language of the terminal: Chinese when its locale is."""
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"
