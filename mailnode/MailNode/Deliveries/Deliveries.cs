using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.RegularExpressions;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Reads the logs of Postfix, Dovecot and Rspamd, and tells the services what became of each message from or to an account (OPS-4, OPS-7).
/// <para>
/// While the broker is away the logs wait and not the facts: with some messages of them in the outbox it reads no further. It goes on from
/// the remembered place, so that only a log is lost that was rotated and then removed meanwhile. A line that cannot be read is counted and left out.
/// </para>
/// </summary>
public sealed partial class Deliveries(NodeSettings settings, Replica replica, Submissions submissions, TimeProvider time, ILogger<Deliveries> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromMinutes(10);
    private static readonly Counter<long> Lines = Telemetry.Meter.CreateCounter<long>("hikyaku.node.log_lines", "{line}", "Lines of the mail servers' logs that were read, by log");
    private static readonly Counter<long> Broken = Telemetry.Meter.CreateCounter<long>("hikyaku.node.log_lines_broken", "{line}", "Lines of those logs that say something of a message and cannot be read");
    private static readonly Counter<long> LogsLost = Telemetry.Meter.CreateCounter<long>("hikyaku.node.logs_lost", "{file}", "Logs that were removed before they were read to their end");

    private static readonly Counter<long> Viruses = Telemetry.Meter.CreateCounter<long>("hikyaku.node.viruses", "{message}", "Messages that were deleted because of a virus");

    private readonly LogFile _postfix = new(settings.PostfixLog), _dovecot = new(settings.DovecotLog), _rspamd = new(settings.ScannerLog);
    private DateTimeOffset _forgotten;
    private bool _failing;

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        foreach (var log in new[] { _postfix, _dovecot, _rspamd }) log.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await ReadSomeAsync(stoppingToken)) { }
                _failing = false;
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                if (!_failing) LogFailed(e); // once, not five times a second
                _failing = true;
            }
        }
    }

    // Returns whether there is more to read. Postfix's log is read first and dealt with last: what the other servers did with a message,
    // they have logged before Postfix says that it is done.
    private async Task<bool> ReadSomeAsync(CancellationToken stop)
    {
        if (time.GetUtcNow() - _forgotten > ForgetEvery) await ForgetAsync(stop);
        var (waiting, postfixAt, rspamdAt, dovecotAt) = await replica.WriteAsync(r => (
            r.One<long>("SELECT count(*) FROM fact WHERE type = $1", nameof(DeliveriesObserved)),
            DeliveryNotes.PositionOf(r, "postfix"), DeliveryNotes.PositionOf(r, "rspamd"), DeliveryNotes.PositionOf(r, "dovecot")), stop);
        if (waiting >= settings.DeliveriesWaiting) return false;
        var postfix = _postfix.Read(postfixAt);
        var more = await WriteAsync("rspamd", _rspamd.Read(rspamdAt), NoteRspamd, stop);
        more |= await WriteAsync("dovecot", _dovecot.Read(dovecotAt), NoteDovecot, stop);
        if (more) return true; // what was read of Postfix's log is read again
        return await WriteAsync("postfix", postfix, NotePostfix, stop);
    }

    private async Task<bool> WriteAsync(string log, LogChunk? chunk, Action<DeliveryNotes, LogLine, string, DateTimeOffset> note, CancellationToken stop)
    {
        if (chunk is null) return false;
        if (chunk.Lost) LogsLost.Add(1, new KeyValuePair<string, object?>("log", log));
        if (chunk.Lost) LogLost(log);
        var (done, broken, viruses) = await replica.WriteAsync(r =>
        {
            // Another replica, say: what it remembers counts.
            if (DeliveryNotes.PositionOf(r, log) != chunk.From) return (false, 0, 0);
            var notes = new DeliveryNotes(r);
            var unread = chunk.Lines.Count(line => !TryNote(notes, log, chunk.Next.Inode, line, note));
            foreach (var some in notes.Facts.Chunk(FactBound.InOneMessage)) FactOutbox.Add(r, new DeliveriesObserved(settings.Node, some));
            DeliveryNotes.Keep(r, log, chunk.Next);
            return (true, unread, notes.Facts.Where(f => f.Verdict is { Virus: not null }).Select(f => f.Delivery).Distinct().Count());
        }, stop);
        if (!done) return true;
        Lines.Add(chunk.Lines.Count, new KeyValuePair<string, object?>("log", log));
        if (viruses > 0) Viruses.Add(viruses);
        Broken.Add(chunk.Broken + broken, new KeyValuePair<string, object?>("log", log));
        if (chunk.Broken + broken > 0) LogBroken(chunk.Broken + broken, log);
        return chunk.More;
    }

    private bool TryNote(DeliveryNotes notes, string log, long inode, LogLine line, Action<DeliveryNotes, LogLine, string, DateTimeOffset> note)
    {
        try
        {
            note(notes, line, string.Create(CultureInfo.InvariantCulture, $"{log[0]}{inode:x}.{line.Offset:D12}"), time.GetUtcNow());
            return true;
        }
        catch (Exception e) when (e is FormatException or OverflowException or RegexMatchTimeoutException)
        {
            return false; // counted
        }
    }

    private void NotePostfix(DeliveryNotes notes, LogLine line, string id, DateTimeOffset now)
    {
        if (LogTime.Read(line.Text, now) is not { } at || PostfixLine.Read(line.Text[LogTime.Length..]) is not { } read) return;
        notes.Begin(id, at);
        notes.Note(read);
        submissions.Note(read); // the second time, when this is read again, nothing is left to do
    }

    private static void NoteDovecot(DeliveryNotes notes, LogLine line, string id, DateTimeOffset now)
    {
        if (LogTime.Read(line.Text, now) is not { } at || DovecotLine.Read(line.Text[LogTime.Length..]) is not { } read) return;
        notes.Begin(id, at);
        notes.Note(read);
    }

    // Rspamd's own time has another form; the line was written a moment ago, or the message's name says when it began.
    private static void NoteRspamd(DeliveryNotes notes, LogLine line, string id, DateTimeOffset now)
    {
        if (RspamdLine.ReadInfected(line.Text) is var (queueId, recipient)) notes.NoteInfected(queueId, recipient);
        if (RspamdLine.Read(line.Text) is not { } read) return;
        notes.Begin(id, QueueId.Begun(read.QueueId) ?? now);
        notes.Note(read);
    }

    private async Task ForgetAsync(CancellationToken stop)
    {
        _forgotten = time.GetUtcNow();
        await replica.WriteAsync(r =>
        {
            DeliveryNotes.Forget(r, _forgotten);
            return true;
        }, stop);
    }

    [LoggerMessage(1, LogLevel.Warning, "The mail servers' logs cannot be read, or what they say not be written; it is tried again")]
    private partial void LogFailed(Exception e);

    [LoggerMessage(2, LogLevel.Warning, "{Lines} lines of the log of {Log} cannot be read and are left out")]
    private partial void LogBroken(int lines, string log);

    [LoggerMessage(3, LogLevel.Warning, "The log of {Log} that was read last was removed; what stood in it is not told")]
    private partial void LogLost(string log);
}
