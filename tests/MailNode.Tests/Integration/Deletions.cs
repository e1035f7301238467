using Hikyaku.Platform.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Deleting accounts and their mail, and what is left of them on the node.</summary>
internal static class Deletions
{
    public static Task<Account> DeleteAsync(this Account account, bool wait = true)
        => account.ChangeAsync(s => s with { Deleted = true, PasswordHash = null }, null, wait);

    /// <summary>Asks for the deletion of the mail that is there.</summary>
    public static async Task<Account> DeleteMailAsync(this Account account, string job, bool wait = true)
    {
        await NextSecondAsync();
        return await account.DeleteMailAsync(job, account.Node.Accounts.Now, wait);
    }

    /// <summary>Has the node hear now of a deletion that was asked for earlier.</summary>
    /// <param name="account">The account.</param>
    /// <param name="job">The job.</param>
    /// <param name="requestedAt">By the service's clock.</param>
    /// <param name="wait">Whether the node has reported that it obeys.</param>
    public static Task<Account> DeleteMailAsync(this Account account, string job, DateTimeOffset requestedAt, bool wait = true)
        => account.ChangeAsync(s => s with { MailDeletion = new(job, requestedAt) }, account.Password, wait);

    /// <summary>Waits until what is saved from now on is dated later than what was saved before: mail is dated to the second.</summary>
    public static Task NextSecondAsync()
    {
        var second = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return Eventually.Async(() => DateTimeOffset.UtcNow.ToUnixTimeSeconds() > second + 1);
    }

    /// <summary>Whether the node is done with a deleted account, and has told it.</summary>
    public static bool IsErased(this Account account) => account.Node.AskReplica(
        "SELECT count(*) FROM mailbox WHERE account_id = $1 AND deleted_at IS NOT NULL AND erase_due IS NULL AND address = ''", account.State.AccountId) == 1;

    public static bool IsMailDeleted(this Account account, string job)
        => account.Node.AskReplica("SELECT count(*) FROM mail_deletion WHERE account_id = $1 AND job_id = $2 AND finished", account.State.AccountId, job) == 1;

    public static string Folder(this Account account) => Path.Combine(account.Node.Home, "mailnode", "vmail", account.State.AccountId[^2..], account.State.AccountId);

    /// <summary>Where the node puts a folder that it is about to delete.</summary>
    public static string FolderOnItsWayOut(this Account account) => Path.Combine(account.Node.Home, "mailnode", "vmail", "erased", account.State.AccountId);

    /// <summary>Everything that waits in Postfix's queue; fails when the queue cannot be read.</summary>
    public static async Task<IReadOnlyList<QueuedMessage>> QueueAsync(this MailNodeUnderTest node)
        => await node.Agent.GetRequiredService<PostfixQueue>().ReadAsync(_ => true, TestContext.Current.CancellationToken)
            ?? throw new IOException("The queue cannot be read");

    /// <summary>A later account of the same address.</summary>
    public static async Task<Account> NextLifeAsync(this Account account)
    {
        var other = await Account.OpenAsync(account.Node);
        return await other.ChangeAsync(s => s with { Address = account.Address, Life = account.State.Life + 1 }, Account.UsualPassword);
    }

    /// <summary>Puts messages into a folder as files, which is faster than delivering them.</summary>
    /// <param name="account">Of an account that has a mailbox already.</param>
    /// <param name="messages">How many.</param>
    /// <param name="folder">Empty for the inbox.</param>
    public static void Fill(this Account account, int messages, string folder = "")
    {
        var inbox = Path.Combine(account.Folder(), "Maildir", folder);
        var text = "Subject: old\n\nold\n"u8.ToArray();
        for (var i = 0; i < messages; i++)
        {
            var file = Path.Combine(inbox, "cur", $"1700000000.M{i}P1.test:2,S");
            File.WriteAllBytes(file, text);
            Ownership.GiveToMail(file);
        }
    }
}
