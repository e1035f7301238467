using System.Data.Common;
using System.Reflection;
using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.Verifying;

/// <summary>What is kept beside a stream (row of the list, credentials, a domain's usage) against what the stream adds up to.</summary>
internal sealed class AccountChecks : StreamChecks
{
    private const string Where = ReadModel;
    private const int Credentials = FirstColumn, Listed = Credentials + 2;
    private readonly DomainTotals _totals = new();

    public override string Columns =>
        """
        c.ids, c.hashes, l.domain, l.address, l.comment, l.capacity_mb, l.life, l.credential_id, l.created_at,
            l.home_node, l.password_forcibly_changed, l.mail_deletion_job, l.deletion_job
        """;

    public override string Joins =>
        """
        cross join lateral (
            select coalesce(array_agg(id::text), '{}'), coalesce(array_agg(coalesce(data ->> 'Hash', '') like '$argon2id$%'), '{}')
            from mt_doc_credential where owner = s.id) c (ids, hashes)
        left join mail_account_list l on l.account_id = s.id
        """;

    public override IReadOnlyCollection<string> Hidden => [nameof(MailAccount.Comment), nameof(MailAccount.CredentialId)];

    public override bool MayLackSnapshot(object state) => state is MailAccount { Deleted: true };

    public override void Compare(FoldedStream stream, DbDataReader row, Findings findings)
    {
        var (ids, hashes) = (row.GetFieldValue<string[]>(Credentials), row.GetFieldValue<bool[]>(Credentials + 1));
        CompareCredentials(stream, [.. ids.Select((id, i) => new StoredCredential(id, hashes[i]))], findings);
        var listed = ReadListed(row);
        if (stream.State is MailAccount account) CompareList(account, listed, findings);
        else if (listed is not null) findings.Add(Where, stream.Key, "it is in the list of accounts and is no account");
        if (stream.State is MailAccount { Deleted: true }) LookForAddress(stream.Events, stream.Key, findings);
        if (stream.State is MailAccount counted) _totals.Add(counted);
        if (stream.State is Domain domain) _totals.Add(domain);
    }

    public override Task CompareOthersAsync(NpgsqlConnection snapshot, Findings findings, CancellationToken stop) => _totals.CompareAsync(snapshot, findings, stop);

    private static void CompareList(MailAccount account, ListedAccount? row, Findings findings)
    {
        if (account.Deleted)
        {
            if (row is not null) findings.Add(Where, account.Id, "it is deleted and still in the list of accounts");
            return;
        }

        if (row is not { } listed)
        {
            findings.Add(Where, account.Id, "it is not in the list of accounts");
            return;
        }

        Field("domain", listed.Domain, account.Domain);
        Field("address", listed.Address, account.Address);
        Field("comment", listed.Comment, account.Comment, hidden: true);
        Field("capacity_mb", listed.CapacityMb, account.CapacityMb);
        Field("life", listed.Life, account.Life);
        Field("credential_id", listed.CredentialId, account.CredentialId, hidden: true);
        Field("created_at", Microseconds(listed.CreatedAt), Microseconds(account.CreatedAt));
        Field("home_node", listed.HomeNode, account.HomeNode);
        Field("password_forcibly_changed", listed.PasswordForciblyChanged, account.PasswordForciblyChanged);
        Field("mail_deletion_job", listed.MailDeletionJob, account.MailDeletionJob);
        Field("deletion_job", listed.DeletionJob, account.DeletionJob);

        void Field(string name, object? actual, object? expected, bool hidden = false)
            => findings.Compare(Where, account.Id, $"{name} in mail_account_list", actual, expected, hidden);
    }

    // Every credential is named by an event. The present one must exist, earlier ones may exist.
    private static void CompareCredentials(FoldedStream stream, StoredCredential[] credentials, Findings findings)
    {
        var named = stream.Events.Select(CredentialOf).OfType<string>().ToHashSet();
        foreach (var credential in credentials)
        {
            if (!named.Contains(credential.Id)) findings.Add(Where, stream.Key, "it has a credential that no event names");
            else if (!credential.IsHash) findings.Add(Where, stream.Key, "it has a credential that is no Argon2id hash");
        }

        var account = stream.State as MailAccount;
        var most = Credential.Kept + (account is { PasswordForciblyChanged: true } ? 1 : 0); // the random one of a forced change is kept beside them
        if (credentials.Length > most) findings.Add(Where, stream.Key, $"it has {credentials.Length} credentials, more than {most}");
        if (account is { Deleted: true } && credentials.Length > 0) findings.Add(Where, stream.Key, "it is deleted and still has credentials");
        // Once the deletion has begun nobody can log in, whether the credential still exists or not.
        var present = account is { DeletionJob: not null } ? null : CredentialOf(stream.State!);
        if (present is not null && credentials.All(c => c.Id != present)) findings.Add(Where, stream.Key, "the credential of its present password is missing");
    }

    private static void LookForAddress(IReadOnlyList<object> events, string key, Findings findings)
    {
        foreach (var e in events)
        {
            var personal = e.GetType().GetProperties().Where(p => p.IsDefined(typeof(PersonalDataAttribute)) && (p.GetValue(e) as string)?.Contains('@', StringComparison.Ordinal) == true);
            foreach (var property in personal) findings.Add(History, key, $"it is deleted and {e.GetType().Name}.{property.Name} still names an address");
        }
    }

    private static string? CredentialOf(object eventOrState) => eventOrState.GetType().GetProperty(nameof(MailAccount.CredentialId))?.GetValue(eventOrState) as string;

    // PostgreSQL stores times to the microsecond.
    private static DateTimeOffset Microseconds(DateTimeOffset at) => new(at.UtcTicks - (at.UtcTicks % 10), TimeSpan.Zero);

    private static ListedAccount? ReadListed(DbDataReader row) => row.IsDBNull(Listed) ? null : new(
        row.GetString(Listed), row.GetString(Listed + 1), row.TextOrNull(Listed + 2), row.GetInt32(Listed + 3), row.GetInt32(Listed + 4), row.TextOrNull(Listed + 5),
        row.GetFieldValue<DateTimeOffset>(Listed + 6), row.TextOrNull(Listed + 7), row.GetBoolean(Listed + 8), row.TextOrNull(Listed + 9), row.TextOrNull(Listed + 10));

    /// <summary>A stored credential, without its hash.</summary>
    private sealed record StoredCredential(string Id, bool IsHash);

    /// <summary>A row of the list of accounts, without what is measured.</summary>
    private sealed record ListedAccount(
        string Domain, string Address, string? Comment, int CapacityMb, int Life, string? CredentialId, DateTimeOffset CreatedAt,
        string? HomeNode, bool PasswordForciblyChanged, string? MailDeletionJob, string? DeletionJob);
}
