using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Copier.Tests.Integration;
using Hikyaku.Platform.Testing;

namespace Hikyaku.DataCopy.Tests.Integration;

/// <summary>What the confirmation screen shows before anything is copied (N-8), and what the user agrees to there.</summary>
public sealed class Checked_sources(CopyPlatform platform)
{
    private readonly CopyingAccount _copy = platform.NewCopy();

    [Fact, Trait("Rule", "CPY-1"), Trait("Rule", "CPY-3")]
    public async Task A_check_tells_folders_counts_and_what_is_too_large_and_stores_nothing()
    {
        await _copy.Source.StoreAsync("INBOX", Mailbox.Message("a", 5_000), Mailbox.Message("huge", CopyPlatform.MaxMessageBytes + 1000));
        await _copy.Source.StoreAsync("INBOX.Sent Items", Mailbox.Message("b"));
        await platform.PublishAsync(new MailAccountCreated(
            Guid.NewGuid(), 1, 1, DateTimeOffset.UtcNow, new("admin", "admin1", "", "api", ""), _copy.Account.AccountId, _copy.Account.Address, _copy.Account.Domain, 1, 1));
        await Eventually.Async(() => platform.AskAsync<bool>($"select exists (select from mailbox_room where account_id = {_copy.Account.AccountId})"));

        var looked = await _copy.StartAsync(query: "?dryRun=true");

        Assert.True(looked.Status == HttpStatusCode.OK, looked.Text);
        var source = looked.Body!;
        Assert.Equal(("plain", _copy.Source.Server.Port), ((string)source["connection"]!["security"]!, (int)source["connection"]!["port"]!));
        Assert.Equal((3, 1, 1_048_576), ((int)source["messages"]!, (int)source["tooLarge"]!, (int)source["freeBytes"]!));
        Assert.True((long)source["bytes"]! > CopyPlatform.MaxMessageBytes);
        Assert.Contains(source["folders"]!.AsArray(), f => ((string)f!["source"]!, (string)f["destination"]!, (int)f["messages"]!) == ("INBOX.Sent Items", "Sent", 1));
        Assert.Equal(["datacopy.messages-too-large"], ProblemsOf(source));
        Assert.Equal(0, await _copy.Destination.CountAsync());
        Assert.Empty((await _copy.SendAsync(HttpMethod.Get, "")).Body!["items"]!.AsArray());
    }

    [Fact, Trait("Rule", "CPY-1"), Trait("Rule", "CPY-10")]
    public async Task What_stands_in_the_way_is_told_before_anything_begins()
    {
        Assert.Equal(["datacopy.source-empty"], ProblemsOf(await CheckAsync(_copy.SourceBody())));
        Assert.Equal(["datacopy.source-password-wrong"], ProblemsOf(await CheckAsync(_copy.SourceBody(password: "wrong"))));
        Assert.Equal(["datacopy.no-tls"], ProblemsOf(await CheckAsync(new { host = "127.0.0.1", port = _copy.Source.Server.Port, security = "tls", userName = _copy.Source.User, password = MailServer.Password })));
        Assert.Equal(["datacopy.connection-refused"], ProblemsOf(await CheckAsync(new { host = "127.0.0.1", port = 9, security = "plain", userName = _copy.Source.User, password = MailServer.Password })));
    }

    [Fact, Trait("Rule", "CPY-8")]
    public async Task An_invalid_certificate_needs_a_consent_that_stands_in_the_history()
    {
        await _copy.Source.StoreAsync("INBOX", Mailbox.Message("a"));
        var found = await CheckAsync(Tls(null));
        Assert.Equal(["datacopy.certificate-invalid"], ProblemsOf(found));
        Assert.Equal((platform.Fingerprint, "not-trusted"), ((string)found["certificate"]!["fingerprint"]!, (string)found["certificate"]!["reason"]!));
        var refused = await _copy.RunAsync(Tls(null));
        Assert.Equal(("failed", "certificate"), ((string)refused["state"]!, (string)refused["cause"]!));
        Assert.Equal("certificate", (string)(await _copy.RunAsync(Tls(new string('0', 64))))["cause"]!);

        Assert.Equal("succeeded", (string)(await _copy.RunAsync(Tls(platform.Fingerprint)))["state"]!);
        Assert.Equal("succeeded", (string)(await _copy.RunAsync(Tls(true)))["state"]!);

        var history = (await platform.SendAsync(HttpMethod.Get, $"/api/v1/accounts/{_copy.Account.Address}/history", ServiceUnderTest.UserOf(_copy.Account), _copy.Account)).Body!["items"]!.AsArray();
        Assert.Contains(history, i => (string)i!["type"]! == "datacopy.copy-requested" && (string?)i["data"]!["acceptedCertificate"] == platform.Fingerprint);
        Assert.Contains(history, i => (string)i!["type"]! == "datacopy.copy-certificate-accepted" && (string)i["data"]!["fingerprint"]! == platform.Fingerprint);
    }

    private object Tls(object? consent)
        => new { host = "127.0.0.1", port = platform.SourceTlsPort, security = "tls", userName = _copy.Source.User, password = MailServer.Password, acceptInvalidCertificate = consent };

    private async Task<JsonNode> CheckAsync(object source) => (await _copy.StartAsync(source, "?dryRun=true")).Body!;

    private static string[] ProblemsOf(JsonNode source) => [.. source["problems"]!.AsArray().Select(p => (string)p!["code"]!)];
}
