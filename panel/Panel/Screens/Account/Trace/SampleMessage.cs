using System.Globalization;
using System.Text;

namespace Hikyaku.Panel.Screens.Account.Trace;

/// <summary>A message that somebody has typed to see what would become of it (RFC 5322).</summary>
public static class SampleMessage
{
    // An encoded word has 75 characters at most (RFC 2047).
    private const int BytesOfWord = 45;

    /// <summary>Puts it together.</summary>
    /// <param name="sender">From whom.</param>
    /// <param name="recipient">To which account.</param>
    /// <param name="subject">Its subject, in any script.</param>
    /// <param name="text">Its text.</param>
    /// <param name="now">When.</param>
    public static byte[] Of(string sender, string recipient, string subject, string text, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(sender);
        ArgumentNullException.ThrowIfNull(subject);
        ArgumentNullException.ThrowIfNull(text);
        var body = text.ReplaceLineEndings("\r\n");
        return Encoding.UTF8.GetBytes(string.Join("\r\n",
            $"From: {OneLine(sender)}",
            $"To: {recipient}",
            $"Subject: {Encoded(OneLine(subject))}",
            $"Date: {now.ToString("ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture)} {now.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal)}",
            $"Message-ID: <{Guid.NewGuid():N}@sample.invalid>",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
            "",
            body,
            ""));
    }

    private static string Encoded(string subject)
    {
        if (subject.All(c => c is >= ' ' and < '\x7f') && subject.Length < 900) return subject;
        List<string> words = [];
        var word = new List<byte>(BytesOfWord);
        foreach (var rune in subject.EnumerateRunes())
        {
            var bytes = Encoding.UTF8.GetBytes(rune.ToString());
            if (word.Count + bytes.Length > BytesOfWord) Close();
            word.AddRange(bytes);
        }

        Close();
        return string.Join("\r\n ", words);

        void Close()
        {
            words.Add($"=?utf-8?B?{Convert.ToBase64String([.. word])}?=");
            word.Clear();
        }
    }

    private static string OneLine(string typed) => string.Concat(typed.Where(c => !char.IsControl(c))).Trim();
}
