using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform.Testing;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Gateway.Tests.Specs;

[Trait("Rule", "GWY-2")]
public sealed class SessionTokenSpecs
{
    [Fact]
    public void A_token_has_256_random_bits_and_is_found_by_its_hash()
    {
        var tokens = Enumerable.Range(0, 1000).Select(_ => SessionToken.Create()).ToList();

        Assert.Equal(1000, tokens.Distinct().Count());
        Assert.All(tokens, t => Assert.Equal(43, t.Length));
        Assert.All(tokens, t => Assert.Equal(
            System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(t)), SessionToken.HashOf(t)!.Value.ToBytes()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'")]
    [InlineData("あAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void What_cannot_be_a_token_costs_no_look_up(string? text) => Assert.Null(SessionToken.HashOf(text));
}

[Trait("Rule", "SEC-7")]
public sealed class CrossSiteSpecs
{
    [Theory]
    [InlineData("POST", "same-origin", null, false)]
    [InlineData("POST", "none", null, false)]
    [InlineData("POST", "same-site", null, true)]
    [InlineData("POST", "cross-site", "http://mail.example.jp:8080", true)]
    [InlineData("POST", null, "http://mail.example.jp:8080", false)]
    [InlineData("POST", null, "https://mail.example.jp:8080", false)]
    [InlineData("POST", null, "http://MAIL.example.jp:8080", false)]
    [InlineData("POST", null, "http://mail.example.jp", true)]
    [InlineData("POST", null, "http://evil.example.jp:8080", true)]
    [InlineData("POST", null, "http://mail.example.jp:8080.evil.example", true)]
    [InlineData("POST", null, "null", true)]
    [InlineData("POST", null, null, true)]
    [InlineData("DELETE", null, null, true)]
    [InlineData("PUT", "cross-site", null, true)]
    [InlineData("PATCH", null, null, true)]
    [InlineData("GET", "cross-site", null, false)]
    public void A_change_by_cookie_must_come_from_this_site(string method, string? site, string? origin, bool suspected)
    {
        var http = new DefaultHttpContext();
        http.Request.Method = method;
        http.Request.Host = new HostString("mail.example.jp", 8080);
        if (site is not null) http.Request.Headers["Sec-Fetch-Site"] = site;
        if (origin is not null) http.Request.Headers.Origin = origin;

        Assert.Equal(suspected, CrossSite.IsSuspected(http.Request));
    }

    [Theory]
    [InlineData("https://mail.example.jp", "mail.example.jp")]
    [InlineData("https://mail.example.jp", "mail.example.jp:443")]
    [InlineData("http://mail.example.jp", "mail.example.jp:80")]
    public void A_default_port_may_be_named_or_not(string origin, string host)
    {
        var http = new DefaultHttpContext();
        http.Request.Method = "POST";
        http.Request.Host = new HostString(host);
        http.Request.Headers.Origin = origin;

        Assert.False(CrossSite.IsSuspected(http.Request));
    }

    [Theory]
    [InlineData(null, "a")]
    [InlineData("admin", "a")]
    [InlineData("user", "u")]
    public void Of_two_cookies_the_header_chooses(string? choice, string expected)
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.Cookie = "hikyaku-user=u; hikyaku-admin=a";
        if (choice is not null) http.Request.Headers[SessionCookies.ChoiceHeader] = choice;

        Assert.Equal(expected, SessionCookies.Read(http.Request));
    }

    [Fact]
    public void A_chosen_session_that_is_not_there_is_not_replaced_by_the_other()
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.Cookie = "hikyaku-admin=a";
        http.Request.Headers[SessionCookies.ChoiceHeader] = "user";

        Assert.Null(SessionCookies.Read(http.Request));
    }
}

public sealed class ExpiringCacheSpecs
{
    private readonly SteppedTime _time = new();

    [Fact]
    public async Task Many_who_ask_at_once_load_once_and_again_only_after_its_life()
    {
        var loads = 0;
        var cache = new ExpiringCache<string, string>(TimeSpan.FromSeconds(1), 10, _time);
        var loaded = new TaskCompletionSource<string?>();
        Task<string?> Load(string key)
        {
            loads++;
            return loaded.Task;
        }

        var asking = Enumerable.Range(0, 20).Select(_ => cache.GetAsync("a", Load).AsTask()).ToList();
        loaded.SetResult("value");
        Assert.All(await Task.WhenAll(asking), v => Assert.Equal("value", v));
        Assert.Equal(1, loads);

        _time.Pass(TimeSpan.FromSeconds(1));
        await cache.GetAsync("a", Load);
        Assert.Equal(2, loads);
    }

    [Fact]
    public async Task Neither_missing_nor_failed_ones_are_kept()
    {
        var cache = new ExpiringCache<string, string>(TimeSpan.FromSeconds(1), 10, _time);

        Assert.Null(await cache.GetAsync("a", _ => Task.FromResult<string?>(null)));
        await Assert.ThrowsAsync<TimeoutException>(() => cache.GetAsync("a", _ => Task.FromException<string?>(new TimeoutException())).AsTask());
        Assert.Equal(0, cache.Count);
        Assert.Equal("now", await cache.GetAsync("a", _ => Task.FromResult<string?>("now")));
    }

    [Fact]
    public async Task A_value_that_was_removed_while_it_was_loading_is_not_kept()
    {
        var cache = new ExpiringCache<string, string>(TimeSpan.FromSeconds(1), 10, _time);
        var loaded = new TaskCompletionSource<string?>();
        var first = cache.GetAsync("a", _ => loaded.Task);
        cache.Remove("a");
        loaded.SetResult("before");

        Assert.Equal("before", await first);
        Assert.Equal("after", await cache.GetAsync("a", _ => Task.FromResult<string?>("after")));
    }

    [Fact, Trait("Rule", "PERF-6")]
    public async Task An_early_reload_makes_nobody_wait_and_the_entry_ends_with_its_value()
    {
        var cache = new ExpiringCache<string, string>(TimeSpan.FromSeconds(1), 10, _time, ahead: true);
        var second = new TaskCompletionSource<string?>();
        await cache.GetAsync("a", _ => Task.FromResult<string?>("first"));
        _time.Pass(TimeSpan.FromSeconds(0.4));
        await cache.GetAsync("a", _ => throw new InvalidOperationException("too early"));
        _time.Pass(TimeSpan.FromSeconds(0.2));
        Assert.Equal("first", await cache.GetAsync("a", _ => second.Task));
        Assert.Equal("first", await cache.GetAsync("a", _ => throw new InvalidOperationException("once is enough")));

        second.SetResult("second");
        await Eventually.Async(async () => await cache.GetAsync("a", _ => throw new InvalidOperationException("not yet")) == "second");
        _time.Pass(TimeSpan.FromSeconds(0.9)); // the second one's life began when its load did
        Assert.Equal("second", await cache.GetAsync("a", _ => Task.FromResult<string?>(null)));
        Assert.Equal(0, cache.Count);
    }

    [Fact, Trait("Rule", "PERF-6")]
    public async Task A_failed_early_reload_ends_no_entry_early_and_restores_no_removed_one()
    {
        var cache = new ExpiringCache<string, string>(TimeSpan.FromSeconds(1), 10, _time, ahead: true);
        await cache.GetAsync("a", _ => Task.FromResult<string?>("first"));
        _time.Pass(TimeSpan.FromSeconds(0.6));
        Assert.Equal("first", await cache.GetAsync("a", _ => Task.FromException<string?>(new TimeoutException())));
        _time.Pass(TimeSpan.FromSeconds(0.4));
        await Assert.ThrowsAsync<TimeoutException>(() => cache.GetAsync("a", _ => Task.FromException<string?>(new TimeoutException())).AsTask());

        await cache.GetAsync("a", _ => Task.FromResult<string?>("again"));
        var late = new TaskCompletionSource<string?>();
        _time.Pass(TimeSpan.FromSeconds(0.6));
        await cache.GetAsync("a", _ => late.Task);
        cache.Remove("a");
        late.SetResult("late");
        Assert.Equal("new", await cache.GetAsync("a", _ => Task.FromResult<string?>("new")));
    }

    [Fact]
    public async Task It_never_holds_more_than_its_capacity()
    {
        var cache = new ExpiringCache<int, string>(TimeSpan.FromSeconds(1), 100, _time);
        for (var i = 0; i < 10_000; i++)
        {
            await cache.GetAsync(i, _ => Task.FromResult<string?>("x"));
            Assert.InRange(cache.Count, 1, 100);
        }
    }
}
