global using Reply = Hikyaku.Platform.Testing.ServiceReply;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Spam.Tests.Integration;

/// <summary>The real spam service. It has no resolver.</summary>
public class SpamService() : ServiceUnderTest(
    Program.Service,
    args => Program.Build(["--Hikyaku:Spam:MailHosts=mx1.hikyaku.test,MX2.hikyaku.test.", "--Hikyaku:Spam:NameServers=ns1.hikyaku.test, ns2.hikyaku.test", .. args])), IAsyncLifetime
{
    /// <summary>Stops it and starts it anew.</summary>
    /// <param name="settings">Settings instead of the usual ones.</param>
    public async Task RestartAsync(params string[] settings)
    {
        await StopAsync();
        await StartAsync(settings);
    }

    /// <summary>Sends a request about an account, as its user unless told otherwise.</summary>
    public Task<Reply> SendAsync(HttpMethod method, Target account, string path, object? body = null, Caller? caller = null, params (string Name, string Value)[] headers)
        => SendAsync(method, path.StartsWith('/') ? path : $"/api/v1/accounts/{account.Address}/{path}", caller ?? UserOf(account), account, body, headers);

    /// <summary>Sends a request about a domain.</summary>
    public Task<Reply> SendAsync(HttpMethod method, string domain, string path, object? body, Caller caller, params (string Name, string Value)[] headers)
        => SendAsync(method, $"/api/v1/domains/{domain}/{path}", caller, null, body, headers);

    public Task<Reply> GetAsync(Target account, string path, Caller? caller = null) => SendAsync(HttpMethod.Get, account, path, null, caller);

    public Task<Reply> DnsAsync(string domain, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, domain, "dns", null, Operator, headers);

    public Task<Reply> CheckAsync(string domain) => SendAsync(HttpMethod.Post, domain, "dns/check", null, Operator);

    public Task<Reply> SetAsync(Target account, bool tagSubject, bool sortToJunk, bool? confirm = null) => SendAsync(HttpMethod.Put, account, "spam", new { tagSubject, sortToJunk, confirm });

    /// <summary>The accounts service tells of a domain, as it does when one is added; waits until it is known.</summary>
    public async Task AddDomainAsync(string domain, params DkimRecord[] dkim)
    {
        await PublishAsync(new DomainAdded(Guid.NewGuid(), 1, 1, DateTimeOffset.UtcNow, new("operator", "operator", "", "api", ""), domain, 1, 1, 1));
        if (dkim.Length > 0) await PublishAsync(new DomainRecordsTold(domain, 2, dkim));
        await Eventually.Async(() => AskAsync<bool>($"select exists (select from domain_dns where domain = {domain} and ({dkim.Length == 0} or dkim_version = 2))"), TimeSpan.FromSeconds(60));
    }
}

/// <summary>What its answers hold.</summary>
internal static class SpamReplies
{
    extension(Reply reply)
    {
        /// <summary>The codes of what is missing of a domain's DNS.</summary>
        public string[] Missing => [.. reply.Body!["standing"]!["missing"]!.AsArray().Select(m => (string)m!["code"]!)];
    }
}
