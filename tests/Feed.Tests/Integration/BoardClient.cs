using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Npgsql;

namespace Hikyaku.Feed.Tests.Integration;

/// <summary>Somebody who reads the message board.</summary>
internal sealed class BoardClient(FeedService feed, Caller caller)
{
    public static Caller Operator { get; } = new(Roles.Operator, "operator", "0", [], "192.0.2.1", "api");

    public static Caller Admin(params string[] domains) => new(Roles.Admin, $"adm{Guid.NewGuid():N}"[..20], "0", domains, "192.0.2.1", "api");

    public static Caller User(Published_contracts account) => new(Roles.User, account.Address, "0", [], "192.0.2.1", "panel", account.AccountId);

    /// <summary>A notice about an account, as a service raises it.</summary>
    public static NoticeRaised Notice(Published_contracts account, string text = "Something happened", string? replaces = null, DateTimeOffset? at = null) => new(
        Guid.NewGuid(), "password-forcibly-changed", at ?? DateTimeOffset.UtcNow, new(Administrators: true, Operators: true), account.Domain, account.AccountId, account.Address, null,
        new Dictionary<string, string> { ["en"] = text, ["ja"] = $"お知らせ: {text}" }, replaces);

    public async Task<(HttpStatusCode Status, JsonNode? Body)> SendAsync(HttpMethod method, string path, object? body = null, string? language = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = new("Bearer", feed.TokenOf(caller));
        if (language is not null) request.Headers.Add("Accept-Language", language);
        using var answer = await feed.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    public async Task<JsonNode> ReadAsync(string query = "", string? language = null)
    {
        var (status, body) = await SendAsync(HttpMethod.Get, $"/api/v1/notices{query}", null, language);
        Assert.True(status == HttpStatusCode.OK, $"{status} {body}");
        return body!;
    }

    public async Task<List<JsonNode>> ItemsAsync(string query = "") => [.. (await ReadAsync(query))["items"]!.AsArray().Select(i => i!)];

    /// <summary>Waits until so many notices are there.</summary>
    public Task<List<JsonNode>> ItemsAsync(int count, string query = "") => Eventually.Async(() => ItemsAsync(query), i => i.Count == count);

    public static async Task<long> RowsAsync(FeedService feed, Published_contracts account)
    {
        await using var source = NpgsqlDataSource.Create(feed.Database);
        await using var command = source.CreateCommand("select count(*) from notice n where n::text like '%' || $1 || '%' or n::text like '%' || $2 || '%'");
        foreach (var value in new[] { account.AccountId, account.Address }) command.Parameters.Add(new() { Value = value });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
