using System.Text;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Feed.Tests.Integration;

/// <summary>What the library that receivers of Standard Webhooks use says of our deliveries.</summary>
[Trait("Rule", "OPS-2")]
public sealed class Webhooks_for_receivers(WebhookFeed fixture) : IClassFixture<WebhookFeed>, IDisposable
{
    private readonly NodeScripts _node = new();

    [Fact]
    public async Task The_receivers_library_takes_what_we_sign_also_after_a_rotation_and_nothing_else()
    {
        var client = new WebhookClient(fixture.Feed);
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = new Published_contracts(Published_contracts.NewDomain());
        var hook = await client.RegisterAsync(receiver.Url, account.Domain);
        await fixture.Feed.RecordAsync(account.Created());
        var first = (await receiver.TakeAsync(1))[0];
        var rotated = await client.SendAsync(HttpMethod.Post, $"/{hook["id"]}/rotate-secret");
        await fixture.Feed.RecordAsync(account.Capacity(7));
        var second = (await receiver.TakeAsync(2))[1];
        var (before, after) = (hook["secret"]!.GetValue<string>(), rotated.Text("secret"));

        Assert.Equal("accounts.mail-account-created", (await VerifyAsync(before, first, first.Body))["event"]!["type"]!.GetValue<string>());
        Assert.Equal(7, (await VerifyAsync(after, second, second.Body))["event"]!["data"]!["capacityMb"]!.GetValue<int>());
        Assert.Equal(7, (await VerifyAsync(before, second, second.Body))["event"]!["data"]!["capacityMb"]!.GetValue<int>());
        Assert.Equal("WebhookVerificationError", (await VerifyAsync(after, first, first.Body))["fault"]!.GetValue<string>());
        Assert.Equal("WebhookVerificationError", (await VerifyAsync(before, first, Encoding.UTF8.GetBytes("{}")))["fault"]!.GetValue<string>());
    }

    public void Dispose() => _node.Dispose();

    private async Task<JsonNode> VerifyAsync(string secret, Delivered delivery, byte[] body)
        => JsonNode.Parse(await _node.RunAsync(body, "webhook.mjs", secret, delivery.Id, delivery.Timestamp, delivery.Signature))!;
}
