using Hikyaku.Gateway.Sessions;
using Hikyaku.Gateway.Tokens;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>Tokens on a database of their own, by a clock that moves when it is told to.</summary>
[Trait("Rule", "GWY-2")]
public sealed class Tokens_over_time : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly SteppedTime _time = new();
    private NpgsqlDataSource _database = null!;
    private SessionStore _sessions = null!;
    private TokenStore _tokens = null!;

    public async ValueTask InitializeAsync()
    {
        _database = NpgsqlDataSource.Create(await PostgresServer.NewDatabaseAsync());
        await new SessionSchema(_database).StartAsync(None);
        await new TokenSchema(_database).StartAsync(None);
        await new ErasedAccountsSchema(_database).StartingAsync(None);
        (_sessions, _tokens) = (new(_database, _time), new(_database, _time));
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_token_counts_until_the_very_moment_of_its_end()
    {
        var (text, token) = await NewAsync(await SignInAsync(Roles.Admin, "admin1", "example.jp"), TimeSpan.FromDays(2));
        _time.Pass(TimeSpan.FromDays(2) - TimeSpan.FromTicks(10)); // PostgreSQL keeps microseconds
        Assert.Equal(token.Id, (await AskAsync(text)).Asker!.Session.Id);

        _time.Pass(TimeSpan.FromTicks(10));

        Assert.Equal("tokens.expired", (await AskAsync(text)).Refusal!.Code);
    }

    [Fact]
    public async Task Its_last_use_is_noted_at_most_once_a_minute()
    {
        var owner = await SignInAsync(Roles.Admin, "admin1", "example.jp");
        var (text, token) = await NewAsync(owner);
        Assert.Null((await _tokens.OfOwnerAsync(owner, token.Id, None))!.LastUsedAt);
        var first = _time.GetUtcNow();

        await AskAsync(text, "192.0.2.7");
        _time.Pass(TimeSpan.FromSeconds(59));
        await AskAsync(text, "192.0.2.8");
        await new TokenStore(_database, _time).NoteUseAsync(token, "192.0.2.9"); // another gateway
        var used = await _tokens.OfOwnerAsync(owner, token.Id, None);
        Assert.Equal((first, "192.0.2.7"), (used!.LastUsedAt!.Value, used.LastUsedAddress));

        _time.Pass(TimeSpan.FromSeconds(1));
        await AskAsync(text, "192.0.2.10");
        used = await _tokens.OfOwnerAsync(owner, token.Id, None);
        Assert.Equal((first.AddMinutes(1), "192.0.2.10"), (used!.LastUsedAt!.Value, used.LastUsedAddress));
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task A_domain_that_was_taken_stays_taken_when_sessions_need_not_know_it_any_more()
    {
        var (text, _) = await NewAsync(await SignInAsync(Roles.Admin, "admin1", "example.com", "example.jp"));
        await _sessions.AppointmentAsync("admin1", "example.jp", false, 7, _time.GetUtcNow(), None);

        _time.Pass(TimeSpan.FromDays(3));
        while (await _sessions.CleanAsync(None)) { }

        Assert.Equal(["example.com"], (await AskAsync(text)).Asker!.Session.Domains);
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task A_token_goes_for_good_with_the_last_domain_that_it_reaches()
    {
        var owner = await SignInAsync(Roles.Admin, "admin1", "example.com", "example.jp");
        var (all, _) = await NewAsync(owner);
        var (one, _) = await NewAsync(owner, only: "example.jp");
        await DismissAsync("example.jp", 7);
        Assert.Equal("tokens.revoked", (await AskAsync(one)).Refusal!.Code);
        Assert.Equal(["example.com"], (await AskAsync(all)).Asker!.Session.Domains);

        await DismissAsync("example.com", 8);
        foreach (var domain in new[] { "example.com", "example.jp" }) await _sessions.AppointmentAsync("admin1", domain, true, 9, _time.GetUtcNow(), None);
        _time.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal("tokens.revoked", (await AskAsync(one)).Refusal!.Code);
        Assert.Equal("tokens.revoked", (await AskAsync(all)).Refusal!.Code);
        Assert.Empty(await _tokens.OfOwnerAsync(owner, None));

        async Task DismissAsync(string domain, long position)
        {
            await _sessions.AppointmentAsync("admin1", domain, false, position, _time.GetUtcNow(), None);
            await _tokens.RevokeWithoutDomainAsync("admin1", None);
            _time.Pass(TimeSpan.FromSeconds(2)); // what is remembered of a token counts for a second
        }
    }

    [Fact, Trait("Rule", "ACC-7")]
    public async Task A_changed_password_ends_older_tokens_for_good_and_not_those_made_after_it()
    {
        var owner = await SignInAsync(Roles.Admin, "admin1", "example.jp");
        var other = await SignInAsync(Roles.Admin, "admin1", "example.jp");
        var (old, _) = await NewAsync(owner);
        await _sessions.PasswordChangedAsync("admin1", 5, owner.Id, _time.GetUtcNow(), None);
        var (fresh, _) = await NewAsync(owner);
        Assert.Null(await TryAsync(other)); // its session has ended
        Assert.Equal("tokens.revoked", (await AskAsync(old)).Refusal!.Code);
        Assert.NotNull((await AskAsync(fresh)).Asker);

        _time.Pass(TimeSpan.FromDays(3));
        while (await _sessions.CleanAsync(None)) { } // the change itself is forgotten

        Assert.Equal("tokens.revoked", (await AskAsync(old)).Refusal!.Code);
        Assert.NotNull((await AskAsync(fresh)).Asker);
        await _sessions.PasswordChangedAsync("admin1", 6, null, _time.GetUtcNow(), None);
        _time.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal("tokens.revoked", (await AskAsync(fresh)).Refusal!.Code);
    }

    [Fact, Trait("Rule", "ACC-5"), Trait("Rule", "OPS-6")]
    public async Task An_erased_accounts_tokens_leave_nothing_and_none_comes_after()
    {
        var owner = await SignInAsync(Roles.User, "taro@example.jp");
        var (text, _) = await NewAsync(owner);
        await _database.ExecuteAsync($"insert into erased_account (account_id) values ({owner.AccountId})", None);

        await _tokens.EraseAsync(owner.AccountId!, None);
        Assert.Null(await TryAsync(owner));
        _time.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal("tokens.wrong", (await AskAsync(text)).Refusal!.Code);
        Assert.Equal(0L, await _database.ValueAsync<long>($"select count(*) from api_token", None));
    }

    [Fact]
    public async Task One_login_has_a_hundred_tokens_at_most_however_many_are_made_at_once()
    {
        var (owner, neighbour) = (await SignInAsync(Roles.User, "taro@example.jp"), await SignInAsync(Roles.User, "hanako@example.jp"));

        var made = await Task.WhenAll(Enumerable.Range(0, 130).Select(_ => TryAsync(owner)));

        Assert.Equal(100, made.Count(m => m is not null));
        Assert.Equal(100, (await _tokens.OfOwnerAsync(owner, None)).Count);
        Assert.NotNull(await TryAsync(neighbour));
        Assert.True(await _tokens.RevokeAsync(owner, made.First(m => m is not null)!.Value.Token.Id, None));
        Assert.NotNull(await TryAsync(owner));
    }

    [Fact]
    public async Task What_ended_is_told_apart_from_what_never_was_for_30_days()
    {
        var owner = await SignInAsync(Roles.Admin, "admin1", "example.jp");
        var (text, token) = await NewAsync(owner);
        Assert.True(await _tokens.RevokeAsync(owner, token.Id, None));
        _time.Pass(TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1));
        Assert.False(await _tokens.CleanAsync(None));
        Assert.Equal("tokens.revoked", (await AskAsync(text)).Refusal!.Code);

        _time.Pass(TimeSpan.FromSeconds(1));
        Assert.False(await _tokens.CleanAsync(None));

        Assert.Equal("tokens.wrong", (await AskAsync(text)).Refusal!.Code);
        Assert.Equal("tokens.wrong", (await AskAsync(ApiToken.Create())).Refusal!.Code);
        Assert.Equal("tokens.wrong", (await AskAsync("hky_")).Refusal!.Code);
    }

    private async Task<Session> SignInAsync(string role, string login, params string[] domains)
    {
        var now = _time.GetUtcNow();
        var session = new Session(Guid.NewGuid(), role, login, role == Roles.User ? Guid.NewGuid().ToString("N") : null, domains, 0, false, "192.0.2.1", now, now + Session.Lifetime);
        await _sessions.AddAsync(SessionToken.HashOf(SessionToken.Create())!.Value, session, 1, None);
        return session;
    }

    private async Task<(string Text, ApiToken Token)> NewAsync(Session owner, TimeSpan? life = null, string? only = null)
        => await TryAsync(owner, life, only) ?? throw new InvalidOperationException("No token was made");

    private async Task<(string Text, ApiToken Token)?> TryAsync(Session owner, TimeSpan? life = null, string? only = null)
    {
        var now = _time.GetUtcNow();
        var (text, token) = (ApiToken.Create(), NewToken.Of(new("x", ["jobs:read"], only is null ? null : [only], life is null ? null : now + life), owner, "192.0.2.1", now));
        return await _tokens.AddAsync(ApiToken.HashOf(text)!.Value, token, owner.Id, None) ? (text, token) : null;
    }

    private async Task<(Asker? Asker, ProblemCode? Refusal)> AskAsync(string text, string from = "192.0.2.1")
    {
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = System.Net.IPAddress.Parse(from);
        http.Request.Headers.Authorization = $"Bearer {text}";
        return await new SessionReader(_sessions, _tokens, _time).ReadAsync(http);
    }
}
