using System.Net;
using Hikyaku.Copier.Tests.Integration;
using Hikyaku.Platform.Testing;

namespace Hikyaku.DataCopy.Tests.Integration;

public sealed class Refused_copies(CopyPlatform platform)
{
    private readonly CopyingAccount _copy = platform.NewCopy();

    [Fact, Trait("Rule", "CPY-9")]
    public async Task Without_the_own_password_nothing_is_copied()
    {
        var refused = await _copy.StartAsync(proven: false);
        Assert.Equal(((HttpStatusCode)422, "datacopy.own-password-wrong"), (refused.Status, refused.Codes.Single()));
        var looked = await _copy.StartAsync(query: "?dryRun=true", proven: false);
        Assert.Equal("datacopy.own-password-wrong", looked.Codes.Single());
        Assert.Empty((await _copy.SendAsync(HttpMethod.Get, "")).Body!["items"]!.AsArray());
    }

    [Fact, Trait("Rule", "CPY-1"), Trait("Rule", "GWY-3")]
    public async Task Every_rule_that_is_broken_is_named_in_the_readers_language()
    {
        var refused = await _copy.StartAsync(
            new { host = "no host", port = 0, security = "ssl", userName = "a\nb", acceptInvalidCertificate = 7 }, notify: "nobody", headers: ("Accept-Language", "ja"));
        Assert.Equal(
            ["datacopy.host-invalid", "datacopy.port-range", "datacopy.security-unknown", "datacopy.user-name-invalid", "datacopy.secret-missing", "datacopy.certificate-unreadable", "datacopy.notify-invalid"],
            refused.Codes);
        Assert.Equal("コピー元のメールサーバー名を正しく入力してください。", (string)refused.Body!["errors"]![0]!["detail"]!);
        Assert.Equal("source.host", (string)refused.Body["errors"]![0]!["field"]!);
        Assert.Equal(["datacopy.secret-twice"], (await _copy.StartAsync(new { host = "imap.example.com", password = "a", accessToken = "b" })).Codes.Where(c => c != "datacopy.unknown-host"));
        Assert.Equal(["datacopy.host-invalid", "datacopy.secret-missing"], (await _copy.StartAsync(new { })).Codes);
    }

    [Theory, Trait("Rule", "CPY-8"), Trait("Rule", "SEC-3")]
    [InlineData("10.1.2.3")]
    [InlineData("192.168.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("fe80::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("fd00::1")]
    [InlineData("0")]
    public async Task A_private_address_is_refused_before_anything_begins(string host)
    {
        var refused = await _copy.StartAsync(new { host, password = "x" });
        Assert.Equal(((HttpStatusCode)422, "datacopy.address-refused"), (refused.Status, refused.Codes.Single()));
        Assert.Equal("datacopy.address-refused", (await _copy.StartAsync(new { host, password = "x" }, "?dryRun=true")).Codes.Single());
    }

    [Fact, Trait("Rule", "CPY-8")]
    public async Task Ports_of_other_protocols_and_unknown_names_are_refused()
    {
        Assert.Equal(["datacopy.port-refused"], (await _copy.StartAsync(new { host = "192.0.9.9", port = 22, password = "x" })).Codes);
        Assert.Equal(["datacopy.unknown-host"], (await _copy.StartAsync(new { host = "no-such-host.invalid", password = "x" })).Codes);
    }

    [Fact, Trait("Rule", "CPY-6")]
    public async Task Of_two_copies_that_are_begun_at_once_one_runs()
    {
        await _copy.Source.StoreAsync("INBOX", Mailbox.Message("a"));
        var both = await Task.WhenAll(_copy.StartAsync(), _copy.StartAsync());
        var begun = Assert.Single(both, r => r.Status == HttpStatusCode.Accepted);
        Assert.Equal((HttpStatusCode.Conflict, "datacopy.already-running"), (both.Single(r => r != begun).Status, both.Single(r => r != begun).Codes.Single()));
        await _copy.EndedAsync((string)begun.Body!["id"]!);
        Assert.Single(await _copy.Destination.ReadAsync("INBOX"));
    }

    [Fact, Trait("Rule", "ROLE-1"), Trait("Rule", "ROLE-2")]
    public async Task A_copy_is_its_users_own()
    {
        var id = (string)(await _copy.StartAsync()).Body!["id"]!;
        foreach (var caller in new[] { ServiceUnderTest.Operator, ServiceUnderTest.AdminOf(_copy.Account.Domain) })
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await _copy.SendAsync(HttpMethod.Get, "", null, caller)).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await _copy.SendAsync(HttpMethod.Post, "", new { }, caller)).Status);
        }

        var other = ServiceUnderTest.NewAccount(_copy.Account.Domain);
        Assert.Equal(HttpStatusCode.NotFound, (await _copy.SendAsync(HttpMethod.Get, $"/{id}", null, ServiceUnderTest.UserOf(other))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await platform.SendAsync(HttpMethod.Get, $"/api/v1/jobs/{id}", ServiceUnderTest.UserOf(other))).Status);
        await _copy.EndedAsync(id);
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task The_same_request_again_is_the_same_copy()
    {
        var first = await _copy.StartAsync(headers: ("Idempotency-Key", "k1"));
        var again = await _copy.StartAsync(headers: ("Idempotency-Key", "k1"));
        Assert.Equal((HttpStatusCode.Accepted, (string)first.Body!["id"]!), (again.Status, (string)again.Body!["id"]!));
        await _copy.EndedAsync((string)first.Body["id"]!);
    }
}
