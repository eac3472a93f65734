"""The small set for a new workspace: a dozen companies in English or in traditional Chinese.

For simplified Chinese the demo's own vocabulary serves. Telephone numbers depend on the workspace's country
and come from `phone_numbers`.
"""

from __future__ import annotations

from dataclasses import replace

from saas_crm.demo.words import City, Firm, Ware
from saas_crm.demo.words_chinese import CHINESE
from saas_crm.demo.words_german import GERMAN

NOWHERE = City("", "", "", "")

_ENGLISH_FIRMS = """
Harbor Lane Bakery|Bakery
Bluebird Logistics Ltd|Logistics
Maple & Stone Architects|Architecture
Silverbrook Dental Group|Health care
Northfield Robotics Inc|Manufacturing
Cedar Hill Hotels Ltd|Hospitality
Greenway Garden Centers|Retail
Lighthouse Learning|Education
Copper Kettle Coffee|Food
Summit Outdoor Gear|Retail
Riverside Printing Co|Printing
Beacon Energy Services|Energy
""".strip().splitlines()

_TRADITIONAL_FIRMS = """
晨曦食品股份有限公司|食品
藍鵲物流有限公司|物流
楓石建築設計有限公司|設計
銀河牙醫器材有限公司|醫療器材
北極星自動化股份有限公司|製造
雲頂旅館股份有限公司|旅宿
綠野園藝有限公司|零售
燈塔文教有限公司|教育
銅壺咖啡有限公司|餐飲
高峰戶外用品有限公司|零售
河岸印刷有限公司|印刷
明燈能源服務股份有限公司|能源
""".strip().splitlines()

ENGLISH_SAMPLE = replace(
    GERMAN,
    firms=tuple(Firm(*line.split("|")) for line in _ENGLISH_FIRMS),
    cities=(NOWHERE,),
    streets=("",),
    given=("Olivia", "Liam", "Emma", "Noah", "Ava", "Ethan", "Sophia", "Lucas", "Grace", "Daniel", "Maya", "Owen"),
    family=("Smith", "Johnson", "Patel", "Brown", "Garcia", "Miller", "Nguyen", "Wilson", "Clark", "Lewis", "Walker"),
    titles=("Owner", "Office Manager", "Head of Purchasing", "Operations Manager", "Director"),
    tags=("key account", "referral", "newsletter"),
    wares=(
        Ware("Starter package", 2_000, 9_000), Ware("Yearly contract", 6_000, 28_000),
        Ware("Pilot project", 4_000, 15_000), Ware("Second site", 12_000, 60_000), Ware("Renewal", 5_000, 20_000),
    ),
    happened={
        "call": (("First call", "{person} found us through a colleague and wants to know more."),
                 ("Talked through the offer", "Price is fine for {person}; the start date is still open."),
                 ("No decision yet", "{person} is waiting for the budget round.")),
        "email": (("Sent the offer", "Sent the offer with both variants to {person}."),
                  ("Sent information", "Sent the brochure and two references.")),
        "meeting": (("Presentation", "Presented our proposal to {person} and two colleagues."),),
        "visit": (("Site visit", "Met {person} on site; the rooms are bigger than expected."),),
        "note": (("Decision makers", "{person} recommends, the director signs."),),
    },
    planned={
        "task": ("Send the revised offer", "Prepare the presentation", "Ask for the signed contract"),
        "call": ("Call about the decision", "Follow up on the offer"),
        "meeting": ("Presentation", "Contract meeting"),
        "visit": ("Site visit", "Yearly check-up visit"),
    },
    won={"product": "The pilot convinced them.", "service": "They know our people."},
    lost={"price": "A competitor was cheaper.", "no_budget": "No budget this year."},
    rooms=("On site", "Our office", "Video call"),
    about_firm=("",),
)  # fmt: skip

TRADITIONAL_SAMPLE = replace(
    CHINESE,
    firms=tuple(Firm(*line.split("|")) for line in _TRADITIONAL_FIRMS),
    cities=(NOWHERE,),
    streets=("",),
    given=("怡君", "家豪", "雅婷", "志明", "淑芬", "俊傑", "欣怡", "建宏", "美玲", "冠宇"),
    family=("陳", "林", "黃", "張", "李", "王", "吳", "劉", "蔡", "楊", "許", "鄭"),
    titles=("總經理", "採購經理", "營運經理", "專案經理", "廠長"),
    tags=("重點客戶", "老客戶介紹", "展覽"),
    wares=(
        Ware("入門方案", 2_000, 9_000), Ware("年度合約", 6_000, 28_000), Ware("試辦專案", 4_000, 15_000),
        Ware("第二據點", 12_000, 60_000), Ware("續約", 5_000, 20_000),
    ),
    happened={
        "call": (("首次電話", "{person}由老客戶介紹，想多了解。"), ("討論報價", "價格{person}可以接受，開始時間未定。"),
                 ("尚未決定", "{person}在等預算審核。")),
        "email": (("寄出報價", "兩個方案已寄給{person}。"), ("寄出資料", "簡介與兩個案例已寄出。")),
        "meeting": (("提案簡報", "向{person}與兩位同事簡報提案。"),),
        "visit": (("現場拜訪", "與{person}在現場見面，空間比預期大。"),),
        "note": (("決策者", "{person}推薦，總經理簽核。"),),
    },
    planned={
        "task": ("寄出修改後的報價", "準備簡報", "請客戶簽約"),
        "call": ("電話詢問決定", "追蹤報價"),
        "meeting": ("提案簡報", "合約會議"),
        "visit": ("現場拜訪", "年度回訪"),
    },
    won={"product": "試辦打動了客戶。", "service": "信任我們的團隊。"},
    lost={"price": "對手比較便宜。", "no_budget": "今年沒有預算。"},
    rooms=("客戶現場", "公司", "視訊會議"),
    about_firm=("",),
)  # fmt: skip

SIMPLIFIED_SAMPLE = replace(CHINESE, firms=CHINESE.firms[:12], cities=(NOWHERE,), streets=("",))

SAMPLES = {"en": ENGLISH_SAMPLE, "zh_Hans": SIMPLIFIED_SAMPLE, "zh_Hant": TRADITIONAL_SAMPLE}
