using System.Text;
using CsCheck;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Messages as programs of all ages and countries write them, with From and Subject fields of generated words.</summary>
/// <param name="Sender">Of the envelope; empty for the null sender.</param>
/// <param name="Header">All fields but those that a server adds; with CR LF at the end of each line.</param>
internal sealed record GeneratedMail(string Sender, byte[] Header)
{
    /// <summary>Words that are hard on scripts, patterns or character sets.</summary>
    public static readonly Gen<string> Words = Gen.OneOf(
        "Invoice", "SALE", "re:", "a", "50%", "\"quoted\"", "a\\b", "\\", "${subject}", "$", "{2}", "[x]", "(1)", "^.*$", "a|b", "+?", "#;/*", "'",
        "привет", "МОСКВА", "ПрИвЕт", "見積書", "ご請求", "表示ソート", "ー～", "¥5〜6−", "日本語の件名", "ｓａｌｅ", "ＡＢＣ", "Ｓａｌｅ！", "😀", "𐐀𐐨");

    public static readonly Gen<GeneratedMail> Any =
        from @from in Gen.Frequency<byte[]>((9, FromField), (1, Gen.Const(Array.Empty<byte>())))
        from subjects in Gen.Frequency((1, 0), (7, 1), (2, 2))
        from subject in Field("Subject").Array[subjects]
        from date in Gen.Frequency((4, "Date: Thu, 26 Nov 2026 10:00:00 +0900\r\n"), (1, ""))
        from sender in Gen.Frequency((4, "somebody@outside.test"), (1, ""))
        select new GeneratedMail(sender, [.. Encoding.ASCII.GetBytes(date), .. @from, .. subject.SelectMany(s => s)]);

    private static Gen<byte[]> FromField =>
        from name in Text
        from quoted in Gen.Bool
        from local in Gen.OneOf("yamada", "Info", "no-reply")
        from domain in Gen.OneOf("shop.test", "EXAMPLE.test")
        select Encoding.UTF8.GetBytes($"From: {(quoted ? Quoted(name) : name)} <{local}@{domain}>\r\n");

    private static string Quoted(string name) => $"\"{name.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static Gen<byte[]> Field(string name) => Text.Select(t => Encoding.UTF8.GetBytes($"{name}: {t}\r\n"));

    // Each word in a spelling of its own, with blanks or folds between them; one text of seven is long.
    private static Gen<string> Text =>
        from words in Gen.Frequency<int>((6, Gen.Int[1, 5]), (1, Gen.Int[20, 60])).SelectMany(n => Gen.Select(Words, EncodedWords.Spellings, Gaps).Array[n])
        select string.Concat(words.Select((w, i) => (i == 0 ? "" : w.Item3) + w.Item2(w.Item1)));

    private static readonly Gen<string> Gaps = Gen.Frequency((3, " "), (1, "\r\n "));
}
