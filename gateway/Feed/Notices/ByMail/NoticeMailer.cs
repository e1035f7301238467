using System.Diagnostics.Metrics;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed.Notices.ByMail;

/// <summary>
/// Sends notices by mail, on the one process of the feed that leads, through the platform's own submission. A mail stays in the
/// queue until the server has taken it: what happens in between, it is sent again with the same Message-ID. While the server
/// is away everything waits; a mail that it does not take now is tried for about five days, as mail servers do.
/// </summary>
public sealed partial class NoticeMailer(IConfiguration configuration, MailSettings settings, MailQueue queue, TimeProvider time, ILogger<NoticeMailer> logger)
    : Leader(configuration, "notice-mailer", LockKey, logger)
{
    /// <summary>How often a mail is tried.</summary>
    public const int MaxAttempts = 125;

    private const long LockKey = 0x6E6F_7469_6365_73;
    private const int AtOnce = 50;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromHours(1);
    private static readonly Counter<long> Mails = Telemetry.Meter.CreateCounter<long>("hikyaku.feed.notice_mails", description: "Attempts to send notices by mail, by outcome");

    /// <inheritdoc/>
    protected override async Task LeadAsync(NpgsqlConnection session, CancellationToken stop)
    {
        await using (var listen = new NpgsqlCommand($"listen {MailQueue.Channel}", session)) await listen.ExecuteNonQueryAsync(stop);
        var (pause, since) = (TimeSpan.Zero, time.GetTimestamp());
        while (true)
        {
            if (time.GetElapsedTime(since) >= pause)
            {
                var sent = await SendDueAsync(stop);
                pause = sent is null ? Longer(pause) : TimeSpan.Zero;
                since = time.GetTimestamp();
                if (sent == AtOnce) continue;
            }

            await WaitAsync(session, stop);
        }
    }

    /// <summary>When a mail is tried again after so many attempts.</summary>
    public static TimeSpan RetryAfter(int attempts) => attempts < 7 ? FirstRetry * (1 << attempts) : LongestRetry;

    // Returns how many mails were dealt with; null if the server is away.
    private async Task<int?> SendDueAsync(CancellationToken stop)
    {
        var due = await queue.DueAsync(time.GetUtcNow(), AtOnce, stop);
        if (due.Count == 0) return 0;
        using var submission = new MailSubmission(settings);
        try
        {
            await submission.OpenAsync(stop);
        }
        catch (Exception e) when (MailSubmission.IsAway(e))
        {
            LogAway(e, due.Count);
            return null;
        }

        foreach (var mail in due)
        {
            var (what, words) = await submission.SendAsync(mail.Message(settings.From, time.GetUtcNow()), stop);
            Mails.Add(1, new KeyValuePair<string, object?>("outcome", what.ToString()));
            await SettleAsync(mail, what, words, stop);
            if (!submission.IsOpen) return null;
        }

        await submission.CloseAsync();
        return due.Count;
    }

    private async Task SettleAsync(NoticeMail mail, Submitted what, string words, CancellationToken stop)
    {
        if (what == Submitted.NotNow && mail.Attempts + 1 < MaxAttempts)
        {
            LogPutOff(mail.NoticeId, words);
            await queue.PutOffAsync(mail, time.GetUtcNow() + RetryAfter(mail.Attempts), stop);
            return;
        }

        if (what != Submitted.Taken) LogGivenUp(mail.NoticeId, words);
        await queue.RemoveAsync(mail, stop);
    }

    private static TimeSpan Longer(TimeSpan pause) => pause == TimeSpan.Zero ? ShortestPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;

    [LoggerMessage(1, LogLevel.Warning, "{Count} or more notices wait to be mailed; the mail server cannot be used")]
    private partial void LogAway(Exception exception, int count);

    [LoggerMessage(2, LogLevel.Information, "Notice {Id} could not be mailed now: {Words}")]
    private partial void LogPutOff(Guid id, string words);

    [LoggerMessage(3, LogLevel.Warning, "Notice {Id} is not mailed: {Words}")]
    private partial void LogGivenUp(Guid id, string words);
}
