using Hikyaku.Accounts.Nodes;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>
/// The read model of account lists, one row an account, written in the transaction that changes the account. Only
/// <see cref="Consumers.MailboxUsageConsumer"/> writes the size of the mailbox, which is measured, not decided, and only
/// <see cref="Consumers.RoutingConsumer"/>, <see cref="Consumers.SpamConsumer"/> and <see cref="Consumers.RestrictionsConsumer"/> what other services have decided; a rebuild of the other
/// columns leaves all of these as they are.
/// </summary>
public sealed class MailAccountTable : EventProjection
{
    /// <summary>SQL of the kinds of restrictions of a row, the topmost first (RST-1).</summary>
    public const string Kinds = "restrictions || case when used_bytes >= capacity_mb * 1048576::bigint then array['over-capacity'] else '{}' end";

    /// <summary>SQL that is true of the row of a restricted account.</summary>
    public const string IsRestricted = "(restrictions <> '{}' or used_bytes >= capacity_mb * 1048576::bigint)";

    /// <summary>Reads the events of accounts and no others.</summary>
    public MailAccountTable()
    {
        foreach (var type in MailAccount.Events) IncludeType(type);
    }

    /// <summary>The table, beside Marten's own.</summary>
    public static Table Table()
    {
        var table = new Table("mail_account_list");
        table.AddColumn<string>("account_id").AsPrimaryKey();
        table.AddColumn<string>("domain").NotNull();
        table.AddColumn<string>("address").NotNull();
        table.AddColumn<string>("comment");
        table.AddColumn<int>("capacity_mb").NotNull();
        table.AddColumn<int>("life").NotNull();
        table.AddColumn<string>("credential_id");
        table.AddColumn<DateTimeOffset>("created_at").NotNull();
        table.AddColumn<string>("home_node");
        table.AddColumn<bool>("password_forcibly_changed").NotNull().DefaultValueByExpression("false");
        table.AddColumn<string>("mail_deletion_job"); // set while the deletion is under way only: a node that has lost its replica must not begin it again later
        table.AddColumn<DateTimeOffset>("mail_deletion_at");
        table.AddColumn<string>("deletion_job"); // nobody finds the account any more; the row is removed when everything is erased
        table.AddColumn<string>("search").NotNull().DefaultValueByExpression("''"); // address and comment in lower case, for searches
        table.AddColumn<long>("used_bytes").NotNull().DefaultValue(0);
        table.AddColumn<DateTimeOffset>("used_at");
        table.AddColumn<string>("measured_for"); // the last request to measure that was answered
        table.AddColumn<bool>("forwarding").NotNull().DefaultValueByExpression("false");
        table.AddColumn<bool>("autoreply").NotNull().DefaultValueByExpression("false");
        table.AddColumn<bool>("reception").NotNull().DefaultValueByExpression("true");
        table.AddColumn<long>("routing_version").NotNull().DefaultValue(0);
        table.AddColumn<bool>("tag_subject").NotNull().DefaultValueByExpression("false");
        table.AddColumn<bool>("sort_to_junk").NotNull().DefaultValueByExpression("false");
        table.AddColumn<long>("spam_version").NotNull().DefaultValue(0);
        table.AddColumn("restrictions", "text[]").NotNull().DefaultValueByExpression("'{}'"); // kinds that hold, the topmost first
        table.AddColumn<long>("restrictions_version").NotNull().DefaultValue(0);
        table.Indexes.Add(new IndexDefinition("mail_account_list_address") { Columns = ["domain", "address"] });
        table.Indexes.Add(new IndexDefinition("mail_account_list_used") { Columns = ["domain", "used_bytes", "address"] });
        table.Indexes.Add(new IndexDefinition("mail_account_list_created") { Columns = ["domain", "created_at", "address"] });
        // Few passwords are forced at a time, so other orders of this filter sort a few rows only.
        table.Indexes.Add(new IndexDefinition("mail_account_list_forced") { Columns = ["domain", "address"], Predicate = "password_forcibly_changed" });
        // Finds any part of three or more characters, in any language; a shorter text is searched row by row.
        table.Indexes.Add(new IndexDefinition("mail_account_list_search") { Columns = ["search"], Method = IndexMethod.gin, Mask = "? gin_trgm_ops" });
        return table;
    }

    /// <inheritdoc/>
    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation)
    {
        switch (e.Data)
        {
            case MailAccountCreated c:
                operations.QueueSqlCommand(
                    $"""
                    with added as (insert into mail_account_list (account_id, domain, address, comment, capacity_mb, life, credential_id, created_at, home_node, search)
                    values (?, ?, ?, ?, ?, ?, ?, ?, ?, lower(?))
                    on conflict (account_id) do update set comment = excluded.comment, search = excluded.search, capacity_mb = excluded.capacity_mb, credential_id = excluded.credential_id,
                        password_forcibly_changed = false, mail_deletion_job = null, mail_deletion_at = null, deletion_job = null
                    returning home_node, domain, (xmax = 0) as is_new)
                    {NodeMailboxes.AddSql}
                    """,
                    c.AccountId, c.Domain, c.Address, OrNull(c.Comment), c.CapacityMb, c.Life, OrNull(c.CredentialId), c.At, OrNull(c.HomeNode), $"{c.Address}\n{c.Comment}");
                break;
            case MailAccountPasswordChanged p:
                SetPassword(operations, e, p.CredentialId, forced: false);
                break;
            case MailAccountPasswordForciblyChanged f:
                SetPassword(operations, e, f.CredentialId, forced: true);
                break;
            case MailDataDeletionStarted d:
                Set(operations, e, "mail_deletion_job", d.JobId);
                Set(operations, e, "mail_deletion_at", d.At);
                break;
            case MailDataDeletionFinished d:
                EndMailDeletion(operations, e, d.JobId);
                break;
            case MailDataDeletionFailed d:
                EndMailDeletion(operations, e, d.JobId);
                break;
            case MailAccountDeletionStarted d:
                Set(operations, e, "deletion_job", d.JobId);
                break;
            case MailAccountDeleted:
                operations.QueueSqlCommand(
                    $"with gone as (delete from mail_account_list where account_id = ? returning home_node, domain) {NodeMailboxes.RemoveSql}", e.StreamKey!);
                break;
            case MailAccountCapacityChanged c:
                Set(operations, e, "capacity_mb", c.CapacityMb);
                break;
            case MailAccountCommentChanged c:
                operations.QueueSqlCommand(
                    "update mail_account_list set comment = ?, search = lower(address || ?) where account_id = ?", OrNull(c.Comment), $"\n{c.Comment}", e.StreamKey!);
                break;
        }

        return ValueTask.CompletedTask;
    }

    private static void Set(IDocumentOperations operations, IEvent e, string column, object value)
        => operations.QueueSqlCommand($"update mail_account_list set {column} = ? where account_id = ?", value, e.StreamKey!);

    // A deletion of mail that began later is still under way, so its columns stay.
    private static void EndMailDeletion(IDocumentOperations operations, IEvent e, string jobId)
        => operations.QueueSqlCommand(
            "update mail_account_list set mail_deletion_job = null, mail_deletion_at = null where account_id = ? and mail_deletion_job = ?", e.StreamKey!, jobId);

    private static void SetPassword(IDocumentOperations operations, IEvent e, string credentialId, bool forced)
        => operations.QueueSqlCommand(
            "update mail_account_list set credential_id = ?, password_forcibly_changed = ? where account_id = ?", credentialId, forced, e.StreamKey!);

    private static object OrNull(string? text) => (object?)text ?? DBNull.Value;
}
