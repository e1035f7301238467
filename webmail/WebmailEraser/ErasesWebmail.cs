using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.WebmailEraser;

/// <summary>
/// Erases what Roundcube keeps of an account (ACC-5): its sessions, and its user, with which go identities, contacts and their groups, settings,
/// stored answers, searches, files and caches (they refer to it with <c>on delete cascade</c>). As long as Roundcube has not made its tables
/// this fails, and is repeated.
/// </summary>
public sealed class ErasesWebmail(NpgsqlDataSource database) : IErasesAccounts
{
    /// <inheritdoc/>
    public Task EraseAsync(MailAccountDeletionStarted deletion, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(deletion);
        var account = deletion.AccountId;
        return database.ExecuteAllAsync(
            [
                // A session's variables are PHP's serialization in base64.
                $"""
                 delete from session using login_name n where n.account_id = {account}
                 and position(convert_to('username|s:' || octet_length(n.login) || ':"' || n.login || '";', 'UTF8') in decode(session.vars, 'base64')) > 0
                 """,
                $"delete from users using login_name n where n.account_id = {account} and users.username = n.login",
                $"delete from login_name where account_id = {account}",
            ],
            stop);
    }
}
