using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Judging;
using Hikyaku.Restrictions.Publishing;
using Hikyaku.Restrictions.Sources;
using MassTransit;

namespace Hikyaku.Restrictions.Facts;

/// <summary>
/// Stores what nodes and the gateway tell of logins, and judges whose password is guessed. A message that comes again finds its facts there, and
/// is judged again, as the first time may have failed in between.
/// </summary>
internal sealed class LoginConsumer(FactTable<LoginFact> table, KnownNetworks known, AbuseJudge judge) : IConsumer<LoginsObserved>
{
    public async Task Consume(ConsumeContext<LoginsObserved> context)
    {
        var (observed, stop) = (context.Message, context.CancellationToken);
        // A node of another version may say what this one does not know.
        var facts = observed.Logins.Where(l => l is { Protocol.Length: > 0, Count: > 0 }).Select((l, i) => new LoginFact(FactId.Of(context.MessageId!.Value, i), l)).ToList();
        await table.AddAsync(observed.Node, facts, stop);
        var right = facts.Where(f => f is { Login: { Success: true, AccountId: not null }, Network: not null })
            .GroupBy(f => (f.Login.AccountId!, f.Network!)).Select(g => (g.Key.Item1, g.Key.Item2, g.Min(f => f.Login.At), g.Max(f => f.Login.Until))).ToList();
        if (right.Count > 0) await known.NoteAsync(right, stop);

        var wrong = facts.Where(f => f.Login is { Success: false, Failure: null or LoginFailures.Credentials }).ToList();
        foreach (var alike in wrong.GroupBy(f => f.Login.Protocol)) RestrictionMetrics.CountGuesses(alike.Key, alike.Sum(f => f.Login.Count));
        foreach (var account in wrong.GroupBy(f => f.Login.AccountId, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
            if (TargetOf(account.First().Login) is { } target) await judge.JudgeLoginsAsync(target, account.Max(f => f.Login.Until), stop);
        foreach (var network in wrong.Select(f => f.Network).OfType<string>().Distinct().Order(StringComparer.Ordinal)) await judge.JudgeSourceAsync(network, stop);
    }

    private static Target? TargetOf(LoginObserved login)
        => login.AccountId is { } id && InternetNames.TryReadAddress(login.Login, out var address, out var domain) ? new(id, address, domain, Life: 0) : null;
}
