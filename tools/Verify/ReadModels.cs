using System.Reflection;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Verify;

/// <summary>What is kept beside a stream (snapshot, row of the list, credentials) against what the stream adds up to.</summary>
internal static class ReadModels
{
    private const string Where = "read model";
    private static readonly string[] Hidden = [nameof(MailAccount.Comment), nameof(MailAccount.CredentialId)];

    public static void Compare(FoldedStream stream, StreamRow row, ISerializer serializer, Findings findings)
    {
        if (stream.State is null) return; // the fault in the history is reported already
        CompareSnapshots(stream, row, serializer, findings);
        CompareCredentials(stream, row, findings);
        if (stream.State is MailAccount account) CompareList(account, stream.Events, row, findings);
        else if (row.Listed is not null) findings.Add(Where, row.Key, "it is in the list of accounts and is no account");
        if (stream.State is MailAccount { Deleted: true }) LookForAddress(stream.Events, row.Key, findings);
    }

    private static void CompareSnapshots(FoldedStream stream, StreamRow row, ISerializer serializer, Findings findings)
    {
        foreach (var other in row.Snapshots.Keys.Where(k => k != stream.Kind)) findings.Add(Where, row.Key, $"it has a snapshot in {other.Snapshots}, which is of another kind");
        if (!row.Snapshots.TryGetValue(stream.Kind!, out var snapshot))
        {
            // An erased account need not have a snapshot.
            if (stream.State is not MailAccount { Deleted: true }) findings.Add(Where, row.Key, $"it has no snapshot in {stream.Kind!.Snapshots}");
            return;
        }

        var (actual, expected) = (JsonNode.Parse(snapshot)!.AsObject(), JsonNode.Parse(serializer.ToJson(stream.State))!.AsObject());
        foreach (var field in actual.Select(f => f.Key).Union(expected.Select(f => f.Key)))
        {
            // A snapshot of an earlier version may lack a field that was added since.
            if (!actual.TryGetPropertyValue(field, out var kept) && IsDefault(expected[field])) continue;
            if (JsonNode.DeepEquals(kept, expected[field])) continue; // PostgreSQL may change the order of properties
            findings.Compare(Where, row.Key, $"{field} in {stream.Kind!.Snapshots}", Text(kept), Text(expected[field]), Hidden.Contains(field));
        }
    }

    private static void CompareList(MailAccount account, IReadOnlyList<object> events, StreamRow row, Findings findings)
    {
        if (account.Deleted)
        {
            if (row.Listed is not null) findings.Add(Where, account.Id, "it is deleted and still in the list of accounts");
            return;
        }

        if (row.Listed is not { } listed)
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
    private static void CompareCredentials(FoldedStream stream, StreamRow row, Findings findings)
    {
        var named = stream.Events.Select(CredentialOf).OfType<string>().ToHashSet();
        foreach (var credential in row.Credentials)
        {
            if (!named.Contains(credential.Id)) findings.Add(Where, row.Key, "it has a credential that no event names");
            else if (!credential.IsHash) findings.Add(Where, row.Key, "it has a credential that is no Argon2id hash");
        }

        var account = stream.State as MailAccount;
        var most = Credential.Kept + (account is { PasswordForciblyChanged: true } ? 1 : 0); // the random one of a forced change is kept beside them
        if (row.Credentials.Count > most) findings.Add(Where, row.Key, $"it has {row.Credentials.Count} credentials, more than {most}");
        if (account is { Deleted: true } && row.Credentials.Count > 0) findings.Add(Where, row.Key, "it is deleted and still has credentials");
        // Once the deletion has begun nobody can log in, whether the credential still exists or not.
        var present = account is { DeletionJob: not null } ? null : CredentialOf(stream.State!);
        if (present is not null && row.Credentials.All(c => c.Id != present)) findings.Add(Where, row.Key, "the credential of its present password is missing");
    }

    private static void LookForAddress(IReadOnlyList<object> events, string key, Findings findings)
    {
        foreach (var e in events)
        {
            var personal = e.GetType().GetProperties().Where(p => p.IsDefined(typeof(PersonalDataAttribute)) && (p.GetValue(e) as string)?.Contains('@', StringComparison.Ordinal) == true);
            foreach (var property in personal) findings.Add("history", key, $"it is deleted and {e.GetType().Name}.{property.Name} still names an address");
        }
    }

    private static string? CredentialOf(object eventOrState) => eventOrState.GetType().GetProperty(nameof(MailAccount.CredentialId))?.GetValue(eventOrState) as string;

    private static bool IsDefault(JsonNode? value) => value is null || value.ToJsonString() is "false" or "0" or "[]";

    private static string? Text(JsonNode? value) => value?.ToJsonString();

    // PostgreSQL stores times to the microsecond.
    private static DateTimeOffset Microseconds(DateTimeOffset at) => new(at.UtcTicks - (at.UtcTicks % 10), TimeSpan.Zero);
}
