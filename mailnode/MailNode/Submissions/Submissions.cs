using System.Diagnostics.Metrics;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Hears of what people submit as Postfix's policy delegation tells it (<see cref="SubmissionPolicy"/>): tells the services of each message
/// that is complete and in the queue (rule RST-2), and refuses recipients above the node's own limit, whatever else is away. Answers come
/// from memory; what is to be told is written some moments later, many together.
/// <para>
/// Postfix asks its milters after it has asked here. Whether they have refused a message or it is in the queue is read in Postfix's log
/// (<see cref="Deliveries"/>). A message of which the log says nothing for longer than a milter may take is told all the same.
/// </para>
/// </summary>
public sealed partial class Submissions(NodeSettings settings, Replica replica, TimeProvider time, ILogger<Submissions> logger) : BackgroundService
{
    /// <summary>What is said to a recipient above the limit.</summary>
    internal const string TooMany = "450 4.7.1 Too many recipients within an hour: stop sending, wait an hour and send the rest then; if you did not send this mail, change your password";

    // In memory, while nothing can be written.
    private const int Kept = 20_000;
    private const int KeptRecipients = 200_000;

    private const int RecipientsInOneMessage = 5_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ForgetInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MilterPatience = TimeSpan.FromSeconds(70); // milter_content_timeout and some seconds
    private static readonly Counter<long> Told = Telemetry.Meter.CreateCounter<long>("hikyaku.node.submissions", "{message}", "Messages that people have submitted, by whether they are told to the services");
    private static readonly Counter<long> Refused = Telemetry.Meter.CreateCounter<long>("hikyaku.node.recipients_refused", "{recipient}", "Recipients of submitted mail above the node's own limit");

    private readonly Lock _gate = new();
    private readonly OpenSubmissions _open = new();
    private readonly RecipientCounts _counts = new();
    private readonly Dictionary<string, Seen> _withMilters = new(StringComparer.Ordinal); // by queue id
    private List<Seen> _seen = [];
    private int _recipients;
    private DateTimeOffset _forgotAt;
    private bool _failing;

    private sealed record Seen(Submitter By, SubmissionObserved Submission);

    /// <summary>Takes over what was counted before the agent started.</summary>
    internal async Task LoadAsync(CancellationToken stop)
    {
        var counted = await replica.WriteAsync(r => RecipientCounts.Read(r, time.GetUtcNow()), stop);
        lock (_gate) _counts.Load(counted);
    }

    /// <summary>The action for a policy request.</summary>
    internal string Answer(IEnumerable<string> lines)
    {
        if (SubmissionRequest.Read(lines) is not { } request) return PolicyService.Unknown;
        var now = time.GetUtcNow();
        lock (_gate)
        {
            if (request.IsComplete)
            {
                if (_open.Complete(request, now) is { } submission)
                {
                    var seen = new Seen(request.By, submission);
                    if (submission.QueueId is null || _withMilters.Count >= Kept || !_withMilters.TryAdd(submission.QueueId, seen)) Keep([seen]);
                }

                return PolicyService.Unknown;
            }

            if (_counts.TryAdd(request.By, settings.HardLimit, now))
            {
                _open.Add(request, now);
                return PolicyService.Unknown;
            }
        }

        Refused.Add(1);
        return TooMany;
    }

    /// <summary>Postfix has logged something of a message: the milters are done with it when it is in the queue, or when they have refused it.</summary>
    internal void Note(PostfixLine line)
    {
        if (line is not (PostfixLine.Queued or PostfixLine.Refused { ByMilter: true }) || line.QueueId is not { } id) return;
        lock (_gate)
        {
            if (_withMilters.Remove(id, out var seen) && line is PostfixLine.Queued) Keep([seen]);
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LastPatience);
        lock (_gate) KeepOlderThan(DateTimeOffset.MaxValue);
        await WriteSeenAsync(limit.Token);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await WriteSeenAsync(stoppingToken);
    }

    private async Task WriteSeenAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow();
        List<Seen> seen;
        IReadOnlyDictionary<(Submitter By, long Step), long> counted;
        lock (_gate)
        {
            var forget = now - _forgotAt >= ForgetInterval;
            if (forget)
            {
                _open.Forget(now);
                _counts.Forget(now);
                _forgotAt = now;
            }

            KeepOlderThan(now - MilterPatience);
            counted = _counts.TakeUnwritten();
            if (_seen.Count == 0 && counted.Count == 0 && !forget) return;
            (seen, _seen, _recipients) = (_seen, [], 0);
        }

        try
        {
            await replica.WriteAsync(r => Write(r, seen, counted, now), stop);
            _failing = false;
        }
        catch (Exception e) when (e is SqliteException or OperationCanceledException)
        {
            lock (_gate)
            {
                Keep(seen);
                _counts.GiveBack(counted);
            }

            if (!_failing && e is SqliteException) LogFailed(e); // once, not five times a second
            _failing = true;
        }
    }

    private void KeepOlderThan(DateTimeOffset time)
    {
        foreach (var (id, seen) in _withMilters.Where(w => w.Value.Submission.At < time).ToList())
        {
            _withMilters.Remove(id);
            Keep([seen]);
        }
    }

    // Of too many the recipients are given up first, then the oldest.
    private void Keep(IReadOnlyList<Seen> seen)
    {
        foreach (var one in seen)
        {
            var kept = _recipients + one.Submission.To.Count <= KeptRecipients ? one : one with { Submission = one.Submission with { To = [] } };
            _seen.Add(kept);
            _recipients += kept.Submission.To.Count;
        }

        if (_seen.Count <= Kept) return;
        var many = _seen.Count - Kept;
        _seen = [.. _seen.OrderBy(s => s.Submission.At).Skip(many)];
        _recipients = _seen.Sum(s => s.Submission.To.Count);
        Told.Add(many, new KeyValuePair<string, object?>("told", false));
    }

    private bool Write(SqliteConnection r, List<Seen> seen, IReadOnlyDictionary<(Submitter By, long Step), long> counted, DateTimeOffset now)
    {
        var accounts = seen.Select(s => s.By).Distinct().ToDictionary(by => by, by => r.One<string>("SELECT account_id FROM mailbox WHERE address = $1 AND life = $2", by.Address, by.Life));
        // An account that was erased while it was sending has nobody who could be told of.
        var told = seen.Where(s => accounts[s.By] is not null).Select(s => s.Submission with { AccountId = accounts[s.By]! }).ToList();
        foreach (var some in InMessages(told)) FactOutbox.Add(r, new SubmissionsObserved(settings.Node, some));
        RecipientCounts.Write(r, counted, now);
        Told.Add(told.Count, new KeyValuePair<string, object?>("told", true));
        return true;
    }

    private static IEnumerable<IReadOnlyList<SubmissionObserved>> InMessages(IEnumerable<SubmissionObserved> told)
    {
        List<SubmissionObserved> some = [];
        var recipients = 0;
        foreach (var one in told)
        {
            if (some.Count == FactBound.InOneMessage || (some.Count > 0 && recipients + one.To.Count > RecipientsInOneMessage))
            {
                yield return some;
                (some, recipients) = ([], 0);
            }

            some.Add(one);
            recipients += one.To.Count;
        }

        if (some.Count > 0) yield return some;
    }

    [LoggerMessage(1, LogLevel.Warning, "Submissions cannot be written; they are kept in memory")]
    private partial void LogFailed(Exception e);
}
