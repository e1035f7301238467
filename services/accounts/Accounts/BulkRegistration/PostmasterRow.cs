using Hikyaku.Accounts.BulkChange;
using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Files;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.BulkRegistration;

/// <summary>
/// The row of <c>postmaster</c>, which every domain has from its beginning. With a password it changes the account by the rules of a bulk
/// change, where a blank cell is unchanged; without one it is skipped. So an export whose passwords were filled in can be registered
/// elsewhere (ACC-12).
/// </summary>
/// <param name="Asks">What it asks for; null: it has no password, or its form is not good.</param>
public sealed record PostmasterRow(ChangedAccount? Asks)
{
    /// <summary>That row; null when the file has none. What is wrong with its form is added to the problems. Pure.</summary>
    public static PostmasterRow? Of(CsvContent content, Domain domain, FileProblems problems)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(domain);
        if (content.Rows.FirstOrDefault(r => IsOne(r, domain.Id)) is not { } row) return null;
        return new(RowRules.Cell(row, CsvColumns.Password).Length == 0 ? null : ChangeRules.Read(row, domain, problems));
    }

    /// <summary>Whether a row is about postmaster.</summary>
    public static bool IsOne(CsvRow row, string domain) => RowRules.ReadName(row, domain, []) == MailAccount.Postmaster;
}

/// <summary>Changes <c>postmaster</c> as its row in a registration says: checked with the file, changed when all accounts exist.</summary>
internal sealed class PostmasterChange(IDocumentStore store, JobSteps steps, Passwords passwords)
{
    /// <summary>Whether the row would change something; what forbids it is added to the problems.</summary>
    public async Task<bool> CheckAsync(ChangedAccount row, Domain domain, FileProblems problems, CancellationToken stop)
    {
        await using var session = store.QuerySession();
        if (await FindAsync(session, row, stop) is not { } account) return false;
        var judged = await passwords.JudgeAsync(session, account, row.Password!, stop, warn: false);
        var decision = row.Decide(account, domain, judged.Facts, Credential.NewId(), now: default); // its events are not stored
        problems.AddRange(ChangeAccounts.Of(row, decision));
        return decision.Accepted && !decision.Events.IsEmpty;
    }

    /// <summary>Changes it, and counts the row; once, whoever takes the job over.</summary>
    public async Task ApplyAsync(LeasedJob job, ChangedAccount row, CancellationToken stop)
    {
        while (!await TryAsync(job, row, stop)) { }
    }

    // Returns false if somebody has changed the password since it was judged.
    private async Task<bool> TryAsync(LeasedJob job, ChangedAccount row, CancellationToken stop)
    {
        JudgedPassword? judged = null;
        await using (var look = store.QuerySession())
        {
            if (await FindAsync(look, row, stop) is { } seen) judged = await passwords.JudgeAsync(look, seen, row.Password!, stop, warn: false);
        }

        await using var step = await steps.BeginAsync(job, stop);
        var (session, own) = (step.Session, await BulkNumbers.ReadAsync(step.Session, job.Id, stop));
        if (own.Changed + own.Skipped > 0) return true;
        var (usage, domain) = (await DomainUsage.LockWithLimitsAsync(session, job.Domain, stop))!.Value;
        if (await FindAsync(session, row, stop) is { } before) await AccountsOfRows.LockAsync(session, [before.Id], stop);
        var account = await FindAsync(session, row, stop); // as it is, now that nobody else can append
        if (judged?.Against != account?.CredentialId) return false;

        var room = new ReservedRoom(own.ReservedMb, domain.MaxCapacityMb - usage.CapacityMb);
        var (isAsAsked, isChanged) = account is null || judged is null
            ? (false, false)
            : ChangeAccounts.Change(step, row, account, domain with { MaxCapacityMb = DomainLimits.MostCapacityMb }, judged, room);
        DomainUsage.Add(session, job.Domain, 0, room.TakenMb);
        session.QueueSqlCommand(
            "update bulk_job set changed = ?, skipped = ?, reserved_mb = ? where id = ?", isAsAsked && isChanged ? 1 : 0, isAsAsked ? 0 : 1, room.ReservedMb, job.Id);
        await step.SaveAsync(stop);
        return true;
    }

    private static async Task<MailAccount?> FindAsync(IQuerySession session, ChangedAccount row, CancellationToken stop)
        => (await AccountsOfRows.ReadAsync(session, [row], stop)).GetValueOrDefault(row.Address);
}
