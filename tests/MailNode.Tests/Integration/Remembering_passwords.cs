using System.Net.Http.Json;
using Hikyaku.Platform.Testing;
using MailKit.Security;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>
/// That a login is not hashed is proved by spoiling the stored hash (its salt, the mark, stays): what logs in then was
/// known, and everything else is refused.
/// </summary>
public sealed class Remembering_passwords(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private const string Other = "Hanafubuki-93ab";
    private static readonly string[] Ways = ["IMAP", "POP3", "SUBMISSION"];
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "NOD-2"), Trait("Rule", "ACC-15")]
    public async Task After_one_login_the_password_is_known_to_every_protocol_and_spelling()
    {
        var account = await Account.OpenAsync(_node, domain: "xn--r8jz45g.jp");
        var name = account.Address.Split('@')[0];
        string[] spellings = [account.Address, account.Address.ToUpperInvariant(), $"{name}@例え.jp", $"{name.ToUpperInvariant()}@例え.JP"];
        await BecomeKnownAsync(account, spellings[^1]);
        SpoilHash(account);

        // Dovecot delays what it refuses; at the same time that is waited for once.
        await Parallel.ForEachAsync(spellings.SelectMany(s => Ways.Select(w => (s, w))), new ParallelOptions { MaxDegreeOfParallelism = 12 }, async (one, _) =>
        {
            var (spelling, way) = one;
            await LogInAsync(way, spelling, account.Secret);
            await RefusedAsync(way, spelling, account.Secret.ToUpperInvariant());
            await RefusedAsync(way, spelling, account.Secret + "'");
            await RefusedAsync(way, spelling, "x");
        });

        Assert.Equal(1, Known(account));
    }

    [Fact, Trait("Rule", "NOD-2")]
    public async Task Nobody_else_with_the_same_password_is_known_by_it()
    {
        var (known, other) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        await BecomeKnownAsync(known);
        SpoilHash(other);
        await RefusedAsync("IMAP", other.Address, other.Secret);
    }

    [Fact, Trait("Rule", "NOD-2")]
    public async Task A_wrong_password_is_never_remembered()
    {
        var account = await Account.OpenAsync(_node);
        await RefusedEverywhereAsync(account.Address, Other);
        await EverythingToldIsWrittenAsync();
        Assert.Equal(0, Known(account));

        await BecomeKnownAsync(account);
        await RefusedEverywhereAsync(account.Address, Other);
        await EverythingToldIsWrittenAsync();
        await LogInAsync("IMAP", account.Address, account.Secret);
        await RefusedAsync("IMAP", account.Address, Other);
    }

    [Theory, Trait("Rule", "NOD-1"), Trait("Rule", "ACC-7")]
    [InlineData("IMAP")]
    [InlineData("POP3")]
    [InlineData("SUBMISSION")]
    public async Task A_password_that_was_known_is_refused_once_its_change_is_in_force(string way)
    {
        var account = await Account.OpenAsync(_node);
        await BecomeKnownAsync(account);
        await LogInAsync(way, account.Address, account.Secret);
        await account.ChangePasswordAsync(Other);
        await RefusedAsync(way, account.Address, account.Secret);
        await account.SessionsEndedAsync();
        await LogInAsync(way, account.Address, Other);
        await EverythingToldIsWrittenAsync();
        await RefusedAsync(way, account.Address, account.Secret);
    }

    [Fact, Trait("Rule", "NOD-1"), Trait("Rule", "ACC-7")]
    public async Task A_login_of_before_a_change_that_is_told_after_it_is_not_remembered()
    {
        var account = await Account.OpenAsync(_node);
        await BecomeKnownAsync(account);
        var (mark, proof) = Row(account);
        await account.ChangePasswordAsync(Other);
        Assert.Equal(0, Known(account));

        await TellAsync(account, mark, proof);
        await EverythingToldIsWrittenAsync();
        Assert.Equal(0, Known(account));
        await RefusedAsync("IMAP", account.Address, account.Secret);

        // And were it written, it would not count.
        Write("INSERT INTO verified_password VALUES ($1, $2, $3)", account.State.AccountId, mark, proof);
        await RefusedEverywhereAsync(account.Address, account.Secret);
    }

    [Fact, Trait("Rule", "ACC-7"), Trait("Rule", "ACC-5")]
    public async Task A_deleted_account_is_refused_and_a_later_life_has_its_own_password()
    {
        var first = await Account.OpenAsync(_node, name: "known-again");
        await BecomeKnownAsync(first);
        var (mark, proof) = Row(first);
        await first.ChangeAsync(s => s with { Deleted = true, PasswordHash = null }, null);
        await RefusedEverywhereAsync(first.Address, first.Secret);

        await TellAsync(first, mark, proof);
        await EverythingToldIsWrittenAsync();
        Assert.Equal(0, Known(first));
        var second = await (await Account.OpenAsync(_node, Other, name: "known-other")).ChangeAsync(s => s with { Address = first.Address, Life = 2 }, Other);
        await TellAsync(first, mark, proof);
        await EverythingToldIsWrittenAsync();
        await RefusedEverywhereAsync(first.Address, first.Secret);
        // The accounts service gives the name away only then.
        await Eventually.Async(() => first.IsErased(), TimeSpan.FromSeconds(40));
        await second.SessionsEndedAsync();
        await LogInAsync("IMAP", first.Address, second.Secret);
    }

    [Fact, Trait("Rule", "NOD-2"), Trait("Rule", "ACC-7")]
    public async Task Known_passwords_stay_without_agent_and_dovecot_and_end_with_a_missed_change()
    {
        var account = await Account.OpenAsync(_node);
        await BecomeKnownAsync(account);
        SpoilHash(account);
        await _node.StopAgentAsync();
        foreach (var way in Ways) await LogInAsync(way, account.Address, account.Secret);
        await _node.StopDovecotAsync();
        await _node.StartDovecotAsync();
        foreach (var way in Ways) await LogInAsync(way, account.Address, account.Secret);

        var changed = await account.ChangePasswordAsync(Other, wait: false);
        await _node.StartAgentAsync();
        await Eventually.Async(() => _node.Accounts.Applied >= changed.State.Position);
        await RefusedEverywhereAsync(account.Address, account.Secret);
        await BecomeKnownAsync(changed);
    }

    [Fact, Trait("Rule", "NOD-1")]
    public async Task Where_logins_without_tls_are_refused_a_known_password_is_so_too()
    {
        await using var strict = await MailNodeUnderTest.StartAsync(plaintext: "refuse");
        var account = await Account.OpenAsync(strict);
        using (var imap = await strict.ImapAsync("IMAP", SecureSocketOptions.StartTls)) await imap.AuthenticateAsync(account.Address, account.Secret);
        await Eventually.Async(() => strict.AskReplica("SELECT count(*) FROM verified_password") == 1);
        using (var imap = await strict.ImapAsync("IMAP", SecureSocketOptions.StartTls)) await imap.AuthenticateAsync(account.Address, account.Secret);
        using (var imap = await strict.ImapAsync()) await Assert.ThrowsAsync<AuthenticationException>(() => imap.AuthenticateAsync(account.Address, account.Secret));
        using (var pop = await strict.Pop3Async()) await Assert.ThrowsAsync<AuthenticationException>(() => pop.AuthenticateAsync(account.Address, account.Secret));
    }

    [Fact, Trait("Rule", "SEC-4")]
    public async Task No_password_proof_mark_or_key_is_in_a_log_and_only_root_reads_the_key()
    {
        var account = await Account.OpenAsync(_node);
        await BecomeKnownAsync(account);
        foreach (var way in Ways)
        {
            await LogInAsync(way, account.Address, account.Secret);
            await RefusedAsync(way, account.Address, Other);
        }

        var (mark, proof) = Row(account);
        var key = (await File.ReadAllTextAsync(Path.Combine(_node.Memory, "login.key"))).Trim();
        Assert.Equal(64, key.Length);
        await Eventually.Async(() => _node.ServerLogs.Contains(account.Address, StringComparison.Ordinal));
        foreach (var secret in new[] { account.Secret, Other, mark, proof, key })
            Assert.DoesNotContain(secret, _node.ServerLogs, StringComparison.Ordinal);

        const UnixFileMode OnlyRoot = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        foreach (var file in new[] { "login.key", "sql.conf" }) Assert.Equal(OnlyRoot, File.GetUnixFileMode(Path.Combine(_node.Memory, file)));
        Assert.Equal(OnlyRoot | UnixFileMode.UserExecute, File.GetUnixFileMode(_node.Memory + "/."));
        // Nothing of it on the disk: a backup of the replica is no help in guessing. (Another process reads: to close a
        // database's file in this one would take away SQLite's locks.)
        await GuardedProcess.RunAsync("root", "bash", "-c", $"cd {_node.Home}/mailnode && grep -rqF {account.Address} . && ! grep -rqF {key} .");
    }

    private async Task BecomeKnownAsync(Account account, string? spelling = null)
    {
        await LogInAsync("IMAP", spelling ?? account.Address, account.Secret);
        await Eventually.Async(() => Known(account) == 1);
    }

    private async Task LogInAsync(string way, string login, string password)
    {
        using MailKit.MailService client = way switch
        {
            "IMAP" => await _node.ImapAsync(),
            "POP3" => await _node.Pop3Async(),
            _ => await _node.SmtpAsync("SUBMISSION", SecureSocketOptions.StartTls),
        };
        await client.AuthenticateAsync(login, password);
        await client.DisconnectAsync(true);
    }

    private Task RefusedEverywhereAsync(string login, string password) => Task.WhenAll(Ways.Select(way => RefusedAsync(way, login, password)));

    // For good, not "try again later".
    private async Task RefusedAsync(string way, string login, string password)
    {
        var refused = await Assert.ThrowsAsync<AuthenticationException>(() => LogInAsync(way, login, password));
        Assert.DoesNotContain("temporar", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    // As Dovecot does.
    private async Task TellAsync(Account account, string mark, string proof)
    {
        using var http = new HttpClient();
        using var answer = await http.PostAsJsonAsync(new Uri($"http://127.0.0.1:{_node.Port("MAILNODE")}/auth-policy?command=report"),
            new { login = account.Address, protocol = "imap", success = true, mark, proof, known = "" });
        answer.EnsureSuccessStatusCode();
    }

    // What is told is written in its order.
    private async Task EverythingToldIsWrittenAsync() => await BecomeKnownAsync(await Account.OpenAsync(_node));

    private (string Mark, string Proof) Row(Account account)
    {
        using var replica = Open();
        return replica.All("SELECT password_mark, proof FROM verified_password WHERE account_id = $1", r => (r.GetString(0), r.GetString(1)), account.State.AccountId).Single();
    }

    private long Known(Account account) => _node.AskReplica("SELECT count(*) FROM verified_password WHERE account_id = $1", account.State.AccountId);

    private void SpoilHash(Account account)
        => Write("UPDATE mailbox SET password_hash = substr(password_hash, 1, length(password_hash) - 43) || $2 WHERE account_id = $1", account.State.AccountId, new string('A', 43));

    private void Write(string sql, params object?[] parameters)
    {
        using var replica = Open();
        Assert.Equal(1, replica.Run(sql, parameters));
    }

    private SqliteConnection Open()
    {
        var replica = new SqliteConnection($"Data Source={_node.Replica};Mode=ReadWrite;Pooling=False;Default Timeout=10");
        replica.Open();
        return replica;
    }
}
