using System.Globalization;
using System.Text;
using Hikyaku.DataCopy.Copies;
using Hikyaku.DataCopy.Work;
using Hikyaku.Platform;
using MimeKit;

namespace Hikyaku.DataCopy.Mails;

/// <summary>The mail that tells how a copy has ended (CPY-5), in Japanese and then in English.</summary>
/// <param name="JobId">The copy.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="Address">The account's.</param>
/// <param name="Notify">Where to.</param>
/// <param name="Host">The source.</param>
/// <param name="UserName">Who at the source.</param>
/// <param name="HasSucceeded">Whether it went through.</param>
/// <param name="Reason">One of <see cref="CopyReasons"/>; null: everything was copied.</param>
/// <param name="Cause">What exactly.</param>
/// <param name="Reference">For support.</param>
/// <param name="Counts">What it has come to.</param>
/// <param name="Folders">The folders.</param>
/// <param name="Missing">Messages that were not copied.</param>
public sealed record EndMail(
    string JobId, int Attempts, string Address, string Notify, string Host, string UserName, bool HasSucceeded, string? Reason, string? Cause, string? Reference, CopyCounts Counts,
    IReadOnlyList<CopiedFolder> Folders, IReadOnlyList<SkippedMessage> Missing) : IQueuedMail
{
    /// <summary>The subject when everything was copied that there was.</summary>
    public const string Completed = "【重要】メールデータコピーが完了いたしました。";

    /// <summary>The subject when the user has to do something.</summary>
    public const string Repeat = "【重要】メールデータコピーの再操作をお願いします。";

    private const int MostListed = 200;

    private bool IsComplete => HasSucceeded && Reason is null or CopyReasons.SourceEmpty;

    /// <inheritdoc/>
    public string Name => JobId;

    /// <summary>The message. <c>Auto-Submitted</c> (RFC 3834) keeps autoreplies from answering it.</summary>
    public MimeMessage Message(string from, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(from);
        var message = new MimeMessage
        {
            Date = now,
            MessageId = $"{JobId}@{from[(from.LastIndexOf('@') + 1)..]}",
            Subject = IsComplete ? Completed : Repeat,
            Body = new TextPart("plain") { Text = string.Join("\n\n----\n\n", Problems.InEveryLanguage(Text).OrderByDescending(t => t.Key, StringComparer.Ordinal).Select(t => t.Value)) },
        };
        message.Body.Headers.Add(HeaderId.ContentLanguage, "ja, en");
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        message.From.Add(new MailboxAddress("", from));
        message.To.Add(new MailboxAddress("", Notify));
        return message;
    }

    private string Text(CultureInfo language)
    {
        var text = new StringBuilder();
        Line(IsComplete ? CopyTexts.Done : CopyTexts.Again);
        if (Reason is not null) Line(CopyTexts.OfReason(Reason));
        if (Cause is not null) Line(CopyTexts.Cause, ("cause", Problems.Text(CopyProblems.OfCause(Cause), language)));
        if (Reference is not null) Line(CopyTexts.Reference, ("r", Reference));
        text.Append('\n');
        Line(CopyTexts.Pair, ("source", UserName), ("host", Host), ("address", Address));
        Line(CopyTexts.Counts, ("total", Counts.Total), ("copied", Counts.Copied), ("there", Counts.AlreadyThere), ("skipped", Counts.SkippedTooLarge), ("failed", Counts.Failed));
        Group(CopyTexts.Skips, Missing, m => Line(
            CopyTexts.Skip, ("folder", m.Folder), ("date", m.Date?.ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture) ?? "-"),
            ("subject", m.Subject ?? Problems.Text(new(CopyTexts.NoSubject), language))));
        Group(CopyTexts.FailedFolders, Folders.Where(f => f.Failure is not null).ToList(), f => text.Append(CultureInfo.InvariantCulture, $"- {VisibleText.Of(f.Source)}\n"));
        Group(CopyTexts.Renames, Folders.Where(f => f.Destination is not null && f.Change != "same").ToList(), f => Line(CopyTexts.Rename, ("from", f.Source), ("to", f.Destination!)));
        if (!IsComplete)
        {
            text.Append('\n');
            Line(CopyTexts.Resumes);
        }

        return text.ToString();

        void Line(ProblemCode code, params (string, object)[] values) => text.Append(Problems.Text(new(code, null, values), language)).Append('\n');

        void Group<T>(ProblemCode head, IReadOnlyList<T> items, Action<T> line)
        {
            if (items.Count == 0) return;
            text.Append('\n');
            Line(head);
            foreach (var item in items.Take(MostListed)) line(item);
            if (items.Count > MostListed) Line(CopyTexts.MoreSkips, ("n", items.Count - MostListed));
        }
    }
}
