using System.Resources;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using JasperFx.Events;
using Npgsql;
using NoticeKinds = Hikyaku.Accounts.Contracts.NoticeKinds;

namespace Hikyaku.Accounts.Notices;

/// <summary>A password that was changed by force.</summary>
/// <param name="EventId">The event's id, which is the notice's, too.</param>
/// <param name="AccountId">Whose.</param>
/// <param name="At">When.</param>
public sealed record ForcedPassword(Guid EventId, string AccountId, DateTimeOffset At);

/// <summary>
/// What the message board is told of accounts (NTC-1): a forced change of a password, for operators and the administrators of
/// the domain, of which the newest of an account stays. Of an account that has gone meanwhile there is nothing to tell.
/// </summary>
public sealed class AccountsNotices(NpgsqlDataSource database)
{
    private static readonly ResourceManager Texts = new("Hikyaku.Accounts.Notices.NoticeTexts", typeof(AccountsNotices).Assembly);
    private static readonly ProblemCode PasswordForciblyChanged = new("notices.password-forcibly-changed", 200, Texts);

    /// <summary>The notices of a page of events.</summary>
    public Task<IReadOnlyList<NoticeRaised>> OfAsync(IReadOnlyList<IEvent> page, CancellationToken stop)
        => OfAsync([.. from e in page let forced = e.Data as MailAccounts.MailAccountPasswordForciblyChanged where forced is not null select new ForcedPassword(e.Id, e.StreamKey!, forced.At)], stop);

    /// <summary>The notices of forced changes.</summary>
    public async Task<IReadOnlyList<NoticeRaised>> OfAsync(IReadOnlyList<ForcedPassword> forced, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(forced);
        if (forced.Count == 0) return [];
        await using var command = database.CreateCommand("select account_id, domain, address from mail_account_list where account_id = any($1) and deletion_job is null");
        command.Parameters.Add(new() { Value = forced.Select(f => f.AccountId).ToArray() });
        var accounts = new Dictionary<string, (string Domain, string Address)>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) accounts[row.GetString(0)] = (row.GetString(1), row.GetString(2));
        return [.. forced.Where(f => accounts.ContainsKey(f.AccountId)).Select(f => Of(f, accounts[f.AccountId].Domain, accounts[f.AccountId].Address))];
    }

    private static NoticeRaised Of(ForcedPassword forced, string domain, string address) => new(
        forced.EventId, NoticeKinds.PasswordForciblyChanged, forced.At, new(Administrators: true, Operators: true), domain, forced.AccountId, address, Job: null,
        Problems.InEveryLanguage(language => Problems.Text(new(PasswordForciblyChanged, null, ("a", address)), language)),
        Replaces: $"{Program.Service} {NoticeKinds.PasswordForciblyChanged} {forced.AccountId}");
}
