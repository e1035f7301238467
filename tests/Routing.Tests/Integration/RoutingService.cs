global using Reply = Hikyaku.Platform.Testing.ServiceReply;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

[assembly: AssemblyFixture(typeof(Hikyaku.Routing.Tests.Integration.RoutingService))]

namespace Hikyaku.Routing.Tests.Integration;

/// <summary>The real routing service.</summary>
public sealed class RoutingService() : ServiceUnderTest(Program.Service, Program.Build), IAsyncLifetime
{
    /// <summary>Sends a request about an account, as its user unless told otherwise.</summary>
    public Task<Reply> SendAsync(HttpMethod method, Target account, string path, object? body = null, Caller? caller = null, params (string Name, string Value)[] headers)
        => SendAsync(method, path.StartsWith('/') ? path : $"/api/v1/accounts/{account.Address}/{path}", caller ?? UserOf(account), account, body, headers);

    public Task<Reply> GetAsync(Target account, string path, Caller? caller = null) => SendAsync(HttpMethod.Get, account, path, null, caller);

    public Task<Reply> ForwardAsync(Target account, string condition, string? keyword, params string[] destinations)
        => SendAsync(HttpMethod.Post, account, "forwarding-rules", new { condition, keyword, destinations });
}

/// <summary>What its answers hold.</summary>
internal static class RoutingReplies
{
    extension(Reply reply)
    {
        /// <summary>The conditions, keywords and destinations of a list of rules.</summary>
        public string[] Rules => [.. reply.Body!["items"]!.AsArray().Select(r => $"{r!["condition"]} {r["keyword"]} {string.Join(' ', r["destinations"]!.AsArray())}")];
    }
}
