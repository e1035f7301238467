using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using MassTransit;
using Npgsql;

namespace Hikyaku.WebmailEraser;

/// <summary>
/// By which names each account logs in. Deletions name the account's id only, and Roundcube knows nothing but the login name. An account made
/// before this program was there is known from its first login, which is IMAP's in webmail too.
/// </summary>
public sealed class LoginNames(NpgsqlDataSource database)
{
    /// <summary>Keeps a name, unless the account's deletion was seen.</summary>
    public Task KeepAsync(string accountId, string login, CancellationToken stop) => database.ExecuteAllAsync(
        [
            ErasedAccounts.Lock(accountId),
            $"""
             insert into login_name (account_id, login) select {accountId}, {login}
             where not exists (select from erased_account where account_id = {accountId}) on conflict do nothing
             """,
        ],
        stop);
}

/// <summary>Hears of new accounts and of logins by IMAP.</summary>
public sealed class LoginNameConsumer(LoginNames names) : IConsumer<MailAccountCreated>, IConsumer<LoginsObserved>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<MailAccountCreated> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return names.KeepAsync(context.Message.AccountId, context.Message.Address, context.CancellationToken);
    }

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<LoginsObserved> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var logins = context.Message.Logins.Where(l => l is { Protocol: "imap", Success: true, AccountId: not null, Login: not null });
        foreach (var (account, login) in logins.Select(l => (l.AccountId!, l.Login!)).Distinct()) await names.KeepAsync(account, login, context.CancellationToken);
    }
}

/// <summary>Makes the table of <see cref="LoginNames"/>.</summary>
public sealed class LoginNamesSchema(NpgsqlDataSource database) : TablesAtStart(
    database, "login names", "create table if not exists login_name (account_id text not null, login text not null, primary key (account_id, login))");
