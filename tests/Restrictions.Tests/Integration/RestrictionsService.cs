using System.Text.Json.Nodes;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Restrictions.Tests.Integration;

/// <summary>The real restrictions service, and what nodes and the accounts service tell it.</summary>
public sealed class RestrictionsService() : ServiceUnderTest(Program.Service, Program.Build), IAsyncLifetime
{
    /// <summary>Restricts an account as an operator.</summary>
    public Task<ServiceReply> PlaceAsync(Target account, string? kind, string? reason = "spam reported", string? until = null, Caller? caller = null)
        => SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account.Address}/restrictions", caller ?? Operator, account, new { kind, reason, until });

    /// <summary>Lifts restrictions as an operator.</summary>
    public Task<ServiceReply> LiftAsync(Target account, string kind, string? reason = "a mistake", Caller? caller = null)
        => SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{account.Address}/restrictions/{kind}", caller ?? Operator, account, new { reason });

    /// <summary>What restricts an account.</summary>
    public async Task<JsonArray> ReadAsync(Target account, Caller? caller = null, string language = "en")
        => (await SendAsync(HttpMethod.Get, $"/api/v1/accounts/{account.Address}/restrictions", caller ?? Operator, account, null, ("Accept-Language", language))).Body!.AsArray();

    /// <summary>The kinds that hold.</summary>
    public async Task<string[]> KindsAsync(Target account) => [.. (await ReadAsync(account)).Select(r => (string)r!["kind"]!)];

    /// <summary>Waits until exactly these hold.</summary>
    public Task HoldAsync(Target account, params string[] kinds) => Eventually.Async(() => KindsAsync(account), now => now.SequenceEqual(kinds));

    /// <summary>A node tells of failed logins, each with another password unless told otherwise.</summary>
    public Task FailAsync(Target account, string source, int count, Func<int, string?>? password = null, DateTimeOffset? at = null, string node = Node)
        => LogInsAsync(Enumerable.Range(0, count).Select(i => Login(account, source, success: false, at ?? DateTimeOffset.UtcNow, (password ?? (n => $"p{n}"))(i))), node);

    /// <summary>A node tells of a right login.</summary>
    public Task SucceedAsync(Target account, string source, DateTimeOffset? at = null)
        => LogInsAsync([Login(account, source, success: true, at ?? DateTimeOffset.UtcNow, null)]);

    /// <summary>A node tells of logins.</summary>
    public Task LogInsAsync(IEnumerable<LoginObserved> logins, string node = Node) => PublishAsync(new LoginsObserved(node, [.. logins]));

    /// <summary>One login.</summary>
    public static LoginObserved Login(Target account, string source, bool success, DateTimeOffset at, string? password)
        => new(at, at, 1, account.AccountId, account.Address, source, "imap", true, success, password, null, success ? null : "credentials");

    /// <summary>A node tells of a message that was submitted.</summary>
    public Task SendMailAsync(Target account, IEnumerable<string> to, string source = "192.0.2.10", DateTimeOffset? at = null, string? id = null)
    {
        string[] all = [.. to];
        return PublishAsync(new SubmissionsObserved(
            Node, [new(id ?? Guid.NewGuid().ToString("N"), at ?? DateTimeOffset.UtcNow, account.AccountId, account.Address, source, all.Length, all, 1000, "4d0001")]));
    }

    /// <summary>Recipients that nobody else has.</summary>
    public static IEnumerable<string> Strangers(int count) => Enumerable.Range(0, count).Select(i => $"{Guid.NewGuid():N}@elsewhere.example");

    /// <summary>The accounts service tells that an account's password was changed.</summary>
    public Task ChangePasswordAsync(Target account, string role, string address, DateTimeOffset? at = null)
        => PublishAsync(new MailAccountPasswordChanged(Guid.NewGuid(), 1, 2, at ?? DateTimeOffset.UtcNow, new CausedBy(role, account.Address, address, "panel", "s"), account.AccountId, account.Domain));

    /// <summary>The accounts service tells that an account was made.</summary>
    public Task CreateAsync(Target account, int capacityMb = 10)
        => PublishAsync(new MailAccountCreated(
            Guid.NewGuid(), 1, 1, DateTimeOffset.UtcNow, new CausedBy("operator", "operator", "", "api", ""), account.AccountId, account.Address, account.Domain, account.Life, capacityMb));

    /// <summary>The accounts service tells that a domain was added; waits until that is known.</summary>
    public async Task AddDomainAsync(string domain)
    {
        await PublishAsync(new DomainAdded(Guid.NewGuid(), 1, 1, DateTimeOffset.UtcNow, new CausedBy("operator", "operator", "", "api", ""), domain, 1, 1, 1));
        await Eventually.Async(() => AskAsync<bool>($"select exists (select from known_domain where domain = {domain})"));
    }

    /// <summary>The facts of an account that were stored.</summary>
    public Task<long> LoginFactsAsync(Target account) => AskAsync<long>($"select count(*) from login where account_id = {account.AccountId}");
}
