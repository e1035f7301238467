using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Policy;

namespace Hikyaku.Restrictions.Judging;

/// <summary>A fact of the past, as a trial reads it.</summary>
internal abstract record PastFact(DateTimeOffset At, Target Account);

/// <summary>A login.</summary>
internal sealed record PastLogin(DateTimeOffset At, Target Account, string? Network, bool Success, string Password) : PastFact(At, Account);

/// <summary>A message that was submitted.</summary>
internal sealed record PastSubmission(DateTimeOffset At, Target Account, string? Network, long Recipients, long FirstTime) : PastFact(At, Account);

/// <summary>What became of one.</summary>
internal sealed record PastSign(DateTimeOffset At, Target Account, string Kind) : PastFact(At, Account);

/// <summary>
/// One account in a trial: its facts one after the other, counted as <see cref="Counts"/> counts them, and what other thresholds would have
/// decided. What is restricted by them goes on in the facts, so that it is not restricted again until that would have ended.
/// </summary>
internal sealed class AccountReplay(Target account)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1), Day = TimeSpan.FromDays(1), Month = TimeSpan.FromDays(30);
    private readonly List<PastLogin> _failures = [];
    private readonly List<PastSubmission> _sent = [];
    private readonly List<PastSign> _signs = [];
    private readonly Dictionary<string, (DateTimeOffset First, DateTimeOffset Last)> _networks = [];
    private AccountStanding? _standing;
    private int _references;

    /// <summary>Takes a fact in, and tells what would have been decided then.</summary>
    public IReadOnlyList<AccountRestricted> Take(PastFact fact, Thresholds thresholds, DomainTotals domains, bool isJudged)
    {
        EndWhatIsOver(fact.At);
        Keep(fact);
        if (!isJudged) return [];
        var about = new Judged(account, [.. _networks.Where(n => n.Value.Last >= fact.At - Month).Select(n => n.Key).Order(StringComparer.Ordinal)], _standing, fact.At);
        List<AccountRestricted> decided =
        [
            .. fact is PastLogin { Success: false } ? LoginJudge.Judge(about, thresholds, Failures(about.Known, fact.At.AddMinutes(-thresholds[PolicyNumbers.WrongPasswordMinutes])), Name) : [],
            .. fact is PastSubmission or PastSign ? SendingJudge.Judge(about, thresholds, Sending(fact.At, domains), Name) : [],
        ];
        foreach (var one in decided) _standing = AccountStanding.Evolve(_standing, one);
        return decided;
    }

    /// <summary>Whether the account shows signs of abuse beside that of which it was restricted.</summary>
    public bool HasOtherSigns(AccountRestricted decided, Thresholds thresholds, DomainTotals domains)
    {
        var counted = Evidence.Read(decided.Evidence)!.Signs.Select(s => s.Name).ToHashSet();
        return SendingJudge.Signs(thresholds, Sending(decided.At, domains)).Any(s => s.Value >= s.Limit && !counted.Contains(s.Name) && s.Name != "first-time-recipients" && s.Name != "above-past");
    }

    private string Name() => $"T-{++_references}";

    private void Keep(PastFact fact)
    {
        switch (fact)
        {
            case PastLogin { Success: true, Network: { } network }:
                _networks[network] = _networks.TryGetValue(network, out var used) ? (used.First, fact.At) : (fact.At, fact.At);
                break;
            case PastLogin { Success: false, Network: not null } failed:
                _failures.Add(failed);
                _failures.RemoveAll(f => f.At < fact.At - Day);
                break;
            case PastSubmission sent:
                _sent.Add(sent);
                break;
            case PastSign sign:
                _signs.Add(sign);
                break;
        }
    }

    /// <summary>As <see cref="Counts.FailuresAsync"/>.</summary>
    internal List<NetworkFailures> Failures(IReadOnlyList<string> known, DateTimeOffset since)
        => [.. _failures.Where(f => f.At >= since && f.At > (_standing?.EndOf(Kinds.AccountLocked, f.Network, isWholeToo: !known.Contains(f.Network!)) ?? since.AddTicks(-1))).GroupBy(f => f.Network!)
            .Select(g => new NetworkFailures(g.Key, g.Select(f => f.Password).Distinct().Count()))];

    /// <summary>As <see cref="Counts.SendingAsync"/>.</summary>
    internal SendingCounts Sending(DateTimeOffset now, DomainTotals domains)
    {
        var end = new[] { _standing?.EndOf(Kinds.SendingLocked), _standing?.EndOf(Kinds.CompromiseSuspected) }.Max() ?? DateTimeOffset.MinValue;
        var (day, hour, pastEnd) = (Max(now - Day, end), Max(now - Hour, end), now - Day);
        var past = _sent.Where(s => s.At < pastEnd && s.At >= now - Month - Day).ToList();
        var today = _sent.Where(s => s.At > day).ToList();
        var older = _networks.Any(n => n.Value.First <= pastEnd);
        return new(
            today.Where(s => s.At > hour).Sum(s => s.Recipients), today.Sum(s => s.Recipients), today.Where(s => s.At > hour).Sum(s => s.FirstTime), today.Sum(s => s.FirstTime),
            domains.Of(account.Domain, day), past.GroupBy(s => s.At.UtcDateTime.Date).Select(g => g.Sum(s => s.Recipients - s.FirstTime)).DefaultIfEmpty().Max(),
            past.Sum(s => s.Recipients) / 30, past.Count > 0, _signs.Count(s => s.Kind == SignKinds.Failed && s.At > hour), _signs.Count(s => s.Kind == SignKinds.Spam && s.At > hour),
            _failures.Where(f => f.At > hour).Select(f => f.Password).Distinct().Count(),
            [.. _networks.Where(n => older && n.Value.First > day).Select(n => n.Key)], _networks.Count(n => n.Value.Last > hour),
            [.. today.Select(s => s.Network).OfType<string>().Distinct().Order(StringComparer.Ordinal)]);
    }

    private void EndWhatIsOver(DateTimeOffset now)
    {
        foreach (var ended in Ends.RestrictionEnds.Decide(_standing, now).ToList()) _standing = AccountStanding.Evolve(_standing, ended);
    }

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}

/// <summary>How much the accounts of each domain sent, as a trial goes on.</summary>
internal sealed class DomainTotals
{
    private readonly Dictionary<string, Queue<PastSubmission>> _sent = [];

    public void Add(PastSubmission sent)
    {
        if (!_sent.TryGetValue(sent.Account.Domain, out var queue)) _sent[sent.Account.Domain] = queue = new();
        queue.Enqueue(sent);
        while (queue.Peek().At < sent.At.AddDays(-1)) queue.Dequeue();
    }

    public long Of(string domain, DateTimeOffset after) => _sent.TryGetValue(domain, out var queue) ? queue.Where(s => s.At > after).Sum(s => s.Recipients) : 0;
}
