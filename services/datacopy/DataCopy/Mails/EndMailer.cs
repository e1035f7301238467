using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.DataCopy.Mails;

/// <summary>
/// Sends the mails that tell how copies have ended, on the one instance that leads, through the platform's own submission. While the server is away everything
/// waits; a mail that it does not take now is tried for about five days, as mail servers do. Once the server has taken it, a bounce changes nothing.
/// </summary>
public sealed partial class EndMailer(IConfiguration configuration, MailSettings settings, MailQueue queue, TimeProvider time, ILogger<EndMailer> logger)
    : Leader(configuration, "copy-mailer", LockKey, logger)
{
    /// <summary>How often a mail is tried.</summary>
    public const int MaxAttempts = 125;

    private const long LockKey = 0x636F_7079_6D61_69;
    private const int AtOnce = 20;
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task LeadAsync(NpgsqlConnection session, CancellationToken stop)
    {
        var (pause, since) = (TimeSpan.Zero, time.GetTimestamp());
        while (true)
        {
            if (time.GetElapsedTime(since) >= pause)
            {
                pause = await SendDueAsync(stop) ? TimeSpan.Zero : pause == TimeSpan.Zero ? Tick : pause * 2 < LongestPause ? pause * 2 : LongestPause;
                since = time.GetTimestamp();
            }

            await WaitAsync(session, stop);
        }
    }

    // False when the server is away.
    private async Task<bool> SendDueAsync(CancellationToken stop)
    {
        var due = await queue.DueAsync(AtOnce, stop);
        if (due.Count == 0) return true;
        using var submission = new MailSubmission(settings);
        try
        {
            await submission.OpenAsync(stop);
        }
        catch (Exception e) when (MailSubmission.IsAway(e))
        {
            LogAway(e, due.Count);
            return false;
        }

        foreach (var mail in due)
        {
            var (what, words) = await submission.SendAsync(mail.Message(settings.From, time.GetUtcNow()), stop);
            await SettleAsync(mail, what, words, stop);
            if (!submission.IsOpen) return false;
        }

        await submission.CloseAsync();
        return true;
    }

    private async Task SettleAsync(EndMail mail, Submitted what, string words, CancellationToken stop)
    {
        if (what == Submitted.NotNow && mail.Attempts + 1 < MaxAttempts)
        {
            LogPutOff(mail.JobId, words);
            await queue.PutOffAsync(mail, mail.Attempts < 7 ? FirstRetry * (1 << mail.Attempts) : LongestRetry, stop);
            return;
        }

        if (what != Submitted.Taken) LogGivenUp(mail.JobId, words);
        await queue.RemoveAsync(mail, stop);
    }

    [LoggerMessage(1, LogLevel.Warning, "{Count} or more mails about copies wait; the mail server cannot be used")]
    private partial void LogAway(Exception exception, int count);

    [LoggerMessage(2, LogLevel.Information, "The mail about copy {Job} could not be sent now: {Words}")]
    private partial void LogPutOff(string job, string words);

    [LoggerMessage(3, LogLevel.Warning, "The mail about copy {Job} is not sent: {Words}")]
    private partial void LogGivenUp(string job, string words);
}
