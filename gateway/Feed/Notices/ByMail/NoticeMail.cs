using System.Security.Cryptography;
using System.Text;
using Hikyaku.Platform;
using MimeKit;

namespace Hikyaku.Feed.Notices.ByMail;

/// <summary>A notice that is to be sent to somebody.</summary>
/// <param name="NoticeId">Which.</param>
/// <param name="Reader">A user's account id, or a login.</param>
/// <param name="Address">Where to.</param>
/// <param name="Language">The mail's.</param>
/// <param name="Text">The notice's, in that language.</param>
/// <param name="Attempts">How often it was tried.</param>
public sealed record NoticeMail(Guid NoticeId, string Reader, string Address, string Language, string Text, int Attempts) : IQueuedMail
{
    private const int MaxSubject = 150; // characters; a text that is longer stands whole in the body

    /// <inheritdoc/>
    public string Name => NoticeId.ToString();

    /// <summary>
    /// The message: nothing but the notice's text. Each notice has one Message-ID for each reader, so that a mail that is sent twice can
    /// be recognised; <c>Auto-Submitted</c> (RFC 3834) keeps autoreplies from answering it.
    /// </summary>
    public MimeMessage Message(string from, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(from);
        var message = new MimeMessage
        {
            Date = now,
            MessageId = $"{NoticeId:N}.{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Reader)))[..16]}@{from[(from.LastIndexOf('@') + 1)..]}",
            Subject = Subject,
            Body = new TextPart("plain") { Text = Clean(Text, keepsLines: true) + "\n" },
        };
        message.Body.Headers.Add(HeaderId.ContentLanguage, Language);
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        message.From.Add(new MailboxAddress("", from));
        message.To.Add(new MailboxAddress("", Address));
        return message;
    }

    private string Subject
    {
        get
        {
            var line = Clean(Text, keepsLines: false).Trim().Replace("=?", "= ?", StringComparison.Ordinal); // nor is it read as an encoded word (RFC 2047)
            if (line.Length <= MaxSubject) return line;
            var end = char.IsHighSurrogate(line[MaxSubject - 1]) ? MaxSubject - 1 : MaxSubject;
            return $"{line[..end]}…";
        }
    }

    // A line break would begin another header. Other control characters are removed because mail programs do not expect them.
    private static string Clean(string text, bool keepsLines)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var c in text.ReplaceLineEndings("\n"))
            clean.Append(c == '\n' && keepsLines ? c : char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c);
        return clean.ToString();
    }
}
