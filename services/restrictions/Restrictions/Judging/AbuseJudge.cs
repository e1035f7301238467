using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Facts;
using Hikyaku.Restrictions.Policy;
using Hikyaku.Restrictions.Publishing;
using Hikyaku.Restrictions.Sources;
using Marten;

namespace Hikyaku.Restrictions.Judging;

/// <summary>
/// Decides by what was counted, and stores what was decided. Decisions about one account or network take turns; an operator's command in the
/// same moment makes the decision fail, which the bus tries again.
/// </summary>
internal sealed class AbuseJudge(IDocumentStore store, Counts counts, KnownNetworks known, AddressKeys keys, ForceTimes forces, TimeProvider time)
{
    /// <summary>Judges failed logins of an account.</summary>
    /// <param name="account">Whose.</param>
    /// <param name="observedAt">When the newest of them was.</param>
    /// <param name="stop">Stops it.</param>
    public Task JudgeLoginsAsync(Target account, DateTimeOffset observedAt, CancellationToken stop) => JudgeAsync(account, observedAt, async (about, thresholds) =>
    {
        var since = about.Now.AddMinutes(-thresholds[PolicyNumbers.WrongPasswordMinutes]);
        return LoginJudge.Judge(about, thresholds, await counts.FailuresAsync(account.AccountId, about.Standing, about.Known, since, stop), Reference.Create);
    }, stop);

    /// <summary>Judges what an account sends.</summary>
    /// <param name="account">Which.</param>
    /// <param name="observedAt">When it sent last, or was last told of.</param>
    /// <param name="stop">Stops it.</param>
    public Task JudgeSendingAsync(Target account, DateTimeOffset observedAt, CancellationToken stop) => JudgeAsync(account, observedAt, async (about, thresholds) =>
        SendingJudge.Judge(about, thresholds, await counts.SendingAsync(keys.Of(account.Address), account, about.Standing, about.Now, stop), Reference.Create), stop);

    /// <summary>Judges failed logins from a network.</summary>
    public async Task JudgeSourceAsync(string network, CancellationToken stop)
    {
        var now = time.GetUtcNow();
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        await TakeTurnAsync(session, network, stop);
        var thresholds = await Policies.OfAsync(session, null, stop);
        var stream = await session.Events.FetchForWriting<SourceStanding>(SourceStanding.KeyOf(network), stop);
        var since = now.AddMinutes(-thresholds[PolicyNumbers.WrongPasswordMinutes]);
        if (stream.Aggregate?.ReleasedAt > since) since = stream.Aggregate.ReleasedAt.Value;
        var (accounts, some) = await counts.SprayedAsync(network, since.ToUniversalTime(), now - KnownNetworks.Life, stop);
        if (accounts < thresholds[PolicyNumbers.SprayedAccounts]) return;
        var friends = await known.AccountsOfAsync(network, now, stop);
        if (LoginJudge.JudgeSource(network, some, accounts, friends, stream.Aggregate, thresholds, Reference.Create(), now) is not { } stopped) return;
        stream.AppendOne(stopped);
        await session.SaveChangesAsync(stop);
    }

    private async Task JudgeAsync(Target account, DateTimeOffset observedAt, Func<Judged, Thresholds, Task<IEnumerable<AccountRestricted>>> judge, CancellationToken stop)
    {
        var now = time.GetUtcNow();
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        await TakeTurnAsync(session, account.AccountId, stop);
        if (!await ErasedAccounts.HoldAsync(session, account.AccountId, stop)) return;
        var stream = await session.Events.FetchForWriting<AccountStanding>(account.AccountId, stop);
        if (stream.Aggregate is { Erased: true }) return;
        var thresholds = await Policies.OfAsync(session, account.Domain, stop);
        var restricted = (await judge(new(account, await known.OfAsync(account.AccountId, now, stop), stream.Aggregate, now), thresholds)).ToList();
        if (restricted.Count == 0) return;
        stream.AppendMany(restricted);
        await session.SaveChangesAsync(stop);
        RestrictionMetrics.CountDecision(time.GetUtcNow() - observedAt);
        forces.Note(account.AccountId, observedAt);
    }

    private static async Task TakeTurnAsync(IDocumentSession session, string key, CancellationToken stop)
    {
        await session.BeginTransactionAsync(stop);
        await session.ExecuteAsync($"select pg_advisory_xact_lock(hashtextextended({key}, 3))", stop);
    }
}
