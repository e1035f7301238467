using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using MimeKit;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>A mail that waits to be sent.</summary>
public interface IQueuedMail
{
    /// <summary>What logs call it.</summary>
    string Name { get; }

    /// <summary>How often it was tried.</summary>
    int Attempts { get; }

    /// <summary>The message, with the same Message-ID each time.</summary>
    MimeMessage Message(string from, DateTimeOffset now);
}

/// <summary>The mails of one kind that wait to be sent, in a table. What was sent is removed.</summary>
/// <typeparam name="TMail">The kind.</typeparam>
public interface IMailQueue<TMail>
{
    /// <summary>The mails that are due, oldest first.</summary>
    Task<List<TMail>> DueAsync(DateTimeOffset now, int limit, CancellationToken stop);

    /// <summary>It was sent, or is given up.</summary>
    Task RemoveAsync(TMail mail, CancellationToken stop);

    /// <summary>It is tried again later.</summary>
    Task PutOffAsync(TMail mail, DateTimeOffset until, CancellationToken stop);
}

/// <summary>When a mail that the server does not take now is tried again: for about five days, as mail servers do.</summary>
public static class MailRetries
{
    /// <summary>How often a mail is tried.</summary>
    public const int MaxAttempts = 125;

    private static readonly TimeSpan First = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>The pause after so many attempts.</summary>
    public static TimeSpan After(int attempts) => attempts < 7 ? First * (1 << attempts) : Longest;
}

/// <summary>
/// Sends what waits in a queue, on the one instance that leads, through the platform's own submission. A mail stays in the queue until the
/// server has taken it: what happens in between, it is sent again with the same Message-ID. While the server is away everything waits.
/// </summary>
/// <typeparam name="TMail">The kind of mail.</typeparam>
/// <param name="configuration">Has the connection string <c>Postgres</c>.</param>
/// <param name="name">What PostgreSQL and logs call it.</param>
/// <param name="lockKey">The lock of the one that leads.</param>
/// <param name="channel">Where NOTIFY tells of new mail; null: nowhere, and it is looked for each second.</param>
/// <param name="settings">The submission.</param>
/// <param name="queue">The queue.</param>
/// <param name="attempts">Counts attempts, by outcome.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Where it logs.</param>
public abstract partial class QueuedMailSender<TMail>(
    IConfiguration configuration, string name, long lockKey, string? channel, MailSettings settings, IMailQueue<TMail> queue, Counter<long> attempts, TimeProvider time, ILogger log)
    : Leader(configuration, name, lockKey, log)
    where TMail : IQueuedMail
{
    private const int AtOnce = 50;
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private readonly string _name = name;
    private readonly ILogger _log = log;

    /// <inheritdoc/>
    protected override async Task LeadAsync(NpgsqlConnection session, CancellationToken stop)
    {
        if (channel is not null)
        {
#pragma warning disable CA2100 // a constant
            await using var listen = new NpgsqlCommand($"listen {channel}", session);
#pragma warning restore CA2100
            await listen.ExecuteNonQueryAsync(stop);
        }

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
            LogAway(_log, e, _name, due.Count);
            return null;
        }

        foreach (var mail in due)
        {
            var (what, words) = await submission.SendAsync(mail.Message(settings.From, time.GetUtcNow()), stop);
            attempts.Add(1, new KeyValuePair<string, object?>("outcome", what.ToString()));
            await SettleAsync(mail, what, words, stop);
            if (!submission.IsOpen) return null;
        }

        await submission.CloseAsync();
        return due.Count;
    }

    private async Task SettleAsync(TMail mail, Submitted what, string words, CancellationToken stop)
    {
        if (what == Submitted.NotNow && mail.Attempts + 1 < MailRetries.MaxAttempts)
        {
            LogPutOff(_log, _name, mail.Name, words);
            await queue.PutOffAsync(mail, time.GetUtcNow() + MailRetries.After(mail.Attempts), stop);
            return;
        }

        if (what != Submitted.Taken) LogGivenUp(_log, _name, mail.Name, words);
        await queue.RemoveAsync(mail, stop);
    }

    private static TimeSpan Longer(TimeSpan pause) => pause == TimeSpan.Zero ? Tick : pause * 2 < LongestPause ? pause * 2 : LongestPause;

    [LoggerMessage(2, LogLevel.Warning, "{Sender}: {Count} or more mails wait; the mail server cannot be used")]
    private static partial void LogAway(ILogger log, Exception exception, string sender, int count);

    [LoggerMessage(3, LogLevel.Information, "{Sender}: the mail {Mail} could not be sent now: {Words}")]
    private static partial void LogPutOff(ILogger log, string sender, string mail, string words);

    [LoggerMessage(4, LogLevel.Warning, "{Sender}: the mail {Mail} is not sent: {Words}")]
    private static partial void LogGivenUp(ILogger log, string sender, string mail, string words);
}
