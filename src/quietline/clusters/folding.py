"""Text made comparable: width, case, accents, the commonest traditional characters, and tokens of any script.

What the standard library knows is used: NFKC folds full-width and compatibility forms (Unicode Standard Annex 15),
``casefold`` folds case (Unicode, 3.13). Traditional and simplified Chinese are different characters to Unicode and its
tables do not pair them off; :data:`SIMPLIFIED` pairs the ones that occur most in calls and firms' names, one to one. What is
not in it stays as it is and costs a few shingles, never a wrong match.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["SIMPLIFIED", "folded", "tokens"]

_TRADITIONAL = (
    "萬與專業東絲兩嚴個豐臨為麗舉義樂習鄉書買亂爭於虧雲產親億僅從倉儀們價眾優會傘偉傳傷倫偽體債傾償儲兒黨蘭關興養獸內岡冊寫軍農馮衝決況凍淨涼減湊凱擊劃劉則剛創別刪劇勁勞勢動務勵區醫華協單賣盧衛廠廳歷壓廁縣參雙發變敘號嘆嚇員問"
    "啟聽園圍圖團國圓聖場壞塊堅壇墜墊壟壯聲處備復夠頭誇夾奪奮獎婦媽嬰學孫寧實寵審憲宮寬賓對尋導壽將爾塵嘗屆屬層歲島嶺崗師帳簾帶幣幫幹幾庫應廟廢廣張彌彎彈強歸當錄徹徑憂懷態憐總恆惡惱懸驚慘慣憑戰戲戶撲執擴掃揚擾撫拋護報擔擬攏揀"
    "擁攔擇掛換揮損撿據擄擲攤攜敗敵數齊斷無舊時顯曉暫術機殺雜權條來楊極構槍標樣樹橋檢歡歐殘毀氣漢湯溝沒淚潔灑測濟渾滅漲漁滲溫灣濕滿潰點煉爛煙熱燈營爐爺牽獨獲獵現環電畫療癥蓋盤監睜矚確碼磚禮禍離種稱積穩窮竊競筆節築簡糧糾紀約級"
    "紛納紐線練組細織終紹經結繞給絡絕統繼績續維綠網緊綜罷羅職聯聰肅腸膚腎腫臟臉艙艱藝蘇蘋藍藥虛蟲補裝裡複見規視覽覺觀觸訂計訊討讓訓議記講許論設訪證評識詐訴診詞譯試詩誠話誕該詳語誤說請諸讀課誰調談謀謊謝謠謹譜貝負財責賢貨質販貪"
    "貧購貯貫貴貸貿費賀資賴賺賞賠賽贈贏趕趙躍跡車軌軟轉輪輕載較輔輛輝輸轄辦辭邊達遷過運還這進遠違連遲適選遞遺鄧郵鄭醞醜釋針釣鈔鋼鐘鐵鈴鉛銀銅錢鍵鎖鏡長門閃閉間閱隊陽陰陣階際陸陳險隨隱難雞靈靜韓頁頂項順須頓預領頻題額顏願類顧風"
    "飛飯飲館馬馳駛駐駕騙驗騰魚鮮鳥鳴鹽麥黃齡龍龜簽詢稅銷薦認響貼嗎麼喬趨齋餘繳罰滯騷匯棄贖籤鑒鑑兌饋遙繫係撥檔櫃賬駁訟偵緝喚綁紅純紙編緩縮縱鬥鬧麵齒潤漸澤牆狀獄瑪疊癒盜碩禦籌粵繪罵聞膠膽艦莊葉蔣蝦襲註誌誘諒諮謙贊踐輯遊鄰醬鉅"
    "銘鋪錯鎮鑰鑽閣闆闖霧餓騎驅髮鬆魯鴻鵬檯搶擋攬斃曬朧櫻歎殼毆澆澗濫瀏燒犧瑣瘋瞞礎祕稟竅粧紮綢綿緣締縫繩羨翹聾脅膩薩蔭蘊蠶蠻衹襪訛詠詬誣諷謎謬譏譽豬貶賄賊賒賦賭贓躉轟逕鈍鈕鉤銳錦鍊鍋鎊鏈鐲閘闕隸霽頒頰頸顛飄飢飾餅餡饑駱騁驕驟"
    "髒鬚鯨鳳鴨鵝"
)
_SIMPLIFIED = (
    "万与专业东丝两严个丰临为丽举义乐习乡书买乱争于亏云产亲亿仅从仓仪们价众优会伞伟传伤伦伪体债倾偿储儿党兰关兴养兽内冈册写军农冯冲决况冻净凉减凑凯击划刘则刚创别删剧劲劳势动务励区医华协单卖卢卫厂厅历压厕县参双发变叙号叹吓员问"
    "启听园围图团国圆圣场坏块坚坛坠垫垄壮声处备复够头夸夹夺奋奖妇妈婴学孙宁实宠审宪宫宽宾对寻导寿将尔尘尝届属层岁岛岭岗师帐帘带币帮干几库应庙废广张弥弯弹强归当录彻径忧怀态怜总恒恶恼悬惊惨惯凭战戏户扑执扩扫扬扰抚抛护报担拟拢拣"
    "拥拦择挂换挥损捡据掳掷摊携败敌数齐断无旧时显晓暂术机杀杂权条来杨极构枪标样树桥检欢欧残毁气汉汤沟没泪洁洒测济浑灭涨渔渗温湾湿满溃点炼烂烟热灯营炉爷牵独获猎现环电画疗症盖盘监睁瞩确码砖礼祸离种称积稳穷窃竞笔节筑简粮纠纪约级"
    "纷纳纽线练组细织终绍经结绕给络绝统继绩续维绿网紧综罢罗职联聪肃肠肤肾肿脏脸舱艰艺苏苹蓝药虚虫补装里复见规视览觉观触订计讯讨让训议记讲许论设访证评识诈诉诊词译试诗诚话诞该详语误说请诸读课谁调谈谋谎谢谣谨谱贝负财责贤货质贩贪"
    "贫购贮贯贵贷贸费贺资赖赚赏赔赛赠赢赶赵跃迹车轨软转轮轻载较辅辆辉输辖办辞边达迁过运还这进远违连迟适选递遗邓邮郑酝丑释针钓钞钢钟铁铃铅银铜钱键锁镜长门闪闭间阅队阳阴阵阶际陆陈险随隐难鸡灵静韩页顶项顺须顿预领频题额颜愿类顾风"
    "飞饭饮馆马驰驶驻驾骗验腾鱼鲜鸟鸣盐麦黄龄龙龟签询税销荐认响贴吗么乔趋斋余缴罚滞骚汇弃赎签鉴鉴兑馈遥系系拨档柜账驳讼侦缉唤绑红纯纸编缓缩纵斗闹面齿润渐泽墙状狱玛叠愈盗硕御筹粤绘骂闻胶胆舰庄叶蒋虾袭注志诱谅咨谦赞践辑游邻酱巨"
    "铭铺错镇钥钻阁板闯雾饿骑驱发松鲁鸿鹏台抢挡揽毙晒胧樱叹壳殴浇涧滥浏烧牺琐疯瞒础秘禀窍妆扎绸绵缘缔缝绳羡翘聋胁腻萨荫蕴蚕蛮只袜讹咏诟诬讽谜谬讥誉猪贬贿贼赊赋赌赃趸轰径钝钮钩锐锦炼锅镑链镯闸阙隶霁颁颊颈颠飘饥饰饼馅饥骆骋骄骤"
    "脏须鲸凤鸭鹅"
)
SIMPLIFIED = dict(zip(_TRADITIONAL, _SIMPLIFIED, strict=True))
"""Traditional characters to simplified ones."""
_FOLD = str.maketrans(SIMPLIFIED | {"臺": "台", "後": "后", "裏": "里", "帳": "账", "帐": "账", "’": "'"})

# scripts that are written without spaces: one character is one token
_ALONE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_TOKEN = re.compile(rf"[{_ALONE}]|[^\W\d_{_ALONE}]+(?:'[^\W\d_{_ALONE}]+)*|\d+")


def folded(text: str) -> str:
    """Fold width, case and accents, and the commonest traditional characters.

    ``"ＡＣＭＥ Café 臺灣貸款"`` becomes ``"acme cafe 台湾贷款"``.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare).translate(_FOLD)


def tokens(text: str) -> list[str]:
    """Split text into words of scripts with spaces, and single characters of scripts without.

    Every run of digits becomes ``"0"``, however it is grouped (``"$1,499.00"``, ``"833-205-4259"``), so that an amount or a
    number that changes from call to call changes nothing.
    """
    found: list[str] = []
    for one in _TOKEN.findall(folded(text)):
        word = "0" if one[0].isdigit() else one
        if word != "0" or not found or found[-1] != "0":
            found.append(word)
    return found
