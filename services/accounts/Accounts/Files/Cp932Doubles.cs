namespace Hikyaku.Accounts.Files;

/// <summary>
/// CP932 has 398 characters at two places. Windows writes one of them and reads both; other programs write the other one, above all
/// what NEC selected of IBM's kanji (ED40–EEFC): Python writes 髙 as EE E0 and Windows as FB FC. .NET reads what Windows writes alone, so
/// that the others are put in the place of those before it decodes.
/// </summary>
internal static class Cp932Doubles
{
    // Where a run of them begins, and the characters there, in the order of the codes.
    private static readonly (int First, string Characters)[] Runs =
    [
        (0x8790, "≒≡∫"),
        (0x8795, "√⊥∠"),
        (0x879A, "∵∩∪"),
        (0xED40,
            "纊褜鍈銈蓜俉炻昱棈鋹曻彅丨仡仼伀伃伹佖侒侊侚侔俍偀倢俿倞偆偰偂傔僴僘兊兤冝冾凬刕劜劦勀勛匀匇匤卲厓厲叝﨎咜咊咩哿喆坙坥垬"
            + "埈埇﨏塚增墲夋奓奛奝奣妤妺孖寀甯寘寬尞岦岺峵崧嵓﨑嵂嵭嶸嶹巐弡弴彧德忞恝悅悊惞惕愠惲愑愷愰憘戓抦揵摠撝擎敎昀昕昻昉昮昞昤"
            + "晥晗晙晴晳暙暠暲暿曺朎朗杦枻桒柀栁桄棏﨓楨﨔榘槢樰橫橆橳橾櫢櫤毖氿汜沆汯泚洄涇浯涖涬淏淸淲淼渹湜渧渼溿澈澵濵瀅瀇瀨炅炫焏"
            + "焄煜煆煇凞燁燾犱犾猤猪獷玽珉珖珣珒琇珵琦琪琩琮瑢璉璟甁畯皂皜皞皛皦益睆劯砡硎硤硺礰礼神祥禔福禛竑竧靖竫箞精絈絜綷綠緖繒罇"
            + "羡羽茁荢荿菇菶葈蒴蕓蕙蕫﨟薰蘒﨡蠇裵訒訷詹誧誾諟諸諶譓譿賰賴贒赶﨣軏﨤逸遧郞都鄕鄧釚釗釞釭釮釤釥鈆鈐鈊鈺鉀鈼鉎鉙鉑鈹鉧銧"
            + "鉷鉸鋧鋗鋙鋐﨧鋕鋠鋓錥錡鋻﨨錞鋿錝錂鍰鍗鎤鏆鏞鏸鐱鑅鑈閒隆﨩隝隯霳霻靃靍靏靑靕顗顥飯飼餧館馞驎髙髜魵魲鮏鮱鮻鰀鵰鵫鶴鸙黑"),
        (0xEEEF, "ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹ￢￤＇＂"),
        (0xFA4A, "ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ￢"),
        (0xFA58, "㈱№℡∵"),
    ];

    private static readonly Dictionary<int, (byte Lead, byte Trail)> Windows = Read();

    /// <summary>The same text with the codes that Windows writes.</summary>
    public static byte[] Replace(ReadOnlySpan<byte> bytes)
    {
        var replaced = bytes.ToArray();
        for (var i = 0; i + 1 < replaced.Length; i++)
        {
            if (!IsLead(replaced[i])) continue;
            if (Windows.TryGetValue((replaced[i] << 8) | replaced[i + 1], out var same)) (replaced[i], replaced[i + 1]) = same;
            i++;
        }

        return replaced;
    }

    /// <summary>Whether a byte begins a character of two.</summary>
    public static bool IsLead(byte b) => b is (>= 0x81 and <= 0x9F) or (>= 0xE0 and <= 0xFC);

    private static Dictionary<int, (byte, byte)> Read()
    {
        var codes = new Dictionary<int, (byte, byte)>();
        foreach (var (first, characters) in Runs)
        {
            var code = first;
            foreach (var rune in characters.EnumerateRunes())
            {
                var written = CsvText.Cp932.GetBytes(rune.ToString());
                codes[code] = (written[0], written[1]);
                code = Next(code);
            }
        }

        return codes;
    }

    // The second byte goes from 40 to FC without 7F.
    private static int Next(int code) => (code & 0xFF) switch { 0x7E => code + 2, 0xFC => ((code >> 8) + 1 << 8) | 0x40, _ => code + 1 };
}
